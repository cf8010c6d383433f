"""Settling: once a day is over, its sums go where they are found by key, and are added up at the
levels that pages ask for; once a week is over, those of its days by cluster are added up again.
So that a busy day need not be over first, sums by cluster are moved and lifted as they come to be
many.

Rule: a step is one short transaction: a level of a day or of a week, whose mark says where to read,
or some sums that are moved. What comes late, an answer that ran past midnight, is added at every
level that stands.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR, TOTALS
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.pace import Pace
from router.stores.roll_up import (
    ALL,
    FULL,
    HOURLY,
    HOURS,
    LEVELS,
    LIFTED,
    SECONDS_PER_WEEK,
    TAG,
    TIMES,
    day_of,
    keys_above,
    week_of,
)
from router.stores.sqlite_packing import pack
from router.stores.sqlite_roll_up import SQLiteRollUp
from router.stores.sqlite_score_packing import pack_scores

GRACE_S = 2 * SECONDS_PER_HOUR
"""How long after midnight a day is let be, so that hardly anything comes late."""

_UNSETTLED = (
    "SELECT min(day) FROM roll_up_days d WHERE day < ? AND NOT EXISTS"
    " (SELECT 1 FROM settled_days s WHERE s.level = ? AND s.day = d.day)"
)
_WEEK = f"day / {SECONDS_PER_WEEK} * {SECONDS_PER_WEEK}"
_UNSETTLED_WEEK = (
    f"SELECT min({_WEEK}) FROM roll_up_days d WHERE day < ? AND NOT EXISTS"
    f" (SELECT 1 FROM settled_weeks s WHERE s.level = ? AND s.week = {_WEEK})"
)
_KEYS = (
    "SELECT id, key FROM roll_up_keys k WHERE level = ? AND EXISTS"
    " (SELECT 1 FROM hourly h WHERE h.key = k.id AND h.hour >= ? AND h.hour < ?)"
)
# A day that was begun meanwhile is settled first.
_MARK_WEEK = (
    "INSERT OR IGNORE INTO settled_weeks SELECT :level, :week WHERE NOT EXISTS"
    f" (SELECT 1 FROM roll_up_days d WHERE d.day >= :week AND d.day < :week + {SECONDS_PER_WEEK}"
    " AND NOT EXISTS (SELECT 1 FROM settled_days s WHERE s.level = :of AND s.day = d.day))"
)
_LIFT_TIMES = (
    "INSERT INTO daily_histograms SELECT measure, model, ?, bucket, sum(requests)"
    " FROM hourly_histograms WHERE hour >= ? AND hour < ? GROUP BY measure, model, bucket"
)


def _added(place: Sequence[str], sums: Sequence[str]) -> str:
    more = ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
    return f"ON CONFLICT ({', '.join(place)}) DO UPDATE SET {more}"


def _moving(source: str, to: str, place: Sequence[str], sums: Sequence[str]) -> tuple[str, str]:
    """Statements that move some of an open table's sums into the other in its order, and out.

    Added to what stands there: an older slm-router that shares the file knows no open tables.
    """
    names, some = ", ".join((*place, *sums)), f"WHERE {place[1]} = ? AND key <= ?"
    read = f"SELECT {names} FROM {source} {some} ORDER BY {', '.join(place)}"
    into = f"INSERT INTO {to} ({names}) {read} {_added(place, sums)}"
    return into, f"DELETE FROM {source} {some}"


_MOVES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("open_hourly", "hour"): _moving("open_hourly", "hourly", ("key", "hour"), TOTALS),
    ("open_clusters", "day"): _moving(
        "open_clusters", "daily_clusters", ("key", "day", "cluster"), CLUSTER_SUMS
    ),
}
"""By the open table and its time."""

_MOVED_AT_ONCE = 2_000
LIFT_FROM = 4_000
"""From so many open sums by cluster on some are moved before their day is over."""


def _summed(names: Sequence[str]) -> str:
    return ", ".join(f"sum(s.{name})" for name in names)


_LIFTED = "FROM temp.lifted l CROSS JOIN {} s ON s.key = l.full WHERE s.{} >= ? AND s.{} < ?"
_LIFT_HOURS = (
    f"INSERT INTO hourly (key, hour, {', '.join(TOTALS)}) SELECT l.key, s.hour, {_summed(TOTALS)}"
    f" {_LIFTED.format('hourly', 'hour', 'hour')} GROUP BY l.key, s.hour"
)
_LIFT_DAY = (
    f"INSERT INTO daily_clusters (key, day, cluster, {', '.join(CLUSTER_SUMS)})"
    f" SELECT l.key, s.day, s.cluster, {_summed(CLUSTER_SUMS)}"
    f" {_LIFTED.format('daily_clusters', 'day', 'day')} GROUP BY l.key, s.day, s.cluster"
)
_LIFT_SOME = (
    f"INSERT INTO daily_clusters (key, day, cluster, {', '.join(CLUSTER_SUMS)})"
    f" SELECT l.key, s.day, s.cluster, {_summed(CLUSTER_SUMS)} FROM temp.lifted l"
    " CROSS JOIN open_clusters s ON s.day = ? AND s.key = l.full"
    " WHERE true GROUP BY l.key, s.day, s.cluster"
    f" {_added(('key', 'day', 'cluster'), CLUSTER_SUMS)}"
)
_OPEN_DAYS = "SELECT day, count(*) FROM open_clusters GROUP BY day"
_LIFT_FROM_NOW = (
    f"INSERT OR IGNORE INTO settled_days SELECT '{LIFTED}', :day"
    " WHERE NOT EXISTS (SELECT 1 FROM settled_weeks WHERE week = :week) AND NOT EXISTS"
    f" (SELECT 1 FROM settled_days WHERE level = '{FULL}' AND day = :day) AND NOT EXISTS"
    " (SELECT 1 FROM roll_up_keys k CROSS JOIN daily_clusters s ON s.key = k.id AND s.day = :day"
    f" WHERE k.level = '{FULL}')"
)
_OPEN_KEYS = (
    "SELECT DISTINCT k.id, k.key FROM open_clusters s CROSS JOIN roll_up_keys k ON k.id = s.key"
    " WHERE s.day = ? AND s.key <= ?"
)
_OF_A_DAY = (
    "SELECT sum(requests), sum(baseline_nano), sum(answer_nano), sum(own_nano)"
    " FROM roll_up_keys k CROSS JOIN daily_clusters s ON s.key = k.id AND s.day = ?"
    " WHERE k.level = ?"
)
_UNLIFT_DAY = (
    "DELETE FROM daily_clusters WHERE day = ?"
    " AND key IN (SELECT id FROM roll_up_keys WHERE level = ?)"
)
_UNPACK = "DELETE FROM packed_clusters WHERE begin = ? AND days = 7 AND level = ?"
_INTO_WEEK = (
    f"INSERT INTO weekly_clusters (key, week, cluster, {', '.join(CLUSTER_SUMS)})"
    f" SELECT k.id, ?, s.cluster, {_summed(CLUSTER_SUMS)}"
    " FROM roll_up_keys k CROSS JOIN daily_clusters s ON s.key = k.id"
    " WHERE k.level = ? AND s.day >= ? AND s.day < ? GROUP BY k.id, s.cluster"
    f" {_added(('key', 'week', 'cluster'), CLUSTER_SUMS)}"
)


def settle(connection: sqlite3.Connection, now: float) -> bool:
    """Settle one level of one day or week that is over by `now` (Unix seconds); whether there was
    one. Raises sqlite3.Error."""
    over = day_of(now - GRACE_S)
    for level in (FULL, TIMES, ALL, *LEVELS):
        [day] = connection.execute(_UNSETTLED, (over, level)).fetchone()
        if day is not None:
            _settle_day(connection, level, day)
            return True
        if level == FULL and _moved(connection, over):
            return True
    for level in (ALL, *LEVELS, TAG):
        [week] = connection.execute(_UNSETTLED_WEEK, (week_of(over), level)).fetchone()
        if week is not None:
            _settle_week(connection, level, week)
            return True
    return _lifted_some(connection) or pack(connection, over) or pack_scores(connection, over)


def _settle_day(connection: sqlite3.Connection, level: str, day: int) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        marked = connection.execute(
            "INSERT OR IGNORE INTO settled_days VALUES (?, ?)", (level, day)
        )
        if marked.rowcount and level == TIMES:
            connection.execute(_LIFT_TIMES, (day, day, day + SECONDS_PER_DAY))
        elif marked.rowcount and level != FULL:
            _lift(connection, level, day)


def _moved(connection: sqlite3.Connection, over: int) -> bool:
    """Move some full sums of days that are over by then; whether there were any.

    Such a day is marked, so that nothing is added to the open tables any more and both are read.
    """
    for table, time in _MOVES:
        [at] = connection.execute(f"SELECT min({time}) FROM {table}").fetchone()
        if at is None or at >= over:
            continue
        _move_some(connection, table, time, at)
        return True
    return False


def _lifted_some(connection: sqlite3.Connection) -> bool:
    """Move some sums by cluster of a day that goes on, if they are many; whether they were."""
    for day, many in connection.execute(_OPEN_DAYS).fetchall():
        if many >= LIFT_FROM and _may_be_lifted(connection, day):
            _move_some(connection, "open_clusters", "day", day)
            return True
    return False


def _may_be_lifted(connection: sqlite3.Connection, day: int) -> bool:
    """Whether sums of a day that goes on are lifted as they leave the open table. Where an older
    slm-router had begun it they are from now on, unless some are gone from there or its week is
    settled."""
    if not _is_marked(connection, "settled_days", LIFTED, day):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_LIFT_FROM_NOW, {"day": day, "week": week_of(day)})
    return _is_marked(connection, "settled_days", LIFTED, day)


def _move_some(connection: sqlite3.Connection, table: str, time: str, at: int) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        some = f"SELECT key FROM {table} WHERE {time} = ? ORDER BY key LIMIT {_MOVED_AT_ONCE}"
        [last] = connection.execute(f"SELECT max(key) FROM ({some})", (at,)).fetchone()
        if time == "day" and _is_marked(connection, "settled_days", LIFTED, at):
            full_keys = connection.execute(_OPEN_KEYS, (at, last)).fetchall()
            for level in LEVELS:
                _note_keys(connection, level, full_keys)
                connection.execute(_LIFT_SOME, (at,))
        for statement in _MOVES[table, time]:
            connection.execute(statement, (at, last))


def _settle_week(connection: sqlite3.Connection, level: str, week: int) -> None:
    of_days = FULL if level == TAG else level
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        marked = connection.execute(_MARK_WEEK, {"level": level, "week": week, "of": of_days})
        if marked.rowcount:
            connection.execute(_INTO_WEEK, (week, level, week, week + SECONDS_PER_WEEK))


def _lift(connection: sqlite3.Connection, level: str, day: int) -> None:
    """Add a day's full sums to those of a level, and of its week if that is settled already."""
    span = (day, day + SECONDS_PER_DAY)
    _note_keys(connection, level, connection.execute(_KEYS, (FULL, *span)).fetchall())
    if level not in HOURLY or not _is_marked(connection, "settled_days", HOURS, day):
        connection.execute(_LIFT_HOURS, span)
    if not _is_lifted(connection, level, day):
        connection.execute(_UNLIFT_DAY, (day, level))
        connection.execute(_LIFT_DAY, span)
    if _is_marked(connection, "settled_weeks", level, week := week_of(day)):
        connection.execute(_INTO_WEEK, (week, level, *span))
        connection.execute(_UNPACK, (week, level))


def _is_lifted(connection: sqlite3.Connection, level: str, day: int) -> bool:
    """Whether all of a day is at a level: an older slm-router that shares the file lifts nothing
    before the day is over."""
    if not _is_marked(connection, "settled_days", LIFTED, day):
        return False
    full, lifted = (connection.execute(_OF_A_DAY, (day, it)).fetchone() for it in (FULL, level))
    return bool(full == lifted)


def _note_keys(
    connection: sqlite3.Connection, level: str, full_keys: Iterable[tuple[int, str]]
) -> None:
    """Which key of a level each full key belongs to, in a table of this connection."""
    keys = SQLiteRollUp(connection, Pace())
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS lifted (full INTEGER PRIMARY KEY, key INTEGER)"
    )
    connection.execute("DELETE FROM temp.lifted")
    for id, text in full_keys:
        above = keys_above(tuple(json.loads(text)))[level]
        connection.execute("INSERT INTO temp.lifted VALUES (?, ?)", (id, keys.id_of(above)))


def _is_marked(connection: sqlite3.Connection, table: str, level: str, at: int) -> bool:
    time = "day" if table == "settled_days" else "week"
    asked = f"SELECT 1 FROM {table} WHERE level = ? AND {time} = ?"
    return connection.execute(asked, (level, at)).fetchone() is not None
