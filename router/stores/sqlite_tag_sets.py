"""SQLiteTagSets: savings of a tag and of something else together, from a SQLite decision log.

Rule: it reads sums, the newest days first and no more than MOST_READ of them, and says how far it
came; it opens the file anew for every question and holds no lock.
"""

import asyncio
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from router.core.ledger import (
    CLUSTERS,
    SECONDS_PER_DAY,
    ClusterSums,
    Grouping,
    LedgerFilter,
    TaggedSums,
    Window,
)
from router.stores.cluster_parts import CLUSTER_COLUMNS, NO_LINES, By, Lines, Part, part_of, summed
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.roll_up import FULL, rounded
from router.stores.sqlite_columns import told_columns
from router.stores.sqlite_schema import cannot, open_for_reading
from router.stores.sqlite_sums import chosen_keys

MOST_READ = 50_000
"""Lines of sums that one question reads, each of a day, a cluster, a full key and a set of tags."""

_DAY_BEFORE = "SELECT max(day) FROM tag_sets WHERE day < ?"
_LINES = "SELECT count(*) FROM (SELECT 1 FROM tag_sets WHERE day = ? LIMIT ?)"
_KEPT = "SELECT max(since) FROM tag_sets_kept"
# Each day's keys first: of those that are not asked for no line is read.
_CHOSEN = (
    f"SELECT {{}} AS told, s.cluster, {', '.join(f's.{name}' for name in CLUSTER_SUMS)}"
    " FROM roll_up_days u CROSS JOIN roll_up_keys k"
    " CROSS JOIN tag_sets s ON s.day = u.day AND s.key = k.id"
    " WHERE u.day >= ? AND u.day < ? AND {}"
)
# Nearly all sets without the tag are passed over by their text alone.
_WITH_TAG = " AND instr(s.tags, ?) AND EXISTS (SELECT 1 FROM json_each(s.tags) e WHERE e.value = ?)"
Sums = Mapping[By, Sequence[ClusterSums]]


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
        asked = _CHOSEN.format("s.tags" if by == "tag" else f"k.{by}", chosen)
        if tag is not None:
            asked, values = asked + _WITH_TAG, [*values, json.dumps(tag), tag]
        try:
            with closing(open_for_reading(self._path, self._busy_s)) as connection:
                begin = _readable(connection, since, until)
                given = [begin, until, *values]
                lines: Lines = told_columns(connection, asked, given, CLUSTER_COLUMNS)
        except sqlite3.Error as error:
            raise cannot("be read", self._path, error) from error
        except UnicodeEncodeError:
            # Half a surrogate pair in what was asked for: nothing that is kept can hold that.
            begin, lines = since, NO_LINES
        of, any_tag = _by_tag(lines) if by == "tag" else (_by_value(lines), {})
        return TaggedSums(Window(begin, until), of, any_tag.get(None, ()))


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


def _by_value(lines: Lines) -> Sums:
    groups: dict[By, int] = {}
    return summed(part_of(lines, groups), groups)


def _by_tag(lines: Lines) -> tuple[Sums, Sums]:
    """Each line under every tag of its set; and each once, which under its tags it is not."""
    sets: dict[By, int] = {}
    parts = part_of(lines, sets)
    groups: dict[By, int] = {}
    of_each = [
        [groups.setdefault(tag, len(groups)) for tag in json.loads(text or "[]")] for text in sets
    ]
    under_each = (it for part in parts for it in _under_each(part, of_each))
    once = (it._replace(places=it.places % CLUSTERS) for it in parts)
    return summed(list(under_each), groups), summed(list(once), [None])


def _under_each(part: Part, of_each: Sequence[Sequence[int]]) -> Iterator[Part]:
    """Lines by set of tags, once for the first tag of each set, once for the second and so on."""
    import numpy as np

    of, clusters = np.divmod(part.places, CLUSTERS)
    for at in range(max(map(len, of_each))):
        group = np.array([it[at] if at < len(it) else -1 for it in of_each])[of]
        rows = np.flatnonzero(group >= 0)
        places = group[rows] * CLUSTERS + clusters[rows]
        yield Part(places, [column[rows] for column in part.figures])
