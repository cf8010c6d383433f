"""Asks the ledger for all that a statement needs: the one file here that waits for anything.

Rule: it asks for sums and never for rows, so that it is as quick at a million decisions as at ten.
Made-up answers and real ones never meet: the former are read only where there are no others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from router.core.ledger import (
    NANO,
    SECONDS_PER_DAY,
    ClusterSums,
    Dimension,
    Grouping,
    LedgerFilter,
    Measure,
    Point,
    Step,
    Window,
)
from router.evidence.savings import Versions
from router.evidence.statement import Books, Month
from router.ledger import Ledger, Scores

GROUPS: tuple[Grouping, ...] = ("rule", "domain", "model", "key_name", "tag")
"""What a statement tells savings apart by."""

MEASURES: tuple[Measure, ...] = ("cost_usd", "overhead_s")

HISTORY_DAYS = 42
"""Whole days that a projection looks back on: six weeks."""

PRICED = "always:"
"""How the names of priced baselines begin that stand for one model."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to read."""

    ledger: Ledger
    scores: Scores


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the books is to be read, for a page shows less than all.

    `simulated`: made-up answers or real ones; None: the real ones, where there are any.
    `coverage`: whether to count what was judged.
    """

    groups: Sequence[Grouping] = GROUPS
    measures: Sequence[Measure] = MEASURES
    coverage: bool = True
    simulated: bool | None = None


EVERYTHING = Wanted()

DAYS_ENOUGH = 24
"""From so many days with traffic on histograms are read by days: enough clusters, and few rows."""


async def read_books(
    sources: Sources,
    window: Window,
    now: float,
    baseline: str | None = None,
    wanted: Wanted = EVERYTHING,
) -> Books:
    """The books of a window; `baseline` comes first if it is among them. `now` in Unix seconds.

    Raises DecisionLogError.
    """
    ledger, simulated = sources.ledger, wanted.simulated
    if simulated is None:
        simulated = await is_made_up(ledger, window)
    where = LedgerFilter(simulated=simulated)
    found = (await ledger.clusters(window, where, "baseline")).of
    named = _in_order({name: sums for name, sums in found.items() if name}, baseline)
    first = replace(where, baseline=next(iter(named), None))
    hours = await ledger.series(window, where)
    judged = await sources.scores.judged_by_hour(window, simulated) if wanted.coverage else {}
    # Histograms and what is unpriced are told apart by model alone: those of these answers.
    models = await ledger.spans(window, where, "model")
    spread = (
        await ledger.histograms(window, wanted.measures, models, _step(hours))
        if wanted.measures
        else ()
    )
    return Books(
        window=window,
        baselines=named,
        groups={by: (await ledger.clusters(window, first, by)).of for by in wanted.groups if named},
        treated=await _arm(ledger, window, replace(where, arm="treated")),
        control=await _arm(ledger, window, replace(where, arm="control")),
        hours=hours,
        costs=[it.counts for it in spread if it.measure == "cost_usd"],
        added=[it.counts for it in spread if it.measure == "overhead_s"],
        scores=await sources.scores.session_scores(window, simulated),
        judged=[judged.get(it.at, 0) for it in hours],
        answered=[it.totals.ok for it in hours] if wanted.coverage else (),
        unpriced=[it for it in await ledger.unpriced(window) if it.model in models],
        month=await _month(ledger, where, now),
        simulated=simulated,
    )


async def read_versions(
    ledger: Ledger, window: Window, where: LedgerFilter, baseline: str | None = None
) -> Versions:
    """The sums by cluster of every version of a policy. Raises DecisionLogError."""
    by: Dimension = "policy_version"
    found = (await ledger.clusters(window, where, "baseline")).of
    named = _in_order({name: sums for name, sums in found.items() if name}, baseline)
    of = [replace(where, baseline=name) for name in named]
    return Versions(
        (await ledger.clusters(window, where, by)).of,
        {str(one.baseline): (await ledger.clusters(window, one, by)).of for one in of},
    )


def _step(hours: Sequence[Point]) -> Step:
    return "day" if len({it.at // SECONDS_PER_DAY for it in hours}) >= DAYS_ENOUGH else "hour"


async def is_made_up(ledger: Ledger, window: Window) -> bool:
    """Whether a window has made-up answers alone."""
    if (await ledger.totals(window, LedgerFilter(simulated=False)))[None].requests:
        return False
    return (await ledger.totals(window, LedgerFilter(simulated=True)))[None].requests > 0


async def _arm(ledger: Ledger, window: Window, where: LedgerFilter) -> Sequence[ClusterSums]:
    return (await ledger.clusters(window, where)).of.get(None, ())


def _in_order(
    found: Mapping[str, Sequence[ClusterSums]], wanted: str | None
) -> Mapping[str, Sequence[ClusterSums]]:
    """The baseline asked for, then the one-model ones, each by how many requests it prices."""

    def order(name: str) -> tuple[bool, bool, int, str]:
        priced = sum(it.priced_requests for it in found[name])
        return name != wanted, not name.startswith(PRICED), -priced, name

    return {name: found[name] for name in sorted(found, key=order)}


async def _month(ledger: Ledger, where: LedgerFilter, now: float) -> Month:
    today = int(now // SECONDS_PER_DAY) * SECONDS_PER_DAY
    since = today - HISTORY_DAYS * SECONDS_PER_DAY
    points = await ledger.series(Window(since, now), where, step="day")
    begin, end = _bounds_of_month(now)
    return Month(
        spent=sum(_usd(it) for it in points if it.at >= begin),
        days=_whole_days([it for it in points if it.at < today], since, today),
        remaining=(end - now) / SECONDS_PER_DAY,
    )


def _whole_days(points: Sequence[Point], since: int, today: int) -> Sequence[float]:
    """What each day cost until yesterday, those without a request included.

    From the day after the log's first, which may have been cut short by the start.
    """
    if not points:
        return ()
    by_day = {it.at: _usd(it) for it in points}
    first = min(by_day)
    begin = first if first <= since else first + SECONDS_PER_DAY
    return [by_day.get(at, 0.0) for at in range(begin, today, SECONDS_PER_DAY)]


def _usd(point: Point) -> float:
    return point.totals.spend_nano / NANO


def _bounds_of_month(now: float) -> tuple[float, float]:
    moment = datetime.fromtimestamp(now, UTC)
    first = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    later = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return first.timestamp(), later.timestamp()


def whole_days(window: Window) -> Window:
    """The window, begun at the start of its first UTC day: clusters are kept by days."""
    return Window(window.since // SECONDS_PER_DAY * SECONDS_PER_DAY, window.until)
