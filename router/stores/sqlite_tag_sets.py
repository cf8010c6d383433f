"""SQLiteTagSets: savings of a tag and of something else together, from a SQLite decision log.

Rule: it reads sums, the newest days first and no more than MOST_READ of them, and says how far it
came; it opens the file anew for every question and holds no lock.
"""

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from router.core.ledger import (
    SECONDS_PER_DAY,
    ClusterSums,
    Grouping,
    LedgerFilter,
    TaggedSums,
    Window,
)
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.roll_up import FULL, rounded
from router.stores.sqlite_schema import cannot, open_for_reading
from router.stores.sqlite_sums import chosen_keys

MOST_READ = 50_000
"""Lines of sums that one question reads, each of a day, a cluster, a full key and a set of tags."""

_DAY_BEFORE = "SELECT max(day) FROM tag_sets WHERE day < ?"
_LINES = "SELECT count(*) FROM (SELECT 1 FROM tag_sets WHERE day = ? LIMIT ?)"
_KEPT = "SELECT max(since) FROM tag_sets_kept"
_WITH_TAG = " AND EXISTS (SELECT 1 FROM json_each(s.tags) e WHERE e.value = ?)"
_EACH = " CROSS JOIN json_each(s.tags) t"
Lines = list[tuple[Any, ...]]
"""Of each a value, a cluster, and its figures."""

_SUMS = ", ".join(f"sum(s.{name})" for name in CLUSTER_SUMS)


class SQLiteTagSets:
    """The tagged sums of one file. `busy_s` is how long to wait for a lock, in seconds."""

    def __init__(self, path: Path, busy_s: float = 2.0) -> None:
        self._path = path
        self._busy_s = busy_s

    async def tagged(
        self, window: Window, where: LedgerFilter, by: Grouping, tag: str | None = None
    ) -> TaggedSums:
        """Sums by cluster of tagged requests, of those with `tag` if one is given."""
        return await asyncio.to_thread(self._tagged, window, where, by, tag)

    def _tagged(
        self, window: Window, where: LedgerFilter, by: Grouping, tag: str | None
    ) -> TaggedSums:
        chosen, values = chosen_keys(FULL, where)
        since, until = rounded(window, SECONDS_PER_DAY)
        try:
            with closing(open_for_reading(self._path, self._busy_s)) as connection:
                begin = _readable(connection, since, until)
                given = [begin, until, *values, *([] if tag is None else [tag])]

                def summed(told: str, each: str = "") -> Lines:
                    asked = (
                        f"SELECT {told}, s.cluster, {_SUMS} FROM tag_sets s"
                        f" CROSS JOIN roll_up_keys k ON k.id = s.key{each}"
                        f" WHERE s.day >= ? AND s.day < ? AND {chosen}"
                        f"{'' if tag is None else _WITH_TAG} GROUP BY 1, 2"
                    )
                    return connection.execute(asked, given).fetchall()

                lines = summed("t.value", _EACH) if by == "tag" else summed(f"k.{by}")
                # Each once, which by tag the lines are not.
                any_tag = summed("NULL") if by == "tag" else []
        except sqlite3.Error as error:
            raise cannot("be read", self._path, error) from error
        except UnicodeEncodeError:
            # Half a surrogate pair in what was asked for: nothing that is kept can hold that.
            begin, lines, any_tag = since, [], []
        return TaggedSums(Window(begin, until), _clusters(lines), _clusters(any_tag).get(None, ()))


def _readable(connection: sqlite3.Connection, since: int, until: int) -> int:
    """The first day from which on all sums are kept, and few enough to be read."""
    [kept] = connection.execute(_KEPT).fetchone()
    begin, left, day = max(since, kept or 0), MOST_READ, until
    while True:
        [before] = connection.execute(_DAY_BEFORE, (day,)).fetchone()
        if before is None or before < begin:
            return min(begin, until)
        [lines] = connection.execute(_LINES, (before, left + 1)).fetchone()
        if lines > left:
            return day
        day, left = before, left - lines


def _clusters(lines: Lines) -> Mapping[str | None, Sequence[ClusterSums]]:
    found: dict[str | None, list[ClusterSums]] = {}
    for value, cluster, *figures in lines:
        found.setdefault(value, []).append(ClusterSums(cluster, *figures))
    return found
