"""Figures of merit of a router between a weak and a strong model, with bootstrap intervals.

APGR and CPT follow RouteLLM (arXiv 2406.18665, section 3), ECE Guo et al. (ICML 2017). Scores are
higher where the strong model is wanted more; prompts with equal scores count as in random order,
so a constant score is the random router.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


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
    share, gain = gain_curve(scores, weak, strong)
    area = float(np.sum((gain[1:] + gain[:-1]) / 2 * np.diff(share)))
    return area / _gap(gain)


def cpt(scores: Array, weak: Array, strong: Array, target: float) -> float:
    """Return the smallest share of strong calls that recovers `target` (0 to 1) of the gap.

    Raises ValueError when the strong model is not better on average.
    """
    share, gain = gain_curve(scores, weak, strong)
    wanted = target * _gap(gain)
    first = int(np.argmax(gain >= wanted - 1e-12))
    if first == 0:
        return 0.0
    climb = (wanted - gain[first - 1]) / (gain[first] - gain[first - 1])
    return float(share[first - 1] + climb * (share[first] - share[first - 1]))


def _gap(gain: Array) -> float:
    if gain[-1] <= 0:
        raise ValueError(f"the strong model is not better than the weak one: {gain[-1]:.4f}")
    return float(gain[-1])


def expected_calibration_error(predicted: Array, observed: Array, bins: int = 10) -> float:
    """Return the mean distance of predicted from observed means over equal-width bins of
    predicted probability, weighted by bin size. `observed` is in [0, 1]."""
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    total = 0.0
    for each in range(bins):
        inside = place == each
        if inside.any():
            total += inside.mean() * abs(predicted[inside].mean() - observed[inside].mean())
    return float(total)


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
