"""Savings against a priced baseline: an assumption on prices, with the chance in the traffic.

Rule: what is priced and what was measured never meet in one figure. Here is the priced kind: what
another model would have charged for the same prompts. `experiment.py` has the measured kind; the
two have types of their own, and no function takes both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from router.core.ledger import NANO, ClusterSums, Parts
from router.evidence.bounds import Floats
from router.evidence.cluster_figures import PLACES, figures_of, net_and_baseline, whole_of
from router.evidence.figure import Figure, not_measured, percent, too_few, usd, usd_interval
from router.evidence.resampling import Estimate, ratio, ratio_slope, studentised_each

NO_BASELINE = "any baseline"

ByGroup = Mapping[str | None, Sequence[ClusterSums]]
"""Clusters by the value of a dimension."""

LEAST_CLUSTERS = 30
LEAST_EFFECTIVE = 8.0
"""Below so many clusters, or as many of like size, 95 % intervals covered less than 93 % on
simulated traffic with heavy tails (`tests/evidence/test_coverage.py`): no interval is told then."""


@dataclass(frozen=True, slots=True)
class PricedSaving:
    """What was saved against a baseline, as priced. `parts` sum to `net_nano` exactly.

    `share` is of the baseline; `usd` the same in US dollars, its interval that of the share.
    `assumed` is how far the share would move with the baseline's assumed verbosity alone.
    """

    baseline: str
    share: Figure
    usd: Figure
    parts: Parts
    baseline_nano: int
    net_nano: int
    priced: int
    unpriced: int
    assumed: tuple[float, float] | None = None

    @property
    def is_known(self) -> bool:
        """Whether its dollars say anything: where no request could be priced, 0 would be a lie."""
        return bool(self.priced or self.net_nano or not self.unpriced)


@dataclass(frozen=True, slots=True)
class GroupSaving:
    """A line of the table of savings: one value of what the requests are told apart by."""

    of: str | None
    saving: PricedSaving
    requests: int

    @property
    def is_thin(self) -> bool:
        """Whether too little is in it for an interval."""
        return not self.saving.share.known


@dataclass(frozen=True, slots=True)
class Versions:
    """Clusters by version of a policy: of all its requests, and of those against each baseline, the
    one to prefer first."""

    whole: ByGroup
    baselines: Mapping[str, ByGroup]


@dataclass(frozen=True, slots=True)
class _Sums:
    """One group: all of it, and net saving and baseline by cluster [groups of sessions, 2].
    `clusters` counts those with a priced request."""

    whole: ClusterSums
    drawn: Floats
    clusters: int

    @property
    def may_be_told(self) -> bool:
        """Whether there is enough for an interval."""
        many = self.clusters >= LEAST_CLUSTERS and self.whole.baseline_nano > 0
        return many and _effective(self.drawn[:, 1]) >= LEAST_EFFECTIVE


def priced_saving(clusters: Sequence[ClusterSums], baseline: str) -> PricedSaving:
    """What was saved against `baseline`, in all and with its interval, from sums by cluster."""
    return priced_savings([clusters], baseline)[0]


def priced_savings(many: Sequence[Sequence[ClusterSums]], baseline: str) -> Sequence[PricedSaving]:
    """The same for each of many groups: their intervals are drawn together."""
    return _savings([_read(clusters) for clusters in many], baseline)


def _savings(read: Sequence[_Sums], baseline: str) -> Sequence[PricedSaving]:
    told = [at for at, it in enumerate(read) if it.may_be_told]
    drawn = studentised_each([read[at].drawn for at in told], ratio, ratio_slope)
    estimates = dict(zip(told, drawn, strict=True))
    return [_saving(it, estimates.get(at), baseline) for at, it in enumerate(read)]


def _read(clusters: Sequence[ClusterSums]) -> _Sums:
    figures = figures_of(clusters)
    priced = figures[:, PLACES["priced_requests"]] > 0
    # What the router paid for its own ends counts also where it was about no priced request.
    counts = priced | (figures[:, PLACES["own_nano"]] != 0)
    return _Sums(whole_of(figures), net_and_baseline(figures[counts]), int(priced.sum()))


def _saving(sums: _Sums, found: Estimate | None, baseline: str) -> PricedSaving:
    whole, share = sums.whole, _share(sums, found, baseline)
    return PricedSaving(
        baseline=baseline,
        share=share,
        usd=_in_usd(share, whole.baseline_nano, whole.net_nano, baseline),
        parts=whole.parts,
        baseline_nano=whole.baseline_nano,
        net_nano=whole.net_nano,
        priced=whole.priced_requests,
        unpriced=whole.unpriced_requests,
        assumed=_assumed(whole),
    )


def saving_by_group(
    of: Mapping[str | None, Sequence[ClusterSums]], baseline: str
) -> tuple[GroupSaving, ...]:
    """The same for each group, the largest saving first. Each interval is 95 % by itself: of
    twenty, one is expected to miss."""
    read = [_read(clusters) for clusters in of.values()]
    found = [
        GroupSaving(name, saving, sums.whole.requests)
        for name, sums, saving in zip(of, read, _savings(read, baseline), strict=True)
    ]
    return tuple(sorted(found, key=lambda it: (-it.saving.net_nano, str(it.of))))


def saving_by_version(of: Versions) -> Mapping[str | None, GroupSaving]:
    """What each version saved, against the first baseline that prices any request of it: an edit of
    a policy may change what it is compared with."""
    found = {}
    for version, sums in of.whole.items():
        baseline, priced = next(
            (
                (name, by_version[version])
                for name, by_version in of.baselines.items()
                if any(it.priced_requests for it in by_version.get(version, ()))
            ),
            (NO_BASELINE, sums),
        )
        saving = priced_saving(priced, baseline)
        found[version] = GroupSaving(version, saving, whole_of(figures_of(sums)).requests)
    return found


def _share(sums: _Sums, found: Estimate | None, baseline: str) -> Figure:
    name, whole, groups = "saved", sums.whole, sums.clusters
    priced, unpriced = whole.priced_requests, whole.unpriced_requests
    if not priced or not whole.baseline_nano:
        return not_measured(name, "share", _unknown(whole, baseline), "priced")
    counted = _counted(priced, unpriced, groups)
    if found is None:
        # Twice as many groups as there are, where a few hold nearly all of the money.
        needed = LEAST_CLUSTERS if groups < LEAST_CLUSTERS else 2 * groups
        told = (
            f"Not enough data for a saving against {baseline}: {groups} of about {needed}"
            f" groups of sessions; {counted}."
        )
        return too_few(name, "share", told, groups, needed, "priced")
    return Figure(
        name, "share", "value", _told(found, baseline, counted), "priced", *found, n=priced
    )


def _told(found: tuple[float, float, float], baseline: str, counted: str) -> str:
    value, low, high = found
    of = f"what {baseline} would have cost on the same prompts"
    if high < 0:
        return f"Cost {percent(-value, -high, -low)} more than {of}; {counted}."
    unsure = "" if low > 0 else ", which may be nothing"
    return f"Saved {percent(value, low, high)} of {of}{unsure}; {counted}."


def _unknown(whole: ClusterSums, baseline: str) -> str:
    """Why there is no saving to tell, which is not a saving of nothing, and what to do about it."""
    priced, unpriced = whole.priced_requests, whole.unpriced_requests
    if not whole.requests or not (priced or unpriced or baseline == NO_BASELINE):
        return "Saving not measured: no request in this period was paid for."
    told = (
        f"{baseline} costs nothing by its prices: nothing can be saved against it."
        if priced
        else "Name a baseline in the policy, and prices of its models in the catalogue."
    )
    return f"Saving not measured: {_counted(priced, unpriced, 0)}. {told}"


def _counted(priced: int, unpriced: int, groups: int) -> str:
    requests = "request" if priced == 1 else "requests"
    sessions = "group" if groups == 1 else "groups"
    within = f" in {groups:,} {sessions} of sessions" if groups else ""
    return f"{priced:,} priced {requests}{within}; {unpriced:,} unpriced"


def _in_usd(share: Figure, whole: int, net: int, baseline: str) -> Figure:
    """The saving in US dollars: what it was is known; its interval is the share's."""
    name = "saved_usd"
    if not share.known or share.low is None or share.high is None:
        return replace(share, name=name, unit="usd")
    value, low, high = net / NANO, share.low * whole / NANO, share.high * whole / NANO
    told = f"Saved {usd_interval(value, low, high)}"
    if value < 0:
        told = f"Lost {usd_interval(-value, -high, -low)}"
    told = f"{told} against the {usd(whole / NANO)} that {baseline} would have cost."
    return Figure(name, "usd", "value", told, "priced", value, low, high, n=share.n)


def _assumed(whole: ClusterSums) -> tuple[float, float] | None:
    """The share at both ends of the assumed verbosity, which no amount of traffic narrows."""
    ends = whole.baseline_low_nano, whole.baseline_high_nano
    if min(ends) <= 0 or ends[0] == ends[1]:
        return None
    spent = whole.baseline_nano - whole.net_nano
    return 1 - spent / ends[0], 1 - spent / ends[1]


def _effective(sizes: Floats) -> float:
    """As how many clusters of like size they count (Kish 1965)."""
    return float(sizes.sum() ** 2 / (sizes**2).sum())
