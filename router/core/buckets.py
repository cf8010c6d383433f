"""Buckets of a histogram that spans many orders of magnitude: eight to a doubling.

A bucket is 9 % wide (2 ** (1/8)), so a quantile read from it is off by at most that; the same for
seconds and for dollars.
"""

from collections.abc import Mapping
from math import ceil, log2

PER_DOUBLING = 8
LOWEST = -400
"""Bucket of whatever is 0 or less; 2 ** (-400 / 8) is below every measure we keep."""


def bucket_of(value: float) -> int:
    """The bucket that holds a value: `upper(bucket - 1) < value <= upper(bucket)`."""
    return max(ceil(log2(value) * PER_DOUBLING), LOWEST) if value > 0 else LOWEST


def upper(bucket: int) -> float:
    """The largest value of a bucket; 0 for the lowest."""
    return 0.0 if bucket <= LOWEST else float(2.0 ** (bucket / PER_DOUBLING))


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The value that `share` (0 to 1) of all values do not exceed, rounded up to its bucket's end.

    None where nothing was counted.
    """
    wanted = share * sum(counts.values())
    reached = 0
    for bucket in sorted(counts):
        reached += counts[bucket]
        if reached and reached >= wanted:
            return upper(bucket)
    return None
