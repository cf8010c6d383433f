"""SQLiteLedger: answers from the roll-ups of a SQLite decision log, also while others write it.

Rule: it reads sums, never the rows they are of, so that its time does not grow with the log; every
question has a thread and a connection of its own.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from router.core.ledger import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    TOTALS,
    Clusters,
    ClusterSums,
    Dimension,
    Histogram,
    LedgerFilter,
    Measure,
    Point,
    PriceSheet,
    QualitySums,
    Step,
    Totals,
    Unpriced,
    Window,
)
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.roll_up import ALL, FULL, LEVELS, MICRO, TIMES, rounded
from router.stores.sqlite_reader import DecisionReader
from router.stores.sqlite_schema import fetched

_STEPS: Mapping[Step, int] = {"hour": SECONDS_PER_HOUR, "day": SECONDS_PER_DAY}
_FILTERS = tuple(one.name for one in fields(LedgerFilter))
_SUMS = ", ".join(f"sum(s.{name})" for name in TOTALS)
_KEPT: Mapping[str, tuple[str, int, tuple[str, ...]]] = {
    "hourly": ("hour", SECONDS_PER_HOUR, ("hour", *TOTALS)),
    "daily_clusters": ("day", SECONDS_PER_DAY, ("day", "cluster", *CLUSTER_SUMS)),
}
"""A table's time, the seconds that one of its sums is over, and what is read of it."""

_CLUSTER_SUMS = ", ".join(f"sum(s.{name})" for name in CLUSTER_SUMS)

_WHOLE = (
    f"SELECT day FROM settled_days WHERE level = '{TIMES}' AND day >= ?"
    f" AND day + {SECONDS_PER_DAY} <= ?"
)
"""Settled days that lie within a window as a whole."""


class SQLiteLedger:
    """The ledger of the decision log at `path`. `busy_s` is how long to wait for a lock."""

    def __init__(self, path: Path, busy_s: float = 2.0) -> None:
        self._path = path
        self._busy_s = busy_s
        self._rows = DecisionReader(path, busy_s)

    async def totals(
        self, window: Window, where: LedgerFilter | None = None, by: Dimension | None = None
    ) -> Mapping[str | None, Totals]:
        """Sums over whole hours, by value; {None: ...} without `by`, also where all is 0."""
        source, values = _sums_of("hourly", window, where, by)
        found = await self._ask(f"SELECT told, {_SUMS} FROM {source} GROUP BY 1", values)
        told = {value: Totals(*sums) for value, *sums in found}
        return told if by else told or {None: Totals()}

    async def series(
        self,
        window: Window,
        where: LedgerFilter | None = None,
        by: Dimension | None = None,
        step: Step = "hour",
    ) -> Sequence[Point]:
        """The same step by step in order of time; steps without a request are left out."""
        source, values = _sums_of("hourly", window, where, by)
        at = f"s.hour / {_STEPS[step]} * {_STEPS[step]}"
        found = await self._ask(
            f"SELECT {at}, told, {_SUMS} FROM {source} GROUP BY 1, 2 ORDER BY 1, 2", values
        )
        return [Point(at, value, Totals(*sums)) for at, value, *sums in found]

    async def clusters(
        self, window: Window, where: LedgerFilter | None = None, by: Dimension | None = None
    ) -> Clusters:
        """Sums by cluster of sessions, over whole UTC days."""
        source, values = _sums_of("daily_clusters", window, where, by)
        found = await self._ask(
            f"SELECT told, s.cluster, {_CLUSTER_SUMS} FROM {source} GROUP BY 1, 2", values
        )
        sums: dict[str | None, list[ClusterSums]] = {} if by else {None: []}
        for value, cluster, *figures in found:
            sums.setdefault(value, []).append(ClusterSums(cluster, *figures))
        return Clusters(Window(*rounded(window, SECONDS_PER_DAY)), sums)

    async def histograms(
        self,
        window: Window,
        measures: Collection[Measure],
        model: str | None = None,
        step: Step | None = None,
    ) -> Sequence[Histogram]:
        """How measures spread, step by step (None: over the window) and model by model."""
        marks = ", ".join("?" * len(measures))
        since, until = rounded(window, SECONDS_PER_HOUR)
        at = f"at / {_STEPS[step]} * {_STEPS[step]}" if step else str(since)
        of_them = f"measure IN ({marks}) AND (? IS NULL OR model = ?)"
        source, values = f"SELECT *, hour AS at FROM hourly_histograms WHERE {of_them}", []
        chosen = [*measures, model, model]
        if step != "hour":
            # Whole days that are settled are read at once; the rest, hour by hour.
            source += (
                f" AND NOT (hour / {SECONDS_PER_DAY} * {SECONDS_PER_DAY} IN ({_WHOLE}))"
                " UNION ALL SELECT *, day AS at FROM daily_histograms"
                f" WHERE {of_them} AND day IN ({_WHOLE})"
            )
            values = [since, until, *chosen, since, until]
        found = await self._ask(
            f"SELECT {at}, measure, model, bucket, sum(requests) FROM ({source})"
            " WHERE at >= ? AND at < ? GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3",
            (*chosen, *values, since, until),
        )
        counts: dict[tuple[int, Measure, str], dict[int, int]] = {}
        for hour, measure, name, bucket, requests in found:
            counts.setdefault((hour, measure, name), {})[bucket] = requests
        return [Histogram(*place[:2], place[2] or None, told) for place, told in counts.items()]

    async def quality(
        self, window: Window, where: LedgerFilter | None = None, by: Dimension | None = None
    ) -> Sequence[QualitySums]:
        """What feedback said of the decisions of a window, by source."""
        chosen, values = _chosen(FULL, where)
        value = "NULL" if by is None else f"k.{by}"
        found = await self._ask(
            f"SELECT {value}, s.source, sum(s.judged), sum(s.score_micro), sum(s.square_micro)"
            " FROM roll_up_keys k CROSS JOIN hourly_feedback s ON s.key = k.id"
            f" WHERE {chosen} AND s.hour >= ? AND s.hour < ? GROUP BY 1, 2 ORDER BY 1, 2",
            (*values, *rounded(window, SECONDS_PER_HOUR)),
        )
        return [
            QualitySums(value, source, judged, score / MICRO, square / MICRO)
            for value, source, judged, score, square in found
            if judged
        ]

    async def unpriced(self, window: Window, limit: int = 20) -> Sequence[Unpriced]:
        """Requests that could not be priced, the most frequent first."""
        found = await self._ask(
            "SELECT unpriced, model, count(*) AS requests, max(at) AS latest,"
            " (SELECT id FROM decisions d WHERE d.unpriced = u.unpriced AND d.model IS u.model"
            "  AND d.at < ? ORDER BY d.at DESC LIMIT 1)"
            " FROM decisions u WHERE unpriced IS NOT NULL AND at >= ? AND at < ?"
            " GROUP BY unpriced, model ORDER BY requests DESC LIMIT ?",
            (window.until, window.since, window.until, limit),
        )
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

    def _fetch(self, statement: str, values: Sequence[Any]) -> list[Any]:
        return fetched(self._path, self._busy_s, statement, values)


def _sums_of(
    table: str, window: Window, where: LedgerFilter | None, by: Dimension | None
) -> tuple[str, list[Any]]:
    """Where the sums stand that are asked for: of settled days at the level that tells apart as
    little as can be, of others by everything together. With the values of its marks."""
    level = _level(where, by)
    time, step, names = _KEPT[table]
    since, until = rounded(window, step)
    read = ", ".join(f"s.{name}" for name in names)
    told = "NULL AS told" if by is None else f"k.{by} AS told"
    # CROSS JOIN is SQLite's way to be told the order: few keys first, then each one's range.
    chosen, values = _chosen(level, where)
    part = (
        f"SELECT {told}, {read} FROM roll_up_keys k CROSS JOIN {table} s ON s.key = k.id"
        f" WHERE {chosen} AND s.{time} >= ? AND s.{time} < ?"
    )
    values += [since, until]
    if level == FULL:
        return f"({part}) s", values
    chosen, filtered = _chosen(FULL, where)
    # A day is settled as a whole, so its sums at this level are there or they are not.
    open_days = (
        f"SELECT {told}, {read} FROM roll_up_keys k CROSS JOIN roll_up_days u"
        f" CROSS JOIN {table} s ON s.key = k.id"
        f" AND s.{time} >= max(u.day, ?) AND s.{time} < min(u.day + {SECONDS_PER_DAY}, ?)"
        f" WHERE {chosen} AND u.day > ? AND u.day < ?"
        " AND u.day NOT IN (SELECT day FROM settled_days WHERE level = ?)"
    )
    values += [since, until, *filtered, since - SECONDS_PER_DAY, until, level]
    return f"({part} UNION ALL {open_days}) s", values


def _chosen(level: str, where: LedgerFilter | None) -> tuple[str, list[Any]]:
    given = {name: getattr(where or LedgerFilter(), name) for name in _FILTERS}
    asked = {name: value for name, value in given.items() if value is not None}
    return " AND ".join(["k.level = ?", *(f"k.{name} = ?" for name in asked)]), [
        level,
        *asked.values(),
    ]


def _level(where: LedgerFilter | None, by: Dimension | None) -> str:
    """The level of clusters that tells apart what is asked for, and as little else as can be."""
    needed = {name for name in LEVELS if getattr(where or LedgerFilter(), name) is not None}
    needed |= {by} & set(LEVELS) if by else set()
    if not needed:
        return ALL
    return needed.pop() if len(needed) == 1 else FULL
