"""Whether a new classifier may take an old one's place: both judged on the same held-back labels.

Differences are of the same resamples (paired bootstrap), drawn by groups of near-duplicates. The
new one is worse when the 95 % interval of what it gains lies below 0 altogether: chance alone
must not keep a better one out, and cannot be told from a small loss.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from classifiers import curves
from classifiers.base import IntArray
from classifiers.curves import Estimate

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Measure = Callable[[Rows], float]
APGR, LOG_LOSS = "APGR", "log loss of chances"


@dataclass(frozen=True, slots=True)
class Trial:
    """One figure on n held-back prompts.

    Attributes:
        figure: its name; trials of one name are averaged.
        groups: [n]; near-duplicates share one.
        old, new: the figure of each classifier on some of the prompts (ValueError or NaN where it
            is not defined).
        sign: 1 where more is better, -1 where less is.
    """

    figure: str
    groups: IntArray
    old: Measure
    new: Measure
    sign: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of both classifiers, and what is gained (negative: lost) by the new one."""

    figure: str
    old: Estimate
    new: Estimate
    gain: Estimate

    @property
    def worse(self) -> bool:
        """Whether the new one is worse beyond chance."""
        return self.gain.high < 0

    @property
    def better(self) -> bool:
        """Whether the new one is better beyond chance."""
        return self.gain.low > 0

    def __str__(self) -> str:
        sign, verb = (-1, "worse") if self.gain.value < 0 else (1, "better")
        low, high = sorted((sign * self.gain.low, sign * self.gain.high))
        return (
            f"{self.figure} {self.old.value:.3f} -> {self.new.value:.3f}: {verb} by"
            f" {abs(self.gain.value):.3f} [{low:.3f}, {high:.3f}] on {self.gain.n} held-back"
            " prompts"
        )


def compare(trials: Sequence[Trial], rounds: int, seed: int) -> list[Comparison]:
    """Return one comparison a figure; one that cannot be measured is left out."""
    by_figure: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        by_figure[trial.figure].append(trial)
    found = [_compared(figure, some, rounds, seed) for figure, some in by_figure.items()]
    return [one for one in found if not np.isnan(one.gain.value)]


def _compared(figure: str, trials: Sequence[Trial], rounds: int, seed: int) -> Comparison:
    draw = np.random.default_rng(seed)
    members = [_members(trial.groups) for trial in trials]
    whole = _means(trials, [np.arange(len(trial.groups)) for trial in trials])
    samples = np.array(
        [_means(trials, [_resampled(each, draw) for each in members]) for _ in range(rounds)]
    ).reshape(rounds, 3)
    n = sum(len(trial.groups) for trial in trials)
    old, new, gain = (_estimate(whole[at], samples[:, at], n) for at in range(3))
    return Comparison(figure, old, new, gain)


def _members(groups: IntArray) -> list[Rows]:
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def _resampled(members: Sequence[Rows], draw: np.random.Generator) -> Rows:
    picked = draw.integers(0, len(members), len(members))
    return np.concatenate([members[each] for each in picked])


def _means(trials: Sequence[Trial], rows: Sequence[Rows]) -> tuple[float, float, float]:
    """Return the old, the new and the gain, each averaged over trials that both could take."""
    both = []
    for trial, kept in zip(trials, rows, strict=True):
        old, new = _value(trial.old, kept), _value(trial.new, kept)
        if not np.isnan(old + new):
            both.append((old, new, trial.sign * (new - old)))
    if not both:
        return np.nan, np.nan, np.nan
    old, new, gain = np.mean(both, axis=0)
    return float(old), float(new), float(gain)


def _value(measure: Measure, rows: Rows) -> float:
    try:
        return measure(rows)
    except ValueError:
        return float("nan")


def _estimate(value: float, samples: Floats, n: int) -> Estimate:
    known = samples[~np.isnan(samples)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high), n)


def recovered(ranks: Floats, weak: Floats, strong: Floats) -> Measure:
    """Return APGR of ranks [n] between two models' scores, as a measure of rows."""
    return partial(_recovered, ranks, weak, strong)


def _recovered(ranks: Floats, weak: Floats, strong: Floats, rows: Rows) -> float:
    return curves.apgr(ranks[rows], weak[rows], strong[rows])


def log_loss(chances: Floats, scores: Floats) -> Measure:
    """Return the mean log loss of chances [n, m] where both are known, as a measure of rows."""
    return partial(_log_loss, chances, scores)


def _log_loss(chances: Floats, scores: Floats, rows: Rows) -> float:
    known = ~np.isnan(scores[rows] + chances[rows])
    if not known.any():
        return float("nan")
    p = np.clip(chances[rows][known], 1e-4, 1 - 1e-4)
    y = scores[rows][known]
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())
