"""Quantiles read from histograms, with intervals: what half of the requests cost at most."""

from collections.abc import Mapping, Sequence
from math import log2

import numpy as np

from router.core.buckets import PER_DOUBLING, bucket_of, quantile, upper
from router.evidence.figure import Figure, Unit, milliseconds, not_measured, too_few, usd_interval
from router.evidence.rates import LEAST_CLUSTERS, clustered_wilson
from router.evidence.resampling import Estimate

LEAST_BEYOND = 10
"""So many requests are to lie on either side of a quantile (measured in the same test)."""

Counts = Mapping[int, int]
"""Bucket of `core/buckets.py` -> how many requests fell into it."""

_DID: Mapping[Unit, tuple[str, str]] = {
    "usd": ("cost", "priced request"),
    "seconds": ("waited for us", "request"),
}

_NAMES = {0.5: "half of the requests", 0.95: "95 of 100 requests", 0.99: "99 of 100 requests"}


def quantile_of(clusters: Sequence[Counts], share: float) -> Estimate | None:
    """The value that `share` of all do not exceed, with its interval; None where nothing counted.

    The interval is Woodruff's (JASA 1952): that of the share of requests up to the quantile, taken
    back to values. Requests of a cluster (an hour, say) are alike, and are counted as such.
    """
    kept = [counts for counts in clusters if sum(counts.values())]
    whole: dict[int, int] = {}
    for counts in kept:
        for bucket, many in counts.items():
            whole[bucket] = whole.get(bucket, 0) + many
    found = quantile(whole, share)
    if found is None:
        return None
    if len(kept) < 2:
        return Estimate(found, 0.0, upper(max(whole)))
    below = [_up_to(it, found) for it in kept]
    trials = [sum(it.values()) for it in kept]
    reached = clustered_wilson(np.asarray(below, float), np.asarray(trials, float))
    low, high = share - (reached.value - reached.low), share + (reached.high - reached.value)
    ends = (quantile(whole, max(low, 0.0)), quantile(whole, min(high, 1.0)))
    assert ends[0] is not None and ends[1] is not None
    return Estimate(found, min(ends[0], found), max(ends[1], found))


def _up_to(counts: Counts, value: float) -> float:
    """How many do not exceed a value; those of its own bucket lie evenly on a logarithmic scale."""
    own = bucket_of(value)
    part = 1.0 if value <= 0 else log2(value) * PER_DOUBLING - (own - 1)
    return sum(many * (part if at == own else at < own) for at, many in counts.items())


def cost_quantile(clusters: Sequence[Counts], share: float) -> Figure:
    """What `share` of the requests cost at most, in US dollars, from histograms by hour."""
    return _told(f"cost_p{100 * share:g}", "usd", clusters, share)


def added_quantile(clusters: Sequence[Counts], share: float) -> Figure:
    """What time we added to `share` of the requests at most, in seconds, likewise."""
    return _told(f"added_p{100 * share:g}", "seconds", clusters, share)


def _missing(n: int, least: int, hours: int) -> str:
    """What there is of what it takes; nothing of what there is enough of."""
    requests, spread = f"{n:,} of {least:,}", f"{hours} of {LEAST_CLUSTERS} hours or days"
    if hours >= LEAST_CLUSTERS:
        return requests
    return f"in {spread}" if n >= least else f"{requests}, in {spread}"


def _told(name: str, unit: Unit, clusters: Sequence[Counts], share: float) -> Figure:
    n = sum(sum(counts.values()) for counts in clusters)
    hours = sum(1 for counts in clusters if sum(counts.values()))
    who = _NAMES.get(share, f"{100 * share:g} % of the requests")
    did, them = _DID[unit]
    if not n:
        return not_measured(name, unit, f"No {them} in this period to say what {who} {did}.")
    found = quantile_of(clusters, share)
    least = round(LEAST_BEYOND / min(share, 1 - share))
    if found is None or n < least or hours < LEAST_CLUSTERS:
        told = f"Too few requests to say what {who} {did}: {_missing(n, least, hours)}."
        return too_few(name, unit, told, n, least)
    interval = usd_interval(*found) if unit == "usd" else milliseconds(*found)
    told = f"{who} {did} at most {interval}"
    sentence = f"{told[0].upper()}{told[1:]}; {n:,} {them}s."
    return Figure(name, unit, "value", sentence, "observed", *found, n=n)
