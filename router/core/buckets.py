"""Buckets of a histogram that spans many orders of magnitude: four to a doubling.

A bucket is 19 % wide (2 ** (1/4)), and a quantile is read between its ends, so it is off by less
than that; the same for seconds and for dollars.
"""

from collections.abc import Mapping
from math import ceil, log2

PER_DOUBLING = 4
LOWEST = -200
"""Bucket of whatever is 0 or less; 2 ** (-200 / 4) is below every measure we keep."""


def bucket_of(value: float) -> int:
    """The bucket that holds a value: `upper(bucket - 1) < value <= upper(bucket)`."""
    return max(ceil(log2(value) * PER_DOUBLING), LOWEST) if value > 0 else LOWEST


def upper(bucket: float) -> float:
    """The largest value of a bucket; 0 for the lowest."""
    return 0.0 if bucket <= LOWEST else float(2.0 ** (bucket / PER_DOUBLING))


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """About the value that `share` (0 to 1) of all values do not exceed; None without any.

    Within its bucket values are taken to lie evenly on a logarithmic scale.
    """
    wanted, reached = share * sum(counts.values()), 0
    for bucket in sorted(counts):
        within = counts[bucket]
        if within and reached + within >= wanted:
            return upper(bucket - 1 + max(wanted - reached, 0.0) / within)
        reached += within
    return None
