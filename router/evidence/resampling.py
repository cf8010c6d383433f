"""The cluster bootstrap: how far a figure made of sums over clusters would move by chance.

Rule: what belongs together is drawn together. Requests of one session are alike, so sessions are
resampled and never requests. The draws are the same for the same number of clusters: a page that
is loaded twice shows the same interval.
"""

from collections.abc import Callable
from functools import lru_cache
from math import sqrt
from typing import NamedTuple

import numpy as np

from router.evidence.bounds import Floats

ROUNDS = 999
"""Resamples. The (ROUNDS + 1) x 0.025 lowest is then the 2.5 % quantile exactly."""

_SEED = 20_251_126
_MOST_LOST = 0.01
"""Share of the resamples that may have no spread at all before the interval is given up."""


class Estimate(NamedTuple):
    """A figure with its interval."""

    value: float
    low: float
    high: float


OfTotals = Callable[[Floats], Floats]
"""Totals [..., k] -> figure [...]. Doubling all totals must leave it as it is, as with a ratio."""

Slopes = Callable[[Floats], Floats]
"""Totals [..., k] -> derivatives of the figure by each total [..., k]."""


def studentised(
    sums: Floats, figure: OfTotals, slopes: Slopes, level: float = 0.95
) -> Estimate | None:
    """The figure of n clusters' sums [n, k] with its percentile-t interval, as `Resampled` has it.

    None where the sums are too few or too odd for one.
    """
    return Resampled(sums).estimate(figure, slopes, level) if len(sums) > 1 else None


class Resampled:
    """n clusters' sums [n, k], drawn again and again; n is 2 or more."""

    def __init__(self, sums: Floats) -> None:
        self._n, columns = sums.shape
        # Of like size, so that no product of two dwarfs another.
        self._sizes = np.abs(sums).sum(axis=0)
        scaled = sums / np.where(self._sizes > 0, self._sizes, 1.0)
        # Of the symmetric products each pair once; those of two columns count double.
        self._left, self._right = np.triu_indices(columns)
        twice = np.where(self._left == self._right, 1.0, 2.0)
        products = scaled[:, self._left] * scaled[:, self._right] * twice
        self._whole = scaled.sum(axis=0), products.sum(axis=0)
        weights = resamples(self._n)
        self._drawn = weights @ scaled, weights @ products

    def value(self, figure: OfTotals) -> float:
        """A figure of the sums."""
        return float(figure(self._whole[0] * self._sizes))

    def error(self, slopes: Slopes) -> float:
        """The standard error of the figure that has these slopes (infinitesimal jackknife)."""
        return float(self._error(slopes(self._whole[0] * self._sizes), self._whole[1]))

    def estimate(self, figure: OfTotals, slopes: Slopes, level: float = 0.95) -> Estimate | None:
        """A figure of the sums with its interval; None where they are too odd for one.

        Each resample's distance from the figure is measured in its own standard error
        (infinitesimal jackknife), which keeps the interval honest where sums are skewed: Hall,
        Theoretical comparison of bootstrap confidence intervals (Annals of Statistics 1988);
        Davison and Hinkley, Bootstrap Methods (1997), section 5.2. Each end is the farther of the
        equal-tailed and the symmetric interval: with few clusters the one errs where the other
        does not (`tests/evidence/test_coverage.py`).
        """
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            whole, drawn = self._whole[0] * self._sizes, self._drawn[0] * self._sizes
            value = float(figure(whole))
            error = float(self._error(slopes(whole), self._whole[1]))
            distances = (figure(drawn) - value) / self._error(slopes(drawn), self._drawn[1])
        if error == 0.0 and np.isfinite(value):
            return Estimate(value, value, value)
        kept = distances[np.isfinite(distances)]
        if not np.isfinite(value + error) or len(kept) < (1 - _MOST_LOST) * len(distances):
            return None
        tail = (1 - level) / 2
        below, above = np.quantile(kept, [1 - tail, tail])
        either = float(np.quantile(np.abs(kept), level))
        below, above = max(float(below), either), max(-float(above), either)
        return Estimate(value, value - below * error, value + above * error)

    def _error(self, slopes: Floats, moments: Floats) -> Floats:
        """Standard errors [...] from slopes [..., k] and sums of products of the scaled sums."""
        scaled = slopes * self._sizes
        variance = (scaled[..., self._left] * scaled[..., self._right] * moments).sum(axis=-1)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)) * sqrt(self._n / (self._n - 1)))


@lru_cache(maxsize=8)
def resamples(n: int) -> Floats:
    """How often each of n clusters is drawn in each resample [ROUNDS, n]."""
    random = np.random.default_rng((_SEED, n))
    drawn = random.integers(0, n, (ROUNDS, n)) + n * np.arange(ROUNDS)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=ROUNDS * n).reshape(ROUNDS, n)
    return np.asarray(counts, dtype=np.float64)


def ratio(totals: Floats) -> Floats:
    """The first total over the second."""
    return np.asarray(totals[..., 0] / totals[..., 1])


def ratio_slope(totals: Floats) -> Floats:
    """Derivatives of `ratio`."""
    top, bottom = totals[..., 0], totals[..., 1]
    return np.stack([1 / bottom, -top / bottom**2], axis=-1)
