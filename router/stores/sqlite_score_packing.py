"""Packing scores: what was said session by session of a day that is over is written once more as
one value, which a page reads some ten times as fast as the rows.

Rule: a pack is a copy. A trigger deletes it with whatever changes a score of its day, and upkeep
makes it anew. Nobody waits while one is made: what is begun stands in its place under a mark of its
own, and is deleted alike.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import uuid4

from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR, Window
from router.stores.roll_up import rounded
from router.stores.score_parts import FRACTIONS, Part, packed_scores, part_of, unpacked_scores
from router.stores.sqlite_schema import rows_at_once

_READ = f"""
    SELECT session, arm, source, CAST(min(at) * {FRACTIONS:.1f} AS INTEGER), sum(judged),
        sum(score_micro)
    FROM session_scores WHERE hour >= ? AND hour < ? AND simulated = ? GROUP BY 1, 2, 3 ORDER BY 4
"""
_UNPACKED = f"""
    SELECT min(day) FROM roll_up_days d WHERE day < :over
    AND day NOT IN (SELECT day FROM packed_scores WHERE simulated = :simulated
        AND scores IS NOT NULL)
    AND EXISTS (SELECT 1 FROM session_scores s WHERE s.hour >= d.day
        AND s.hour < d.day + {SECONDS_PER_DAY} AND s.simulated = :simulated)
"""
_BEGIN = "INSERT OR REPLACE INTO packed_scores VALUES (?, ?, ?, NULL, NULL)"
_PUT = (
    "UPDATE packed_scores SET names = ?, scores = ? WHERE day = ? AND simulated = ? AND begun = ?"
)
_PACKS = (
    "SELECT day, names, scores FROM packed_scores"
    f" WHERE simulated = ? AND day >= ? AND day + {SECONDS_PER_DAY} <= ? AND scores IS NOT NULL"
    " ORDER BY day"
)


def pack_scores(connection: sqlite3.Connection, over: int) -> bool:
    """Pack the scores of a day before `over` (Unix seconds); whether there was one. Raises
    sqlite3.Error."""
    for simulated in (False, True):
        asked = {"over": over, "simulated": simulated}
        [day] = connection.execute(_UNPACKED, asked).fetchone()
        if day is not None:
            _pack(connection, day, simulated)
            return True
    return False


def _pack(connection: sqlite3.Connection, day: int, simulated: bool) -> None:
    mine = uuid4().bytes
    connection.execute(_BEGIN, (day, simulated, mine))
    span = (day, day + SECONDS_PER_DAY)
    rows = connection.execute(_READ, (*span, simulated)).fetchall()
    names, scores = packed_scores(rows)
    # Else something was said meanwhile, or another process packs it too: the next step tries.
    connection.execute(_PUT, (names.decode(), scores, day, simulated, mine))


def score_parts(connection: sqlite3.Connection, window: Window, simulated: bool) -> list[Part]:
    """The scores of a window's whole hours, from packs where there are some. Within a transaction,
    so that none is missed or met twice. Raises sqlite3.Error."""
    since, until = rounded(window, SECONDS_PER_HOUR)
    packs = connection.execute(_PACKS, (simulated, since, until)).fetchall()
    found = [unpacked_scores(names, scores) for _, names, scores in packs]
    for span in _between((day for day, _, _ in packs), since, until):
        rows: Sequence[Any] = rows_at_once(connection, _READ, (*span, simulated), 6)
        if rows:
            found.append(part_of(rows))
    return found


def _between(days: Iterable[int], since: int, until: int) -> list[tuple[int, int]]:
    """The spans of a window before, between and after some of its days."""
    found, begin = [], since
    for day in (*days, until):
        if begin < day:
            found.append((begin, day))
        begin = day + SECONDS_PER_DAY
    return found
