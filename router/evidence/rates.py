"""Shares of requests, with Wilson's interval; of clusters where like requests come together."""

from collections.abc import Sequence
from math import inf, isfinite, sqrt
from statistics import NormalDist

import numpy as np

from router.evidence.bounds import Floats
from router.evidence.figure import LEVEL, Figure, not_measured, percent, too_few
from router.evidence.resampling import Estimate
from router.evidence.student import student

LEAST_CLUSTERS = 20
"""Below this, how much alike the requests of a cluster are cannot be told
(measured in `tests/evidence/test_coverage.py`)."""


def wilson(share: float, n: float, level: float = LEVEL, freedom: float = inf) -> Estimate:
    """Wilson's score interval of a share seen in n independent trials (JASA 1927).

    With `freedom` the normal quantile is Student's: for an n that is itself an estimate.
    """
    tail = (1 + level) / 2
    z = student(tail, freedom) if isfinite(freedom) else NormalDist().inv_cdf(tail)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    low = 0.0 if share == 0 else max(middle - reach, 0.0)
    return Estimate(share, low, 1.0 if share == 1 else min(middle + reach, 1.0))


def clustered_wilson(events: Floats, trials: Floats) -> Estimate:
    """The interval of a share of trials that come in n clusters of like ones, by counts [n].

    Wilson's, at as many trials as they are worth: their number over the design effect, which is the
    variance of the ratio estimator over that of independent trials (Kish, Survey Sampling 1965;
    for Wilson's interval Dean and Pagano, Survey Methodology 2015). Needs two clusters or more.
    """
    n, whole = len(trials), float(trials.sum())
    share = float(events.sum()) / whole
    alike = whole**2 / float((trials**2).sum())
    alone = share * (1 - share) / whole
    if alone == 0:
        return wilson(share, alike)
    spread = float(((events - share * trials) ** 2).sum()) * n / (n - 1) / whole**2
    return wilson(share, whole / max(spread / alone, 1.0), LEVEL, max(alike - 1, 1.0))


def rate(
    name: str, what: str, events: Sequence[int], trials: Sequence[int], among: str = "requests"
) -> Figure:
    """A share as a figure, from counts by cluster; `what` became of some `among` all that count.

    The interval is `clustered_wilson`. `events` and `trials` are of the same clusters.
    """
    counted = np.asarray(trials, dtype=np.float64)
    kept = counted > 0
    n = int(counted.sum())
    if n == 0:
        return not_measured(name, "share", f"No {among} in this period to say what share {what}.")
    happened = np.asarray(events, dtype=np.float64)[kept]
    clusters = int(kept.sum())
    if clusters < LEAST_CLUSTERS:
        groups = f"{clusters} of {LEAST_CLUSTERS}"
        told = f"Too few groups of {among} to say what share {what}: {groups}."
        return too_few(name, "share", told, n, None)
    found = clustered_wilson(happened, counted[kept])
    told = f"{percent(*found)} of {n:,} {among} {what}."
    return Figure(name, "share", "value", told, "observed", *found, n=n)
