"""Calibration: the cheapest threshold that keeps a promise with the confidence asked for.

Learn then Test (Angelopoulos, Bates, Candès, Jordan and Lei, arXiv 2110.01052): each threshold of
a grid is a hypothesis "the promise is broken", with a p-value that holds for finite samples.
The hypotheses are tested in an order fixed beforehand, from the threshold surest to keep the
promise on, each at the whole error, until one is not rejected (fixed sequence testing, their
section 3): with probability 1 - error no threshold is certified that breaks the promise, so among
the certified ones any may be chosen, also by looking at the data.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite

import numpy as np

from router.evidence.bounds import (
    Floats,
    betting_p_values,
    binomial_p_values,
    draws_needed,
    is_binary,
    trials_needed,
)
from router.evidence.promises import Promise

BETTING = "Learn then Test, fixed sequence, betting p-values (arXiv 2110.01052, 2010.09686)"
BINOMIAL = "Learn then Test, fixed sequence, exact binomial p-values (arXiv 2110.01052)"

_LEAST_MORE = 0.1
"""Where the estimate says that there were labels enough, luck was bad: so many more, relatively."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What each threshold does to n requests, all of it known before any is tested.

    `thresholds` are from the surest to keep the promise on. `losses` [T, n] lie within `bounds`.
    `figures` [T] are what is promised, as observed; `costs` [T] the mean cost of a request in
    whatever unit; `large` [T] the share of requests that go to the large model.
    """

    promise: Promise
    thresholds: Sequence[float]
    losses: Floats
    bounds: tuple[float, float]
    figures: Floats
    costs: Floats
    large: Floats

    @property
    def n(self) -> int:
        """How many requests."""
        return int(self.losses.shape[-1])

    @property
    def is_binomial(self) -> bool:
        """Whether each request is simply within the promise or not, as a share's are."""
        return self.promise.kind == "large_share" and is_binary(self.losses + self.promise.level)


@dataclass(frozen=True, slots=True)
class Found:
    """What was found. `chosen` is the place of a certified threshold, None if there is none.

    `needed` is about how many labels would certify `aimed_at`; None where no number would: then
    `aimed_at` is the place of the threshold that came nearest.
    """

    chosen: int | None
    aimed_at: int
    needed: int | None
    p_values: Floats
    method: str


def calibrate(trial: Trial, error: float) -> Found:
    """The certified threshold to use, or how many labels it lacks. `error` is 1 - confidence.

    For quality that is the cheapest; a threshold that saves nothing against the surest one is not
    worth a certificate. For a share or a budget it is the last in order: as much of the large
    model as the promise leaves.
    """
    p_values = _p_values(trial, error)
    failed = np.flatnonzero(p_values > error)
    passed = int(failed[0]) if failed.size else len(p_values)
    method = BINOMIAL if trial.is_binomial else BETTING
    worth = _worthwhile(trial)
    certified = [place for place in range(passed) if worth[place]]
    if certified:
        chosen = certified[-1]
        if not trial.promise.starts_cheap:
            chosen = min(certified, key=lambda place: (trial.costs[place], place))
        return Found(chosen, chosen, trial.n, p_values, method)
    needed = _needed(trial, error)
    possible = [place for place in range(len(worth)) if worth[place] and isfinite(needed[place])]
    if not possible:
        nearest = np.where(worth, trial.losses.mean(axis=-1), inf) if worth.any() else needed * 0
        return Found(None, int(np.argmin(nearest)), None, p_values, method)
    aimed = min(possible, key=lambda place: (needed[place], place))
    enough = max(needed[aimed], trial.n * (1 + _LEAST_MORE))
    return Found(None, aimed, ceil(enough), p_values, method)


def _worthwhile(trial: Trial) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if trial.promise.starts_cheap:
        return np.ones(len(trial.thresholds), dtype=bool)
    return np.asarray(trial.costs < trial.costs[0] * (1 - 1e-9))


def _p_values(trial: Trial, error: float) -> Floats:
    if not trial.is_binomial:
        return betting_p_values(trial.losses, *trial.bounds, error)
    share = trial.promise.level
    counts = np.rint((trial.losses + share).sum(axis=-1)).astype(np.int64)
    return binomial_p_values(counts, trial.n, share)


def _needed(trial: Trial, error: float) -> Floats:
    """Labels that each threshold needs: all those before it in order must pass as well."""
    if trial.is_binomial:
        share = trial.promise.level
        alone = [trials_needed(float(row.mean()) + share, share, error) for row in trial.losses]
    else:
        alone = [
            draws_needed(float(row.mean()), float(row.std()), trial.bounds, error)
            for row in trial.losses
        ]
    return np.maximum.accumulate(np.array(alone))
