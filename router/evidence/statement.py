"""Statement: every figure of a period, made of what the ledger says of it. Pure.

Rule: pages, reports and gates show these figures and reckon none of their own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from router.core.ledger import (
    SECONDS_PER_DAY,
    ClusterSums,
    Grouping,
    Point,
    Totals,
    Unpriced,
    Window,
)
from router.core.own_cost import OwnCost
from router.core.session_score import SessionPairs, SessionScore
from router.evidence.experiment import MeasuredSaving, arms, measured_saving
from router.evidence.figure import Figure
from router.evidence.own_total import OwnTotal, own_total
from router.evidence.projection import month_end
from router.evidence.quality import MARGIN, Verdict, coverage, verdict
from router.evidence.quantiles import Counts, added_quantile, cost_quantile
from router.evidence.rates import rate
from router.evidence.savings import (
    NO_BASELINE,
    ByGroup,
    GroupSaving,
    PricedSaving,
    priced_saving,
    saving_by_group,
)


@dataclass(frozen=True, slots=True)
class Month:
    """The days so far: US dollars of this month until now, of whole days before today (oldest
    first, also of earlier months), and how many days remain, today's rest included."""

    spent: float
    days: Sequence[float]
    remaining: float


@dataclass(frozen=True, slots=True)
class Books:
    """What was read of a period. `baselines` goes from a baseline to its clusters; `groups` are
    those of the first alone. `hours` are points without a dimension; `costs` and `added`, the time
    we added, are histograms by hour.
    `judged` and `answered` are counts by hour. `simulated`: the answers were made up.
    """

    window: Window
    baselines: Mapping[str, Sequence[ClusterSums]]
    groups: Mapping[Grouping, ByGroup] = field(default_factory=dict)
    treated: Sequence[ClusterSums] = ()
    control: Sequence[ClusterSums] = ()
    hours: Sequence[Point] = ()
    costs: Sequence[Counts] = ()
    added: Sequence[Counts] = ()
    scores: Sequence[SessionScore] = ()
    pairs: Sequence[SessionPairs] = ()
    own: Sequence[OwnCost] = ()
    judged: Sequence[int] = ()
    answered: Sequence[int] = ()
    unpriced: Sequence[Unpriced] = ()
    month: Month | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day from `at` (Unix seconds) on: requests, and nano-dollars of the priced ones; None
    where none of them could be priced."""

    at: int
    requests: int
    spent_nano: int | None
    baseline_nano: int | None


@dataclass(frozen=True, slots=True)
class Statement:
    """A period's figures. `saving` is against the first baseline, `others` against the rest: each
    stands for itself, and they are never added. `figures` holds all by name; `own` what the router
    paid for its own ends, which is in every saving."""

    window: Window
    headline: str
    saving: PricedSaving
    others: Sequence[PricedSaving]
    measured: MeasuredSaving
    verdict: Verdict
    groups: Mapping[Grouping, Sequence[GroupSaving]]
    totals: Totals
    hours: Sequence[Point]
    days: Sequence[Day]
    figures: Mapping[str, Figure]
    own: OwnTotal
    unpriced: Sequence[Unpriced]
    simulated: bool


def statement(books: Books, margin: float = MARGIN) -> Statement:
    """Every figure of a period. Raises ValueError unless 0 < margin < 1."""
    found = [priced_saving(sums, name) for name, sums in books.baselines.items()]
    asked = sum(it.totals.requests for it in books.hours)
    alone = [ClusterSums(0, requests=asked)] if asked else []
    first, *others = found or [priced_saving(alone, NO_BASELINE)]
    experiment = measured_saving(arms(books.control, books.treated))
    held = verdict(books.scores, margin, books.pairs)
    figures = [first.share, first.usd, experiment.share, experiment.per_request]
    figures += [held.quality, *held.by_source.values()]
    figures += [cost_quantile(books.costs, 0.5), cost_quantile(books.costs, 0.95)]
    figures += [added_quantile(books.added, 0.5), added_quantile(books.added, 0.99)]
    figures += [*_rates(books), coverage(books.judged, books.answered), *_month(books.month)]
    named = {it.name: it for it in figures} | {"quality": held.quality}
    return Statement(
        window=books.window,
        headline=headline(first, held),
        saving=first,
        others=others,
        measured=experiment,
        verdict=held,
        groups={by: saving_by_group(of, first.baseline) for by, of in books.groups.items()},
        totals=Totals.of(it.totals for it in books.hours),
        hours=books.hours,
        days=by_day(books.hours),
        figures=named,
        own=own_total(books.own),
        unpriced=books.unpriced,
        simulated=books.simulated,
    )


def headline(saving: PricedSaving, held: Verdict) -> str:
    """The first sentence of a page: a saving only beside what is known of quality."""
    told = saving.share.sentence
    if held.ruling != "not measured":
        return f"{told} {held.sentence}"
    if saving.share.known:
        told = told.replace("Saved ", "Avoided spending ", 1)
        return f"Spend avoided, quality not measured. {told}"
    return f"{told} {held.sentence}"


def _rates(books: Books) -> Iterable[Figure]:
    of = [it.totals for it in books.hours]
    asked = [it.requests for it in of]
    yield rate("ok", "were answered well formed and whole", [it.ok for it in of], asked)
    yield rate("local", "were answered by a local model", [it.local for it in of], asked)
    # Counts models, so a request that two failed for counts twice, within its hour's requests.
    failed = [min(it.fallbacks, it.requests) for it in of]
    yield rate("fallback", "fell back on another model after one had failed", failed, asked)
    paid = [it.priced + it.unpriced for it in of]
    unpriced, among = [it.unpriced for it in of], "requests that were paid for"
    yield rate("unpriced", "could not be priced", unpriced, paid, among)


def _month(month: Month | None) -> Iterable[Figure]:
    if month is not None:
        yield month_end("month_spend", "spend", month.spent, month.days, month.remaining)


def by_day(hours: Iterable[Point]) -> Sequence[Day]:
    """Priced requests day by day, from sums by hour."""
    days: dict[int, list[Totals]] = {}
    for hour in hours:
        days.setdefault(hour.at // SECONDS_PER_DAY * SECONDS_PER_DAY, []).append(hour.totals)
    found = {at: Totals.of(of) for at, of in sorted(days.items())}
    return [_day(at, of) for at, of in found.items()]


def _day(at: int, of: Totals) -> Day:
    if not (of.priced or of.net_nano or not of.unpriced):
        return Day(at, of.requests, None, None)
    return Day(at, of.requests, of.baseline_nano - of.net_nano, of.baseline_nano)
