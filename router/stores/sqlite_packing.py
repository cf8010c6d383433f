"""Packing: once a level of a day or a week is settled, its sums by cluster are written once more as
one value, which a page reads some twenty times as fast as the sums themselves.

Rule: a pack is a copy. It stands only while it is what the sums come to: whoever adds to a day or a
week that is over deletes its packs in the same transaction, and they are made anew. Nobody waits
while one is made: what is begun stands among the packs, and is deleted with them.
"""

import sqlite3
from uuid import uuid4

from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.packed_sums import packed
from router.stores.roll_up import ALL, FULL, LEVELS, TAG, week_of

PACKED = (ALL, *LEVELS, TAG, FULL)
"""The levels that are packed; full sums, of which there are nearly as many as rows, by the day."""

_BEGUN = "begun"
"""Stands for the level of a pack that is being made. Its value is whose."""

_PUT = "INSERT OR REPLACE INTO packed_clusters (begin, days, level, sums) VALUES (?, ?, ?, ?)"
_TAKE = "DELETE FROM packed_clusters WHERE begin = ? AND days = ? AND level = ? AND sums = ?"

_PACKS = "SELECT begin FROM packed_clusters WHERE days = {} AND level = ?"
_UNPACKED = {
    1: "SELECT min(day) FROM settled_days WHERE level = ? AND day < ?"
    f" AND day IN (SELECT day FROM settled_days WHERE level = '{FULL}')"
    f" AND day NOT IN ({_PACKS.format(1)})"
    # Of a day that was marked just now some full sums may be yet to come from the open tables.
    " AND NOT EXISTS (SELECT 1 FROM open_clusters o WHERE o.day = settled_days.day)",
    7: "SELECT min(week) FROM settled_weeks WHERE level = ? AND week < ?"
    f" AND week NOT IN ({_PACKS.format(7)})",
}
_SUMS = (
    f"SELECT s.key, s.cluster, {', '.join(f's.{name}' for name in CLUSTER_SUMS)}"
    " FROM roll_up_keys k CROSS JOIN {} s ON s.key = k.id AND s.{} = ? WHERE k.level = ?"
)
_READ = {
    1: _SUMS.format("daily_clusters", "day"),
    7: _SUMS.format("weekly_clusters", "week"),
}


def pack(connection: sqlite3.Connection, over: int) -> bool:
    """Pack one level of a day or a week before `over` (Unix seconds) whose sums are settled;
    whether there was one. Raises sqlite3.Error."""
    for level in PACKED:
        for days, until in ((1, over), (7, week_of(over))):
            # Sums by tag have no mark of their own: they stand from a day's first row on.
            marked = FULL if level == TAG and days == 1 else level
            [begin] = connection.execute(_UNPACKED[days], (marked, until, level)).fetchone()
            if begin is not None:
                _pack(connection, level, days, begin)
                return True
    return False


def _pack(connection: sqlite3.Connection, level: str, days: int, begin: int) -> None:
    mine = uuid4().bytes
    connection.execute(_PUT, (begin, days, _BEGUN, mine))
    sums = packed(connection.execute(_READ[days], (begin, level)).fetchall())
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        # Else something was added meanwhile, or another process packs it too: the next step tries.
        if connection.execute(_TAKE, (begin, days, _BEGUN, mine)).rowcount:
            connection.execute(_PUT, (begin, days, level, sums))
