"""Settling: once a day is over, its sums are added up at the levels that pages ask for.

Rule: one level of one day is one transaction, and its mark says where to read. What comes late, an
answer that ran past midnight, is added at every level that stands.
"""

import json
import sqlite3
from collections.abc import Mapping

from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR, TOTALS
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.roll_up import ALL, FULL, LEVELS, TIMES, keys_above
from router.stores.sqlite_roll_up import SQLiteRollUp

GRACE_S = 2 * SECONDS_PER_HOUR
"""How long after midnight a day is let be, so that hardly anything comes late."""

_UNSETTLED = (
    "SELECT min(day) FROM roll_up_days d WHERE day < ? AND NOT EXISTS"
    " (SELECT 1 FROM settled_days s WHERE s.level = ? AND s.day = d.day)"
)
_LIFT_TIMES = (
    "INSERT INTO daily_histograms SELECT measure, model, ?, bucket, sum(requests)"
    " FROM hourly_histograms WHERE hour >= ? AND hour < ? GROUP BY measure, model, bucket"
)
_TABLES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "hourly": ("hour", "hour", TOTALS),
    "daily_clusters": ("day", "day, cluster", CLUSTER_SUMS),
}
"""Their time, what they are told apart by beside the key, and their sums."""


def settle(connection: sqlite3.Connection, now: float) -> bool:
    """Settle one level of one day that is over by `now` (Unix seconds); whether there was one.

    Raises sqlite3.Error.
    """
    over = int((now - GRACE_S) // SECONDS_PER_DAY) * SECONDS_PER_DAY
    for level in (TIMES, ALL, *LEVELS):
        [day] = connection.execute(_UNSETTLED, (over, level)).fetchone()
        if day is not None:
            _settle(connection, level, day)
            return True
    return False


def _settle(connection: sqlite3.Connection, level: str, day: int) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        marked = connection.execute(
            "INSERT OR IGNORE INTO settled_days VALUES (?, ?)", (level, day)
        )
        if marked.rowcount:
            if level == TIMES:
                connection.execute(_LIFT_TIMES, (day, day, day + SECONDS_PER_DAY))
            else:
                _lift(connection, level, day)


def _lift(connection: sqlite3.Connection, level: str, day: int) -> None:
    """Add a day's full sums to those of a level."""
    until = day + SECONDS_PER_DAY
    keys = SQLiteRollUp(connection)
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS lifted (full INTEGER PRIMARY KEY, key INTEGER)"
    )
    connection.execute("DELETE FROM temp.lifted")
    found = connection.execute(
        "SELECT id, key FROM roll_up_keys k WHERE level = ? AND EXISTS"
        " (SELECT 1 FROM hourly h WHERE h.key = k.id AND h.hour >= ? AND h.hour < ?)",
        (FULL, day, until),
    ).fetchall()
    for id, text in found:
        above = keys_above(tuple(json.loads(text)))[level]
        connection.execute("INSERT INTO temp.lifted VALUES (?, ?)", (id, keys.id_of(above)))
    for table, (time, place, sums) in _TABLES.items():
        names, added = ", ".join(sums), ", ".join(f"sum(s.{name})" for name in sums)
        apart = ", ".join(f"s.{name.strip()}" for name in place.split(","))
        connection.execute(
            f"INSERT INTO {table} (key, {place}, {names}) SELECT l.key, {apart}, {added}"
            f" FROM temp.lifted l CROSS JOIN {table} s ON s.key = l.full"
            f" WHERE s.{time} >= ? AND s.{time} < ? GROUP BY l.key, {apart}",
            (day, until),
        )
