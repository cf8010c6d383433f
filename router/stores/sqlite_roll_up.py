"""SQLiteRollUp: keeps the ledger's roll-ups in the transaction that writes their rows.

Rule: whoever writes a row here adds it, and flushes before the commit; a roll-back forgets.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from operator import itemgetter
from typing import Any, NamedTuple

from router.core.feedback import Feedback
from router.core.ledger import TOTALS, PriceSheet
from router.stores.decision_columns import COLUMNS
from router.stores.ledger_schema import CLUSTER_SUMS, FEEDBACK_SUMS
from router.stores.own_roll_up import PaidCall, book
from router.stores.pace import Pace
from router.stores.roll_up import (
    ALL,
    ALWAYS,
    FULL,
    HOURLY,
    HOURS,
    LEVELS,
    LIFTED,
    TAG,
    TIMES,
    Key,
    RollUp,
    Row,
    Said,
    Sums,
    add_to,
    day_of,
    keys_above,
    week_of,
)
from router.stores.sqlite_rows import JournaledRow
from router.stores.sqlite_tags import TagNames

_NAMES = tuple(column.name for column in COLUMNS)
_READ = f"SELECT {', '.join(f'd.{name}' for name in Row._fields)}"
_WRITTEN = f"{_READ} FROM decisions d WHERE d.id = ?"
_of_a_row = itemgetter(*(_NAMES.index(name) for name in Row._fields))
_OF_A_KEY = ("level", *ALWAYS, *LEVELS, TAG)


def _upsert(table: str, place: Sequence[str], sums: Sequence[str]) -> str:
    names = (*place, *sums)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT ({', '.join(place)}) DO UPDATE SET "
        + ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
    )


_HOURLY_SUMS = _upsert("hourly", ("key", "hour"), TOTALS)
_CLUSTERS = _upsert("daily_clusters", ("key", "day", "cluster"), CLUSTER_SUMS)
_WEEKLY = _upsert("weekly_clusters", ("key", "week", "cluster"), CLUSTER_SUMS)
_OPEN_HOURLY = _upsert("open_hourly", ("key", "hour"), TOTALS)
_OPEN_CLUSTERS = _upsert("open_clusters", ("key", "day", "cluster"), CLUSTER_SUMS)
_TAG_SETS = _upsert("tag_sets", ("key", "day", "tags", "cluster"), CLUSTER_SUMS)
_FEEDBACK = _upsert("hourly_feedback", ("key", "hour", "source"), FEEDBACK_SUMS)
_JUDGED = _upsert("judged_hours", ("simulated", "hour"), ("decisions",))
_SCORES = (
    "INSERT INTO session_scores VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (hour, simulated, session, arm, source) DO UPDATE SET"
    " at = min(at, excluded.at), judged = judged + excluded.judged,"
    " score_micro = score_micro + excluded.score_micro"
)
_HISTOGRAMS = _upsert("hourly_histograms", ("measure", "model", "hour", "bucket"), ("requests",))
_DAILY_HISTOGRAMS = _upsert(
    "daily_histograms", ("measure", "model", "day", "bucket"), ("requests",)
)
_NEW_KEY = (
    f"INSERT OR IGNORE INTO roll_up_keys (key, {', '.join(_OF_A_KEY)})"
    f" VALUES (:key, {', '.join(f':{name}' for name in _OF_A_KEY)})"
)
# A row that is yet to be rolled up brings what was said of it along then.
_OF_ROLLED_UP = (
    " FROM decisions d WHERE d.id = ? AND NOT EXISTS"
    " (SELECT 1 FROM roll_up_progress p WHERE d.rowid > p.done AND d.rowid <= p.last)"
)
_ROLLED_UP = f"{_READ}{_OF_ROLLED_UP}"
_KNOWN = (
    f"{_READ},"
    " (SELECT score FROM feedback f WHERE f.decision = d.id AND f.source = ?),"
    f" NOT EXISTS (SELECT 1 FROM feedback f WHERE f.decision = d.id){_OF_ROLLED_UP}"
)
_NEW_DAY = "INSERT OR IGNORE INTO roll_up_days VALUES (?)"
_MARK = f"INSERT OR IGNORE INTO settled_days VALUES ('{ALL}', :day), ('{HOURS}', :day)"
# Of a week that is settled the sums of its days are not read: such a day is lifted as one.
_LIFTS = (
    f"INSERT OR IGNORE INTO settled_days SELECT '{LIFTED}', :day"
    " WHERE NOT EXISTS (SELECT 1 FROM settled_weeks WHERE week = :week)"
)
_UNPACK = "DELETE FROM packed_clusters WHERE begin IN (?, ?)"
_OF_A_WEEK = "SELECT level FROM settled_weeks WHERE week = ?"
_LEVELS, _HOURLY = {ALL, *LEVELS}, {*HOURLY}


class Known(NamedTuple):
    """A decision's row, the score that a source had given it, and whether nobody had judged it."""

    row: Row
    before: float | None
    first: bool


class SQLiteRollUp:
    """The roll-ups of one connection. For the thread that writes through it, at its pace."""

    def __init__(self, connection: sqlite3.Connection, pace: Pace) -> None:
        self._connection = connection
        self._pace = pace
        self._tags = TagNames(connection)
        self._sums = RollUp(self._tags.summed_under)
        self._keys: dict[Key, int] = {}
        self._sheets: set[str] = set()

    def add_journaled(self, row: JournaledRow) -> None:
        """A row that was written from a journal."""
        if not row.is_left_behind:
            self.add(row.values, row.priced_by)
            return
        # Read back: one of an older version lacks columns, which the table has filled in.
        id = row.values[row.names.index("id")]
        self._sums.add(Row._make(self._connection.execute(_WRITTEN, (id,)).fetchone()))

    def add(self, values: Sequence[Any], sheet: PriceSheet | None) -> None:
        """A row that was written, as the values of COLUMNS, and the prices that it names."""
        self._sums.add(Row._make(_of_a_row(values)))
        if sheet is not None and sheet.id not in self._sheets:
            self._connection.execute(
                "INSERT OR IGNORE INTO price_sheets VALUES (?, ?)", (sheet.id, sheet.prices)
            )
            self._sheets.add(sheet.id)

    def add_row(self, row: Row, said: Iterable[tuple[str, float, float]]) -> None:
        """A row that had been written before there were roll-ups, and what was said of it, as
        source, score and when."""
        self._sums.add(row)
        for number, (source, score, at) in enumerate(said):
            self._sums.judge(row, Said(source, score, at, None, not number))

    def known(self, feedback: Feedback) -> Known | None:
        """What the log holds of the decision that feedback is about to be written on."""
        found = self._connection.execute(_KNOWN, (feedback.source, feedback.decision)).fetchone()
        return None if found is None else Known(Row._make(found[:-2]), found[-2], bool(found[-1]))

    def row_of(self, decision: str) -> Row | None:
        """A decision's row; None if it is yet to be rolled up, and brings all along then."""
        found = self._connection.execute(_ROLLED_UP, (decision,)).fetchone()
        return None if found is None else Row._make(found)

    def book(self, row: Row, calls: Iterable[PaidCall]) -> None:
        """The router's own calls that were about a row's request."""
        book(self._sums, row, calls)

    def judge(self, feedback: Feedback, known: Known) -> None:
        """Feedback that was written, in place of what its source had said before."""
        said = Said(feedback.source, feedback.score, feedback.at, known.before, known.first)
        self._sums.judge(known.row, said)

    def flush(self) -> None:
        """Add all that was summed to the tables. Raises sqlite3.Error."""
        sums, self._sums = self._sums, RollUp(self._tags.summed_under)
        marks = self._marks({day_of(hour) for _, hour in sums.hourly})
        kept = {day: _standing(told) for day, told in marks.items()}
        hourly = {
            day: told & _LEVELS | (_HOURLY if HOURS in told else set())
            for day, told in marks.items()
        }
        is_open = {day for day, told in marks.items() if FULL not in told}
        self._put_full(sums.hourly, is_open, _OPEN_HOURLY, _HOURLY_SUMS)
        self._put(_HOURLY_SUMS, _above(sums.hourly, hourly))
        self._put_full(sums.clusters, is_open, _OPEN_CLUSTERS, _CLUSTERS)
        self._put(_CLUSTERS, above := _above(sums.clusters, kept))
        self._put(_WEEKLY, self._of_weeks(above))
        if sums.tagged_hourly:
            self._put(_HOURLY_SUMS, sums.tagged_hourly)
            self._put(_CLUSTERS, sums.tagged_clusters)
            self._put(_WEEKLY, self._of_weeks(sums.tagged_clusters))
            self._put(_TAG_SETS, sums.tag_sets)
        self._put(_FEEDBACK, sums.feedback)
        self._write(_JUDGED, ((*place, n) for place, n in sums.judged.items()))
        self._write(_SCORES, sums.scores)
        self._write(_HISTOGRAMS, ((*place, n) for place, n in sums.histograms.items()))
        late = {day for day, told in marks.items() if TIMES in told}
        self._write(
            _DAILY_HISTOGRAMS,
            (
                (measure, model, day_of(hour), bucket, n)
                for (measure, model, hour, bucket), n in sums.histograms.items()
                if day_of(hour) in late
            ),
        )

    def _marks(self, days: Collection[int]) -> Mapping[int, Set[str]]:
        """What stands already of some days beside the full sums. A new one begins with more."""
        found: dict[int, set[str]] = {}
        for day in days:
            if self._connection.execute(_NEW_DAY, (day,)).rowcount:
                self._connection.execute(_MARK, {"day": day})
                self._connection.execute(_LIFTS, {"day": day, "week": week_of(day)})
            asked = self._connection.execute("SELECT level FROM settled_days WHERE day = ?", (day,))
            found[day] = {level for (level,) in asked}
            if FULL in found[day] or LIFTED not in found[day]:
                self._connection.execute(_UNPACK, (day, week_of(day)))
        return found

    def _of_weeks(self, settled: Sums) -> Sums:
        """Sums by day of levels as sums by week, of weeks that are settled at these."""
        found: Sums = {}
        levels = {
            week: {level for (level,) in self._connection.execute(_OF_A_WEEK, (week,))}
            for week in {week_of(day) for _, day, _ in settled}
        }
        for (key, day, cluster), figures in settled.items():
            if key[0] in levels[week := week_of(day)]:
                add_to(found, (key, week, cluster), figures)
        return found

    def _put_full(self, sums: Sums, is_open: Set[int], into_open: str, into: str) -> None:
        """Write full sums, those of open days where such are kept."""
        late = {place: it for place, it in sums.items() if day_of(place[1]) not in is_open}
        if late:
            self._put(into, late)
            sums = {place: it for place, it in sums.items() if place not in late}
        self._put(into_open, sums)

    def _put(self, statement: str, sums: Sums) -> None:
        """Write sums, with their keys as the tables know them."""
        rows = ((self.id_of(key), *rest, *it) for (key, *rest), it in sums.items())
        self._write(statement, rows)

    def _write(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Each of these rows, with a rest between them."""
        self._connection.executemany(statement, self._pace.through(rows))

    def forget(self) -> None:
        """The transaction was rolled back: nothing that it was told is true."""
        self._tags.forget()
        self._sums = RollUp(self._tags.summed_under)
        self._keys.clear()
        self._sheets.clear()

    def id_of(self, key: Key) -> int:
        """The number of a key, which is made known if need be."""
        id = self._keys.get(key)
        if id is None:
            text = json.dumps(key, separators=(",", ":"))
            # Keys of before there were tags end without one, and are written so.
            told = {"key": text, TAG: None, **dict(zip(_OF_A_KEY, key, strict=False))}
            self._connection.execute(_NEW_KEY, told)
            [id] = self._connection.execute(
                "SELECT id FROM roll_up_keys WHERE key = ?", (text,)
            ).fetchone()
            self._keys[key] = id
        return int(id)


def _standing(marks: Set[str]) -> Set[str]:
    """The levels at which a day's sums by cluster are kept as they come."""
    return _LEVELS if {FULL, LIFTED} <= marks else marks & _LEVELS


def _above(sums: Sums, levels: Mapping[int, Set[str]]) -> Sums:
    """Full sums added up at the levels that are kept of their days."""
    found: dict[tuple[Any, ...], list[list[int]]] = {}
    for (key, at, *rest), figures in sums.items():
        above = keys_above(key)
        for level in levels[day_of(at)]:
            found.setdefault((above[level], at, *rest), []).append(figures)
    return {place: [*map(sum, zip(*many, strict=True))] for place, many in found.items()}
