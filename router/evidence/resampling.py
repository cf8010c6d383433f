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
    """The figure of n clusters' sums [n, k] with its percentile-t interval.

    Each resample's distance from the figure is measured in its own standard error (infinitesimal
    jackknife), which is what keeps the interval honest where sums are skewed: Hall, Theoretical
    comparison of bootstrap confidence intervals (Annals of Statistics 1988); Davison and Hinkley,
    Bootstrap Methods (1997), section 5.2. Each end is the farther of the equal-tailed and the
    symmetric interval: with few clusters the one errs where the other does not (measured in
    `tests/evidence/test_coverage.py`). None where the sums are too few or too odd for one.
    """
    n, columns = sums.shape
    if n < 2:
        return None
    # Of like size, so that no product of two dwarfs another.
    sizes = np.abs(sums).sum(axis=0)
    scaled = sums / np.where(sizes > 0, sizes, 1.0)

    def of(totals: Floats) -> Floats:
        return figure(totals * sizes)

    def slope(totals: Floats) -> Floats:
        return np.asarray(slopes(totals * sizes) * sizes)

    # Of the symmetric products each pair once; those of two columns count double.
    left, right = np.triu_indices(columns)
    products = scaled[:, left] * scaled[:, right] * np.where(left == right, 1.0, 2.0)

    def error_of(slope: Floats, moments: Floats) -> Floats:
        variance = (slope[..., left] * slope[..., right] * moments).sum(axis=-1)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)) * sqrt(n / (n - 1)))

    weights = resamples(n)
    totals, moments = weights @ scaled, weights @ products
    whole = scaled.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        value = float(of(whole))
        error = float(error_of(slope(whole), products.sum(axis=0)))
        distances = (of(totals) - value) / error_of(slope(totals), moments)
    if error == 0.0 and np.isfinite(value):
        return Estimate(value, value, value)
    kept = np.sort(distances[np.isfinite(distances)])
    if not np.isfinite(value + error) or len(kept) < (1 - _MOST_LOST) * len(distances):
        return None
    tail = (1 - level) / 2
    below, above = np.quantile(kept, [1 - tail, tail])
    either = float(np.quantile(np.abs(kept), level))
    below, above = max(float(below), either), max(-float(above), either)
    return Estimate(value, value - below * error, value + above * error)


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
