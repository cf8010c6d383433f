"""The cluster bootstrap: how far a figure made of sums over clusters would move by chance.

Rule: what belongs together is drawn together. Requests of one session are alike, so sessions are
resampled and never requests. The draws are the same for the same number of clusters: a page that
is loaded twice shows the same interval.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import combinations_with_replacement
from math import isfinite, isnan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from router.core.ledger import CLUSTERS
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
    return studentised_each([sums], figure, slopes, level)[0]


def studentised_each(
    many: Sequence[Floats], figure: OfTotals, slopes: Slopes, level: float = 0.95
) -> Sequence[Estimate | None]:
    """The same for the sums of each of many groups. Those with as many clusters are drawn as one,
    for to count anew what a draw comes to is what takes long."""
    alike: dict[int, list[int]] = {}
    for at, sums in enumerate(many):
        alike.setdefault(len(sums), []).append(at)
    places: list[int] = []
    drawn: list[Drawn] = []
    for n, some in alike.items():
        if n > 1:
            places += some
            drawn.append(Resampled(np.stack([many[at] for at in some], axis=1)).of(figure, slopes))
    found = dict(zip(places, _estimates(drawn, level), strict=True))
    return [found.get(at) for at in range(len(many))]


class Drawn(NamedTuple):
    """A figure of each of g groups [g], its standard error [g], and how far it lies from it in each
    resample, in standard errors of that [ROUNDS, g]."""

    values: Floats
    errors: Floats
    distances: Floats


class Resampled:
    """n clusters' sums [n, k], or those of g groups [n, g, k], drawn again and again; n is 2 or
    more. The clusters of all groups are drawn alike: each interval is that of its group alone."""

    def __init__(self, sums: Floats) -> None:
        self._n, columns = len(sums), sums.shape[-1]
        groups = sums.reshape(self._n, -1, columns)
        # Of like size, so that no product of two dwarfs another.
        self._sizes = np.abs(groups).sum(axis=0)
        scaled = groups / np.where(self._sizes > 0, self._sizes, 1.0)
        # Of the symmetric products each pair once; those of two columns count double.
        self._pairs = [*combinations_with_replacement(range(columns), 2)]
        products = [
            scaled[..., left] * scaled[..., right] * (1.0 if left == right else 2.0)
            for left, right in self._pairs
        ]
        self._whole = scaled.sum(axis=0), np.stack([it.sum(axis=0) for it in products], axis=-1)
        # The groups of one column lie side by side: with hundreds of them all else is quick then.
        both = np.stack([*np.moveaxis(scaled, -1, 0), *products], axis=1)
        drawn = (resamples(self._n) @ both.reshape(self._n, -1)).reshape(ROUNDS, *both.shape[1:])
        drawn = np.moveaxis(drawn, 1, -1)
        self._drawn = drawn[..., :columns], drawn[..., columns:]

    def value(self, figure: OfTotals) -> float:
        """A figure of the sums."""
        return float(figure(self._whole[0] * self._sizes)[0])

    def error(self, slopes: Slopes) -> float:
        """The standard error of the figure that has these slopes (infinitesimal jackknife)."""
        return float(self._error(slopes(self._whole[0] * self._sizes), self._whole[1])[0])

    def estimate(self, figure: OfTotals, slopes: Slopes, level: float = 0.95) -> Estimate | None:
        """A figure of the sums, of the first group if there are more, with its interval; None where
        they are too odd for one.

        Each resample's distance from the figure is measured in its own standard error
        (infinitesimal jackknife), which keeps the interval honest where sums are skewed: Hall,
        Theoretical comparison of bootstrap confidence intervals (Annals of Statistics 1988);
        Davison and Hinkley, Bootstrap Methods (1997), section 5.2. Each end is the farther of the
        equal-tailed and the symmetric interval: with few clusters the one errs where the other
        does not (`tests/evidence/test_coverage.py`).
        """
        return _estimates([self.of(figure, slopes)], level)[0]

    def of(self, figure: OfTotals, slopes: Slopes) -> Drawn:
        """A figure of the sums, as it is and as it is drawn."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            whole, drawn = self._whole[0] * self._sizes, self._drawn[0] * self._sizes
            values = figure(whole)
            errors = self._error(slopes(whole), self._whole[1])
            distances = (figure(drawn) - values) / self._error(slopes(drawn), self._drawn[1])
        return Drawn(values, errors, distances)

    def _error(self, slopes: Floats, moments: Floats) -> Floats:
        """Standard errors [...] from slopes [..., k] and sums of products of the scaled sums."""
        scaled = [slopes[..., at] * self._sizes[..., at] for at in range(slopes.shape[-1])]
        variance = sum(
            scaled[left] * scaled[right] * moments[..., at]
            for at, (left, right) in enumerate(self._pairs)
        )
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)) * sqrt(self._n / (self._n - 1)))


def _estimates(drawn: Sequence[Drawn], level: float) -> Sequence[Estimate | None]:
    """The interval of each group, one after the other."""
    if not drawn:
        return []
    values, errors, distances = (np.concatenate(it, axis=-1) for it in zip(*drawn, strict=True))
    told = zip(values.tolist(), errors.tolist(), _reaches(distances, level), strict=True)
    return [_estimate(value, error, reach) for value, error, reach in told]


def _reaches(distances: Floats, level: float) -> Sequence[tuple[float, float] | None]:
    """How far below and above a figure its interval reaches, in standard errors, from distances
    [ROUNDS, g]; None where too many of these are not numbers."""
    tail = (1 - level) / 2
    whole = np.isfinite(distances).all(axis=0)
    below, above, either = np.full((3, distances.shape[1]), np.nan)
    if whole.any():
        some = distances.T[whole]
        below[whole], above[whole] = _quantiles(some, [1 - tail, tail])
        [either[whole]] = _quantiles(np.abs(some), [level])
    for at in np.flatnonzero(~whole):
        kept = distances[np.isfinite(distances[:, at]), at]
        if len(kept) >= (1 - _MOST_LOST) * len(distances):
            below[at], above[at] = np.quantile(kept, [1 - tail, tail])
            either[at] = np.quantile(np.abs(kept), level)
    ends = zip(np.maximum(below, either).tolist(), np.maximum(-above, either).tolist(), strict=True)
    return [None if isnan(low) else (low, high) for low, high in ends]


def _quantiles(rows: Floats, shares: Sequence[float]) -> Sequence[Floats]:
    """Of each row, as np.quantile has them, which takes longer over as many."""
    places = [divmod(share * (rows.shape[1] - 1), 1.0) for share in shares]
    ends = {int(at) + more for at, _ in places for more in (0, 1)}
    near = np.partition(rows, sorted(ends), axis=1)
    found = []
    for at, rest in places:
        low, high = near[:, int(at)], near[:, int(at) + 1]
        found.append(low + (high - low) * rest if rest < 0.5 else high - (high - low) * (1 - rest))
    return found


def _estimate(value: float, error: float, reach: tuple[float, float] | None) -> Estimate | None:
    if error == 0.0 and isfinite(value):
        return Estimate(value, value, value)
    if reach is None or not isfinite(value + error):
        return None
    return Estimate(value, value - reach[0] * error, value + reach[1] * error)


@lru_cache(maxsize=8)
def resamples(n: int) -> Floats:
    """How often each of n clusters is drawn in each resample [ROUNDS, n]."""
    return _draws(n).astype(np.float64)


@lru_cache(maxsize=CLUSTERS)
def _draws(n: int) -> NDArray[np.uint16]:
    """The same in little room: groups of a table may each have another number of clusters, and to
    draw takes longer than all that is reckoned with it."""
    random = np.random.default_rng((_SEED, n))
    drawn = random.integers(0, n, (ROUNDS, n)) + n * np.arange(ROUNDS)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=ROUNDS * n).reshape(ROUNDS, n)
    return counts.astype(np.uint16)


def ratio(totals: Floats) -> Floats:
    """The first total over the second."""
    return np.asarray(totals[..., 0] / totals[..., 1])


def ratio_slope(totals: Floats) -> Floats:
    """Derivatives of `ratio`."""
    top, bottom = totals[..., 0], totals[..., 1]
    return np.moveaxis(np.stack([1 / bottom, -top / bottom**2]), 0, -1)
