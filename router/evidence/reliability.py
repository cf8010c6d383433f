"""Reliability: whether what was predicted came true: scores against predictions, bin by bin.

The interval of a bin is Wilson's for a share (Wilson 1927), which holds at least its level for any
scores in [0, 1]: of those with a given mean, zeros and ones spread the most. The calibration error
is the mean distance of prediction and score over bins, weighted by their counts (Naeini et al.
2015, "Obtaining well calibrated probabilities using Bayesian binning").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt

BINS = 10
LEAST = 30
"""Fewer scores than this say nothing of calibration."""

_Z = 1.959964
"""Of a two-sided interval at 95 %."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions from `low` to `high`: how many, their mean, and the mean of the scores with its
    95 % interval."""

    low: float
    high: float
    n: int
    predicted: float
    score: float
    score_low: float
    score_high: float


def reliability(pairs: Iterable[tuple[float, float]], bins: int = BINS) -> tuple[Bin, ...]:
    """The bins that hold anything, of pairs of prediction and score, each in [0, 1]."""
    found: dict[int, list[tuple[float, float]]] = {}
    for predicted, score in pairs:
        found.setdefault(min(int(predicted * bins), bins - 1), []).append((predicted, score))
    return tuple(_bin(at, found[at], bins) for at in sorted(found))


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """The expected calibration error over bins; None where they hold fewer than LEAST scores."""
    n = sum(one.n for one in bins)
    if n < LEAST:
        return None
    return sum(one.n * abs(one.predicted - one.score) for one in bins) / n


def wilson(mean: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share whose observed value is `mean` over `n`."""
    spread = _Z * sqrt(mean * (1 - mean) / n + _Z**2 / (4 * n**2))
    centre, scale = mean + _Z**2 / (2 * n), 1 + _Z**2 / n
    return max((centre - spread) / scale, 0.0), min((centre + spread) / scale, 1.0)


def _bin(at: int, pairs: Sequence[tuple[float, float]], bins: int) -> Bin:
    n = len(pairs)
    predicted = sum(one for one, _ in pairs) / n
    score = sum(one for _, one in pairs) / n
    return Bin(at / bins, (at + 1) / bins, n, predicted, score, *wilson(score, n))
