"""Figures of merit of a router between a weak and a strong model, with bootstrap intervals.

APGR and CPT follow RouteLLM (arXiv 2406.18665, section 3), AIQ RouterBench (arXiv 2403.12031,
section 3), ECE Guo et al. (ICML 2017). Scores are higher where the strong model is wanted more;
prompts with equal scores count as in random order, so a constant score is the random router.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Name = TypeVar("Name")


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure over n prompts with its bootstrap 95 % interval."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] (n={self.n})"


def gain_curve(scores: Array, weak: Array, strong: Array) -> tuple[Array, Array]:
    """Return (share, gain): the share of prompts sent to the strong model, from 0 to 1, and the
    mean quality won over always using the weak one. Linear between its points."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last_of_tie = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    gained = np.cumsum((strong - weak)[order])[last_of_tie]
    share = np.append(0.0, (last_of_tie + 1) / len(ranked))
    return share, np.append(0.0, gained / len(ranked))


def apgr(scores: Array, weak: Array, strong: Array) -> float:
    """Return the average performance gap recovered; random is 0.5, an oracle may exceed 1.

    Raises ValueError when the strong model is not better on average: there is no gap to recover.
    """
    return area_recovered(*gain_curve(scores, weak, strong))


def area_recovered(share: Array, gain: Array) -> float:
    """Return the APGR of a gain curve. Raises ValueError when it ends no higher than it began."""
    area = float(np.sum((gain[1:] + gain[:-1]) / 2 * np.diff(share)))
    return area / _gap(gain)


def cpt(scores: Array, weak: Array, strong: Array, target: float) -> float:
    """Return the smallest share of strong calls that recovers `target` (0 to 1) of the gap.

    Raises ValueError when the strong model is not better on average.
    """
    return share_recovering(*gain_curve(scores, weak, strong), target)


def share_recovering(share: Array, gain: Array, target: float) -> float:
    """Return the CPT of a gain curve. Raises ValueError when it ends no higher than it began."""
    wanted = target * _gap(gain)
    first = int(np.argmax(gain >= wanted - 1e-12))
    if first == 0:
        return 0.0
    climb = (wanted - gain[first - 1]) / (gain[first] - gain[first - 1])
    return float(share[first - 1] + climb * (share[first] - share[first - 1]))


def room(apgr_found: float, apgr_oracle: float) -> float:
    """Return which share of what an oracle wins over the random router is won: random 0, oracle 1.

    NaN where the oracle wins nothing: there is no room.
    """
    won = apgr_oracle - 0.5
    return (apgr_found - 0.5) / won if won > 0 else float("nan")


def concave_hull(cost: Array, quality: Array) -> tuple[Array, Array]:
    """Return the upper non-decreasing concave hull of points: what mixing them reaches at best.

    Starts at the cheapest point and ends at the cheapest of the best ones.
    """
    order = np.lexsort((quality, cost))
    x, y = cost[order], np.maximum.accumulate(quality[order])
    last_of_cost = np.append(np.diff(x) > 0, True)
    rises = np.append(True, np.diff(y[last_of_cost]) > 0)
    x, y = x[last_of_cost][rises], y[last_of_cost][rises]
    # A point below the line between its neighbours is on no hull, so all such go at once.
    while len(x) > 2:
        left = (y[1:-1] - y[:-2]) * (x[2:] - x[:-2])
        right = (y[2:] - y[:-2]) * (x[1:-1] - x[:-2])
        kept = np.concatenate([[True], left > right, [True]])
        if kept.all():
            break
        x, y = x[kept], y[kept]
    return x, y


def aiq(cost: Array, quality: Array, low: float, high: float) -> float:
    """Return the average improvement in quality: the mean height of the hull over costs from
    `low` to `high`, level beyond its last point. Quality in, quality out: between 0 and 1.

    Raises ValueError when `high` is not above `low`, or the hull begins above `low`.
    """
    x, y = concave_hull(cost, quality)
    if not high > low or x[0] > low + 1e-12:
        raise ValueError(f"no costs between {low} and {high} to average over")
    if x[-1] < high:
        x, y = np.append(x, high), np.append(y, y[-1])
    inside = (x > low) & (x < high)
    ends = np.interp([low, high], x, y)
    x = np.concatenate([[low], x[inside], [high]])
    y = np.concatenate([ends[:1], y[inside], ends[1:]])
    return float(np.sum((y[1:] + y[:-1]) / 2 * np.diff(x)) / (high - low))


def _gap(gain: Array) -> float:
    if gain[-1] <= 0:
        raise ValueError(f"the strong model is not better than the weak one: {gain[-1]:.4f}")
    return float(gain[-1])


@dataclass(frozen=True, slots=True)
class Bin:
    """The forecasts of one bin of a reliability diagram: their mean, what came true, how many."""

    predicted: float
    observed: float
    n: int


def reliability(predicted: Array, observed: Array, bins: int = 10) -> list[Bin]:
    """Return the bins that hold a forecast, of equal width over [0, 1]."""
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    return [
        Bin(float(predicted[inside].mean()), float(observed[inside].mean()), int(inside.sum()))
        for inside in (place == each for each in range(bins))
        if inside.any()
    ]


def expected_calibration_error(predicted: Array, observed: Array, bins: int = 10) -> float:
    """Return the mean distance of predicted from observed means over the bins of `reliability`,
    weighted by their size. `observed` is in [0, 1]."""
    found = reliability(predicted, observed, bins)
    return sum(each.n * abs(each.predicted - each.observed) for each in found) / len(predicted)


def accuracy(predicted: Array, observed: Array) -> float:
    """Return the share of equal labels."""
    return float(np.mean(predicted == observed))


def bootstrap(
    metric: Callable[..., float], *columns: Array, rounds: int = 1000, seed: int = 0
) -> Estimate:
    """Return metric(*columns) with its percentile interval over resampled prompts.

    Resamples for which the metric is undefined (ValueError) are left out.
    """
    draw = np.random.default_rng(seed)
    n = len(columns[0])
    found: list[float] = []
    for _ in range(rounds):
        rows = draw.integers(0, n, n)
        try:
            found.append(metric(*(column[rows] for column in columns)))
        except ValueError:
            continue
    low, high = np.percentile(found, [2.5, 97.5]) if found else (np.nan, np.nan)
    return Estimate(metric(*columns), float(low), float(high), n)


def bootstrap_many(
    measure: Callable[[NDArray[np.int64]], Mapping[Name, float]],
    n: int,
    rounds: int = 1000,
    seed: int = 0,
) -> dict[Name, Estimate]:
    """Return every figure that `measure` makes of rows (indices) of n prompts, with its interval.

    All figures of a round are of the same resample. One that is NaN in a round is left out of its
    interval.
    """
    draw = np.random.default_rng(seed)
    whole = measure(np.arange(n))
    found = {name: np.full(rounds, np.nan) for name in whole}
    for each in range(rounds):
        for name, value in measure(draw.integers(0, n, n)).items():
            found[name][each] = value
    return {name: _estimate(value, found[name], n) for name, value in whole.items()}


def _estimate(value: float, samples: Array, n: int) -> Estimate:
    known = samples[~np.isnan(samples)]
    low, high = np.percentile(known, [2.5, 97.5]) if len(known) else (np.nan, np.nan)
    return Estimate(float(value), float(low), float(high), n)
