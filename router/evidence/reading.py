"""Asks the ledger for all that a statement needs: the one file here that waits for anything.

Rule: it asks for sums and never for rows, so that it is as quick at a million decisions as at ten.
Made-up answers and real ones never meet: the former are read only where there are no others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from router.evidence.savings import ByGroup, Versions
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


OfGroups = Callable[[Window, LedgerFilter, Grouping], Awaitable[ByGroup]]
"""Reads the sums by cluster of what savings are told apart by. Raises DecisionLogError."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the books is to be read, for a page shows less than all.

    `simulated`: made-up answers or real ones; None: the real ones, where there are any.
    `coverage`: whether to count what was judged. `money`: whether to read what was saved and spent.
    `of_groups` reads the groups where they are not of all requests.
    """

    groups: Sequence[Grouping] = GROUPS
    measures: Sequence[Measure] = MEASURES
    coverage: bool = True
    money: bool = True
    simulated: bool | None = None
    of_groups: OfGroups | None = None


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
    simulated = wanted.simulated
    if simulated is None:
        simulated = await is_made_up(sources.ledger, window)
    where = LedgerFilter(simulated=simulated)
    # Side by side, each in a thread and a connection of its own: sessions take as long as the rest.
    said, pairs, found = await asyncio.gather(
        sources.scores.session_scores(window, simulated),
        sources.scores.session_pairs(window, simulated),
        _sums(sources, window, where, now, (baseline, wanted)),
    )
    return replace(found, scores=said, pairs=pairs, simulated=simulated)


async def _sums(
    sources: Sources,
    window: Window,
    where: LedgerFilter,
    now: float,
    asked: tuple[str | None, Wanted],
) -> Books:
    """The books, but for what was said session by session."""
    (baseline, wanted), ledger = asked, sources.ledger
    found = await _counts(sources, window, where, wanted.coverage)
    if not wanted.money:
        return found
    named = await _baselines(ledger, window, where, baseline)
    first = replace(where, baseline=next(iter(named), None))
    groups, found = await asyncio.gather(
        _groups(ledger, window, first, wanted if named else Wanted(groups=())),
        _with_money(ledger, found, where, now, wanted.measures),
    )
    return replace(found, baselines=named, groups=groups)


async def _counts(sources: Sources, window: Window, where: LedgerFilter, coverage: bool) -> Books:
    """What was answered hour by hour, and how much of it was judged."""
    hours = await sources.ledger.series(window, where)
    made_up = bool(where.simulated)
    judged = await sources.scores.judged_by_hour(window, made_up) if coverage else {}
    return Books(
        window=window,
        baselines={},
        hours=hours,
        judged=[judged.get(it.at, 0) for it in hours],
        answered=[it.totals.ok for it in hours] if coverage else (),
    )


async def _groups(
    ledger: Ledger, window: Window, where: LedgerFilter, wanted: Wanted
) -> Mapping[Grouping, ByGroup]:
    async def of_all(window: Window, where: LedgerFilter, by: Grouping) -> ByGroup:
        return (await ledger.clusters(window, where, by)).of

    read = wanted.of_groups or of_all
    return {by: await read(window, where, by) for by in wanted.groups}


async def _with_money(
    ledger: Ledger, found: Books, where: LedgerFilter, now: float, measures: Sequence[Measure]
) -> Books:
    """These books with what was spent, but for what is told apart by baseline and group."""
    window = found.window
    # Histograms and what is unpriced are told apart by model alone: those of these answers.
    models = await ledger.spans(window, where, "model")
    spread = await ledger.histograms(window, measures, models, _step(found.hours))
    own = await ledger.own_costs(window, bool(where.simulated))
    called = {it.model for it in own if it.unpriced}
    return replace(
        found,
        treated=await _arm(ledger, window, replace(where, arm="treated")),
        control=await _arm(ledger, window, replace(where, arm="control")),
        costs=[it.counts for it in spread if it.measure == "cost_usd"],
        added=[it.counts for it in spread if it.measure == "overhead_s"],
        own=own,
        unpriced=[
            it
            for it in await ledger.unpriced(window)
            if it.model in (called if it.reason == "no_own_price" else models)
        ],
        month=await _month(ledger, where, now),
    )


async def read_versions(
    ledger: Ledger, window: Window, where: LedgerFilter, baseline: str | None = None
) -> Versions:
    """The sums by cluster of every version of a policy. Raises DecisionLogError."""
    by: Dimension = "policy_version"
    named = await _baselines(ledger, window, where, baseline)
    of = [replace(where, baseline=name) for name in named]
    return Versions(
        (await ledger.clusters(window, where, by)).of,
        {str(one.baseline): (await ledger.clusters(window, one, by)).of for one in of},
    )


def _step(hours: Sequence[Point]) -> Step:
    return "day" if len({it.at // SECONDS_PER_DAY for it in hours}) >= DAYS_ENOUGH else "hour"


async def is_made_up(ledger: Ledger, window: Window) -> bool:
    """Whether a window has made-up answers alone."""
    if await _has_any(ledger, window, simulated=False):
        return False
    return await _has_any(ledger, window, simulated=True)


async def _has_any(ledger: Ledger, window: Window, simulated: bool) -> bool:
    where = LedgerFilter(simulated=simulated)
    found = await ledger.totals(window, where, figures=("requests",))
    return found[None].requests > 0


async def _arm(ledger: Ledger, window: Window, where: LedgerFilter) -> Sequence[ClusterSums]:
    return (await ledger.clusters(window, where)).of.get(None, ())


async def _baselines(
    ledger: Ledger, window: Window, where: LedgerFilter, wanted: str | None
) -> Mapping[str, Sequence[ClusterSums]]:
    """The baseline asked for, then the one-model ones, each by how many requests it prices."""
    found = (await ledger.clusters(window, where, "baseline")).of
    named = {name: sums for name, sums in found.items() if name}

    def order(name: str) -> tuple[bool, bool, int, str]:
        priced = sum(it.priced_requests for it in named[name])
        return name != wanted, not name.startswith(PRICED), -priced, name

    return {name: named[name] for name in sorted(named, key=order)}


async def _month(ledger: Ledger, where: LedgerFilter, now: float) -> Month:
    today = int(now // SECONDS_PER_DAY) * SECONDS_PER_DAY
    since = today - HISTORY_DAYS * SECONDS_PER_DAY
    points = await ledger.series(Window(since, now), where, None, "day", ("spend_nano",))
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
