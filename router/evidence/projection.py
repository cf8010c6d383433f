"""What a month will have cost by its end, from the days so far, with a prediction interval."""

from collections.abc import Sequence
from math import ceil, sqrt

import numpy as np

from router.evidence.figure import LEVEL, Figure, not_measured, too_few, usd, usd_interval
from router.evidence.student import student

LEAST_DAYS = 7
"""Whole days that a projection rests on at least: a week has working days and others."""

WEEK = 7


def month_end(
    name: str, what: str, so_far: float, days: Sequence[float], remaining: float
) -> Figure:
    """The sum by the end of the month, in US dollars.

    `so_far` is this month's sum until now. `days` are the sums of whole days, oldest first, up to
    yesterday, of earlier months as well; those without a request are 0. `remaining` counts days,
    today's rest included. Working days and others are told apart once three weeks have been seen.

    The interval is that of a sum of `remaining` draws like those seen: mean x days, with Student's
    t and variance s^2 (days + days^2 / k) of k days.
    """
    k = len(days)
    if not k or not any(days):
        told = f"No whole day of priced {what} yet to project to month end."
        return not_measured(name, "usd", told)
    if k < LEAST_DAYS:
        told = f"Too few whole days to project {what} to month end: {k} of {LEAST_DAYS}."
        return too_few(name, "usd", told, k, LEAST_DAYS)
    seen = np.asarray(days, dtype=np.float64)
    expected, spread, freedom = _by_weekday(seen, remaining)
    reach = student((1 + LEVEL) / 2, freedom) * spread * sqrt(remaining + remaining**2 / k)
    value = so_far + expected
    # What has been spent cannot be unspent; a saving can turn.
    low = value - reach if so_far < 0 or (seen < 0).any() else max(value - reach, so_far)
    told = (
        f"{what} by the end of the month: about {usd_interval(value, low, value + reach)}"
        f" if the days to come are like the last {k}; {usd(so_far)} so far."
    )
    sentence = f"{told[0].upper()}{told[1:]}"
    return Figure(name, "usd", "value", sentence, "observed", value, low, value + reach, n=k)


def _by_weekday(
    seen: np.ndarray[tuple[int], np.dtype[np.float64]], remaining: float
) -> tuple[float, float, float]:
    """The sum expected, the deviation of a day from what is expected of it, degrees of freedom."""
    k = len(seen)
    if k < 3 * WEEK:
        return float(seen.mean()) * remaining, float(seen.std(ddof=1)), k - 1.0
    # Days of the same name stand WEEK apart; the first day to come follows the last one seen, and
    # is the one of which a part is over.
    names = np.arange(k) % WEEK
    means = np.array([seen[names == name].mean() for name in range(WEEK)])
    ahead = means[(k + np.arange(ceil(remaining))) % WEEK]
    over = float(ahead[0]) * (ceil(remaining) - remaining) if remaining else 0.0
    spread = sqrt(float(((seen - means[names]) ** 2).sum()) / (k - WEEK))
    return float(ahead.sum()) - over, spread, k - float(WEEK)
