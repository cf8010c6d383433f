"""SQLiteLedger: answers from the roll-ups of a SQLite decision log, also while others write it.

Rule: it reads sums, never the rows they are of, so that its time does not grow with the log; every
question has a thread and a connection of its own.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from router.core.ledger import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    TOTALS,
    Clusters,
    Dimension,
    Grouping,
    Histogram,
    LedgerFilter,
    Measure,
    Point,
    PriceSheet,
    QualitySums,
    Span,
    Step,
    Totals,
    Unpriced,
    Window,
)
from router.core.own_cost import OwnCost
from router.stores.ledger_schema import FEEDBACK_SUMS
from router.stores.review_schema import OWN_SUMS
from router.stores.roll_up import FULL, MICRO, rounded
from router.stores.sqlite_clusters import clusters_of
from router.stores.sqlite_histograms import STEPS, histograms_of
from router.stores.sqlite_reader import DecisionReader
from router.stores.sqlite_schema import fetched, fetched_at_once
from router.stores.sqlite_sums import (
    chosen_keys,
    hourly_sums,
    hours_of,
    tag_level,
)

_ANY = "HAVING sum(requests) > 0 OR sum(own_nano) > 0 OR {} > 0"
"""Where every request has a tag, those without one are all of them less all of them. What the
router paid for its own ends may stand in another hour than the request that it was about."""

_ANY_TOTALS = _ANY.format("sum(spend_nano) + sum(unpriced)")
_OF_ANY = frozenset(("requests", "own_nano", "spend_nano", "unpriced"))
"""What that is told by, which is read whatever is asked for."""

_FEEDBACK = ", ".join(f"sum(s.{name}) AS {name}" for name in FEEDBACK_SUMS)

_OWN = (
    f"SELECT purpose, model, {', '.join(f'sum({name})' for name in OWN_SUMS)} FROM own_hourly"
    " WHERE simulated = ? AND hour >= ? AND hour < ? GROUP BY 1, 2 ORDER BY 1, 2"
)
_UNPRICED = """
    SELECT unpriced, model, count(*) AS requests, max(at),
        (SELECT id FROM decisions d WHERE d.unpriced = u.unpriced AND d.model IS u.model
            AND d.at < ? ORDER BY d.at DESC LIMIT 1)
    FROM decisions u WHERE unpriced IS NOT NULL AND at >= ? AND at < ? GROUP BY unpriced, model
    UNION ALL
    SELECT 'no_own_price', model, count(*), max(at),
        (SELECT decision FROM own_calls d WHERE d.cost_usd IS NULL AND d.model = u.model
            AND d.at < ? ORDER BY d.at DESC LIMIT 1)
    FROM own_calls u WHERE cost_usd IS NULL AND at >= ? AND at < ? GROUP BY model
    ORDER BY requests DESC LIMIT ?
"""


class SQLiteLedger:
    """The ledger of the decision log at `path`. `busy_s` is how long to wait for a lock."""

    def __init__(self, path: Path, busy_s: float = 2.0) -> None:
        self._path = path
        self._busy_s = busy_s
        self._rows = DecisionReader(path, busy_s)

    async def totals(
        self,
        window: Window,
        where: LedgerFilter | None = None,
        by: Grouping | None = None,
        figures: Collection[str] = TOTALS,
    ) -> Mapping[str | None, Totals]:
        """Sums over whole hours, by value; {None: ...} without `by`, also where all is 0."""
        names = _with_any(figures)
        source, values = hourly_sums(window, where, by, names)
        found = await self._ask(
            f"SELECT told, {_sums(names)} FROM ({source}) GROUP BY 1 {_ANY_TOTALS}", values
        )
        told = {value: _totals(names, sums) for value, *sums in found}
        return told if by else told or {None: Totals()}

    async def series(
        self,
        window: Window,
        where: LedgerFilter | None = None,
        by: Grouping | None = None,
        step: Step = "hour",
        figures: Collection[str] = TOTALS,
    ) -> Sequence[Point]:
        """The same step by step in order of time; steps without a request are left out."""
        names = _with_any(figures)
        source, values = hourly_sums(window, where, by, names)
        at = f"hour / {STEPS[step]} * {STEPS[step]}"
        found = await self._ask_at_once(
            f"SELECT {at}, told, {_sums(names)} FROM ({source}) GROUP BY 1, 2 {_ANY_TOTALS}",
            values,
            2 + len(names),
        )
        points = [Point(at, value, _totals(names, sums)) for at, value, *sums in found]
        return sorted(points, key=lambda it: (it.at, it.of is not None, it.of or ""))

    async def clusters(
        self, window: Window, where: LedgerFilter | None = None, by: Grouping | None = None
    ) -> Clusters:
        """Sums by cluster of sessions, over whole UTC days."""
        sums = await asyncio.to_thread(clusters_of, self._path, self._busy_s, window, where, by)
        return Clusters(Window(*rounded(window, SECONDS_PER_DAY)), sums)

    async def spans(
        self, window: Window, where: LedgerFilter | None, by: Dimension
    ) -> Mapping[str | None, Span]:
        """The first and the last hour with a request of every value that has one."""
        source, values = hours_of(window, where, by)
        found = await self._ask(
            f"SELECT told, min(first), max(last) FROM ({source})"
            " WHERE first IS NOT NULL GROUP BY 1",
            values,
        )
        return {value: Span(first, last) for value, first, last in found}

    async def histograms(
        self,
        window: Window,
        measures: Collection[Measure],
        models: Collection[str | None] | None = None,
        step: Step | None = None,
    ) -> Sequence[Histogram]:
        """How measures spread, step by step (None: over the window), in order of time."""
        found = [
            await asyncio.to_thread(
                histograms_of, self._path, self._busy_s, window, measure, (models, step)
            )
            for measure in sorted(set(measures))
        ]
        return sorted(chain.from_iterable(found), key=lambda it: it.at)

    async def quality(
        self, window: Window, where: LedgerFilter | None = None, by: Sequence[Grouping] = ()
    ) -> Sequence[QualitySums]:
        """What feedback said of the decisions of a window, by source and, together, dimensions."""
        if "tag" in by and len(by) > 1:
            raise ValueError("by tag and something else no scores are kept")
        chosen, values = chosen_keys(tag_level(where) if "tag" in by else FULL, where)
        told = ", ".join([*(f"k.{name}" for name in by), "s.source"])
        # By key first: to sort numbers takes half as long as to sort what the keys stand for.
        found = await self._ask(
            f"SELECT {told}, {_FEEDBACK} FROM (SELECT k.id AS key, s.source AS source,"
            f" {_FEEDBACK} FROM roll_up_keys k CROSS JOIN hourly_feedback s ON s.key = k.id"
            f" WHERE {chosen} AND s.hour >= ? AND s.hour < ? GROUP BY k.id, s.source) s"
            f" CROSS JOIN roll_up_keys k ON k.id = s.key GROUP BY {told} ORDER BY {told}",
            (*values, *rounded(window, SECONDS_PER_HOUR)),
        )
        return [
            QualitySums(tuple(values), source, judged, score / MICRO, square / MICRO)
            for *values, source, judged, score, square in found
            if judged
        ]

    async def own_costs(self, window: Window, simulated: bool = False) -> Sequence[OwnCost]:
        """What the router's own calls of whole hours cost, by purpose and by whom it called."""
        found = await self._ask(_OWN, (simulated, *rounded(window, SECONDS_PER_HOUR)))
        return [OwnCost(*it) for it in found]

    async def unpriced(self, window: Window, limit: int = 20) -> Sequence[Unpriced]:
        """Requests that could not be priced, the most frequent first."""
        within = (window.until, window.since, window.until)
        found = await self._ask(_UNPRICED, (*within, *within, limit))
        return [Unpriced(reason, model, n, id, at) for reason, model, n, at, id in found]

    async def worst(self, window: Window, limit: int = 20) -> Sequence[Mapping[str, Any]]:
        """Decisions that a source scored lowest, as rows of the log with that `score`."""
        found = await self._ask(
            "SELECT f.decision, min(f.score) FROM (SELECT f.decision, f.score FROM feedback f"
            " CROSS JOIN decisions d ON d.id = f.decision WHERE d.at >= ? AND d.at < ?"
            " ORDER BY f.score, f.at DESC LIMIT ?) f GROUP BY 1 ORDER BY 2 LIMIT ?",
            # A decision may be scored by each of three sources.
            (window.since, window.until, 3 * limit, limit),
        )
        rows = await asyncio.to_thread(self._rows.find_all, [id for id, _ in found])
        return [{**rows[id], "score": score} for id, score in found if id in rows]

    async def prices(self, id: str) -> PriceSheet | None:
        """The prices behind a row's `price_id`."""
        found = await self._ask("SELECT id, prices FROM price_sheets WHERE id = ?", (id,))
        return PriceSheet(*found[0]) if found else None

    async def _ask(self, statement: str, values: Sequence[Any]) -> list[Any]:
        return await asyncio.to_thread(self._fetch, statement, values)

    async def _ask_at_once(self, statement: str, values: Sequence[Any], columns: int) -> list[Any]:
        return await asyncio.to_thread(
            fetched_at_once, self._path, self._busy_s, statement, values, columns
        )

    def _fetch(self, statement: str, values: Sequence[Any]) -> list[Any]:
        return fetched(self._path, self._busy_s, statement, values)


def _with_any(figures: Collection[str]) -> Sequence[str]:
    return [name for name in TOTALS if name in figures or name in _OF_ANY]


def _sums(names: Sequence[str]) -> str:
    return ", ".join(f"sum({name})" for name in names)


def _totals(names: Sequence[str], sums: Sequence[int]) -> Totals:
    return (
        Totals(*sums)
        if len(names) == len(TOTALS)
        else Totals(**dict(zip(names, sums, strict=True)))
    )
