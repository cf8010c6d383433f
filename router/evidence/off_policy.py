"""What other thresholds would have done to logged requests, from the choices that chance made.

Of each logged request only the model that was asked has a score. Which one that was, was drawn
with a probability that the log holds (the policy's `explore`), so weighting by its inverse gives
every model its due. The router's own predictions q are taken out first, which leaves the mean as it
is and much less to be weighted (doubly robust: Dudík, Langford and Li, arXiv 1103.4601):

    loss = c q(large) - sum_a pi(a) q(a) + (c [a = large] - pi(a)) / mu(a) (score - q(a))

with pi what the threshold would do and mu what was logged. Its mean is c x large's quality less the
routed one whatever q is, and it is bounded, as long as mu(a) is for every model that matters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, inf, log2

import numpy as np

from router.core.feedback import Judged
from router.core.policy import Policy
from router.evidence.bounds import Floats, draws_needed
from router.evidence.promises import Promise
from router.evidence.thresholds import Place, along, route_of, with_threshold

MOST_VARIANCE = 0.25
"""Of a score in [0, 1]: what is reckoned with where nothing has been seen."""


_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Logged:
    """n logged requests of one rule, over the m models among their candidates.

    `shares` [T, n, m] is what each threshold would do, `drawn` [n, m] what the log did: the
    probabilities that a model is tried first. `asked` [n] is the column of the one that was,
    `scores` [n] how its answer did (NaN: not judged), `predicted` and `expected_usd` [n, m] what
    the router expected (NaN: not a candidate, or no price).
    """

    models: tuple[str, ...]
    thresholds: tuple[float, ...]
    shares: Floats
    drawn: Floats
    asked: np.ndarray[tuple[int], np.dtype[np.int64]]
    scores: Floats
    predicted: Floats
    expected_usd: Floats


def logged(
    rows: Sequence[Judged], policy: Policy, place: Place, thresholds: tuple[float, ...]
) -> Logged:
    """The requests as each threshold would have had them. Each needs a choice and a candidate."""
    models = tuple(sorted({it.model for row in rows for it in row.candidates}))
    column = {model: number for number, model in enumerate(models)}
    moved = [route_of(with_threshold(policy, place, value), place) for value in thresholds]
    shares = np.zeros((len(thresholds), len(rows), len(models)))
    predicted = np.full((len(rows), len(models)), np.nan)
    costs = predicted.copy()
    drawn = np.zeros((len(rows), len(models)))
    for at, row in enumerate(rows):
        for it in row.candidates:
            predicted[at, column[it.model]] = it.quality
            costs[at, column[it.model]] = np.nan if it.cost_usd is None else it.cost_usd
        _fill(drawn[at], row.propensities, column)
        wanted = along(moved, row.candidates, row.signals, policy.explore)
        for step, preferred in enumerate(wanted):
            _fill(shares[step, at], preferred, column)
    return Logged(
        models,
        thresholds,
        shares,
        drawn,
        np.array([column[str(row.choice)] for row in rows], dtype=np.int64),
        np.array([row.score if row.feedback else np.nan for row in rows]),
        predicted,
        costs,
    )


def _fill(row: Floats, propensities: Mapping[str, float], column: Mapping[str, int]) -> None:
    for model, share in propensities.items():
        row[column[model]] = share


def supported(
    log: Logged, drawn: Floats, large: str | None
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which thresholds [T] ask only models that were drawn [n, m] with some probability, for
    every request; of `large` too, where it is compared with."""
    known = drawn > 0
    wanted = log.shares > 0
    if large is not None:
        wanted[:, :, log.models.index(large)] = True
    return np.asarray((known | ~wanted).all(axis=(1, 2)))


def _weights(log: Logged, drawn: Floats, promise: Promise, large: str | None, model: int) -> Floats:
    """(c [a = large] - pi(a)) / mu(a) for one model a, [T, n]; 0 where it was never drawn."""
    wanted = -log.shares[:, :, model]
    if large is not None and model == log.models.index(large):
        wanted = wanted + promise.level
    return np.where(drawn[:, model] > 0, wanted / np.maximum(drawn[:, model], _TINY), 0.0)


def _direct(log: Logged, promise: Promise, large: str | None) -> Floats:
    """The loss [T, n] if the router's predictions were right."""
    routed = (log.shares * np.nan_to_num(log.predicted)).sum(axis=-1)
    if large is None:
        return np.asarray(promise.level - routed)
    reference = promise.level * log.predicted[:, log.models.index(large)]
    return np.asarray(reference - routed)


def losses(log: Logged, promise: Promise, large: str | None) -> tuple[Floats, tuple[float, float]]:
    """Losses [T, n] and their bounds, for thresholds that are `supported`."""
    rows = np.arange(len(log.asked))
    residual = log.scores - log.predicted[rows, log.asked]
    found = _direct(log, promise, large)
    for model in range(len(log.models)):
        weights = _weights(log, log.drawn, promise, large, model)
        found += np.where(log.asked == model, weights * residual, 0.0)
    return found, bounds_of(log.drawn)


def bounds_of(drawn: Floats) -> tuple[float, float]:
    """Between which every loss lies: 1, and a residual of 1 weighted by the rarest draw.

    The rarest is rounded down to a power of two, so that no single request sets it.
    """
    rarest = float(drawn[drawn > 0].min())
    widest = 1.0 + 2.0 ** ceil(log2(1 / rarest))
    return -widest, widest


def quality_figures(log: Logged, promise: Promise, large: str | None) -> Floats:
    """The promised figure [T] as estimated: the routed quality, or its ratio to large's."""
    rows = np.arange(len(log.asked))
    residual = log.scores - log.predicted[rows, log.asked]

    def estimated(shares: Floats) -> Floats:
        weights = shares[..., rows, log.asked] / log.drawn[rows, log.asked]
        direct = (shares * np.nan_to_num(log.predicted)).sum(axis=-1)
        return np.asarray((direct + weights * residual).mean(axis=-1))

    routed = estimated(log.shares)
    if large is None:
        return routed
    always = np.zeros_like(log.drawn)
    always[:, log.models.index(large)] = 1.0
    return np.asarray(routed / estimated(always))


def requests_needed(
    log: Logged, drawn: Floats, promise: Promise, large: str | None, error: float
) -> Floats:
    """About how many judged requests each threshold [T] needs if models were drawn so [n, m].

    By the router's own predictions of quality, and the greatest variance that scores can have.
    Infinite where a threshold asks what is never drawn, or would break the promise.
    """
    direct = _direct(log, promise, large)
    weighted = np.zeros_like(direct)
    for model in range(len(log.models)):
        weights = _weights(log, drawn, promise, large, model)
        weighted += drawn[:, model] * weights**2 * MOST_VARIANCE
    means = direct.mean(axis=-1)
    deviations = np.sqrt((direct**2 + weighted).mean(axis=-1) - means**2)
    known = supported(log, drawn, large)
    bounds = bounds_of(drawn)
    return np.array(
        [
            draws_needed(float(mean), float(deviation), bounds, error) if able else inf
            for mean, deviation, able in zip(means, deviations, known, strict=True)
        ]
    )
