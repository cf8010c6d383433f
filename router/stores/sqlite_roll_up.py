"""SQLiteRollUp: keeps the ledger's roll-ups in the transaction that writes their rows.

Rule: whoever writes a row here adds it, and flushes before the commit; a roll-back forgets.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set
from operator import itemgetter
from typing import Any, NamedTuple

from router.core.feedback import Feedback
from router.core.ledger import TOTALS, PriceSheet
from router.stores.decision_columns import COLUMNS
from router.stores.ledger_schema import CLUSTER_SUMS, FEEDBACK_SUMS
from router.stores.roll_up import (
    ALL,
    ALWAYS,
    LEVELS,
    TIMES,
    Key,
    RollUp,
    Row,
    Said,
    add_to,
    day_of,
    keys_above,
)
from router.stores.sqlite_rows import JournaledRow

_NAMES = tuple(column.name for column in COLUMNS)
_READ = f"SELECT {', '.join(f'd.{name}' for name in Row._fields)}"
_WRITTEN = f"{_READ} FROM decisions d WHERE d.id = ?"
_of_a_row = itemgetter(*(_NAMES.index(name) for name in Row._fields))
_OF_A_KEY = ("level", *ALWAYS, *LEVELS)


def _upsert(table: str, place: Sequence[str], sums: Sequence[str]) -> str:
    names = (*place, *sums)
    return (
        f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        f" ON CONFLICT ({', '.join(place)}) DO UPDATE SET "
        + ", ".join(f"{name} = {name} + excluded.{name}" for name in sums)
    )


_HOURLY = _upsert("hourly", ("key", "hour"), TOTALS)
_CLUSTERS = _upsert("daily_clusters", ("key", "day", "cluster"), CLUSTER_SUMS)
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
    f" VALUES (?, {', '.join('?' * len(_OF_A_KEY))})"
)
_KNOWN = (
    f"{_READ},"
    " (SELECT score FROM feedback f WHERE f.decision = d.id AND f.source = ?),"
    " NOT EXISTS (SELECT 1 FROM feedback f WHERE f.decision = d.id)"
    " FROM decisions d WHERE d.id = ?"
    # A row that is yet to be rolled up brings its feedback along then.
    " AND NOT EXISTS"
    " (SELECT 1 FROM roll_up_progress p WHERE d.rowid > p.done AND d.rowid <= p.last)"
)
_NEW_DAY = "INSERT OR IGNORE INTO roll_up_days VALUES (?)"
_SETTLED = "INSERT OR IGNORE INTO settled_days VALUES (?, ?)"


class Known(NamedTuple):
    """A decision's row, the score that a source had given it, and whether nobody had judged it."""

    row: Row
    before: float | None
    first: bool


class SQLiteRollUp:
    """The roll-ups of one connection. For the thread that writes through it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sums = RollUp()
        self._keys: dict[Key, int] = {}
        self._sheets: set[str] = set()

    def add_journaled(self, row: JournaledRow) -> None:
        """A row that was written from a journal."""
        if row.event is not None:
            self.add(row.values, row.event.bill.priced_by)
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

    def judge(self, feedback: Feedback, known: Known) -> None:
        """Feedback that was written, in place of what its source had said before."""
        said = Said(feedback.source, feedback.score, feedback.at, known.before, known.first)
        self._sums.judge(known.row, said)

    def flush(self) -> None:
        """Add all that was summed to the tables. Raises sqlite3.Error."""
        sums, self._sums = self._sums, RollUp()
        many = self._connection.executemany
        settled = self._settled({day_of(hour) for _, hour in sums.hourly})
        many(_HOURLY, self._placed(sums.hourly, settled))
        many(_CLUSTERS, self._placed(sums.clusters, settled))
        many(_FEEDBACK, self._placed(sums.feedback, {}))
        many(_JUDGED, ((*place, n) for place, n in sums.judged.items()))
        many(_SCORES, sums.scores)
        many(_HISTOGRAMS, ((*place, n) for place, n in sums.histograms.items()))
        late = {day for day, levels in settled.items() if TIMES in levels}
        many(
            _DAILY_HISTOGRAMS,
            (
                (measure, model, day_of(hour), bucket, n)
                for (measure, model, hour, bucket), n in sums.histograms.items()
                if day_of(hour) in late
            ),
        )

    def _settled(self, days: Collection[int]) -> Mapping[int, Set[str]]:
        """The levels at which the sums of some days stand already: those of ALL from the first."""
        found: dict[int, set[str]] = {}
        for day in days:
            if self._connection.execute(_NEW_DAY, (day,)).rowcount:
                self._connection.execute(_SETTLED, (ALL, day))
            asked = self._connection.execute("SELECT level FROM settled_days WHERE day = ?", (day,))
            found[day] = {level for (level,) in asked}
        return found

    def _placed(
        self,
        sums: Mapping[tuple[Any, ...], Sequence[int]],
        settled: Mapping[int, Set[str]],
    ) -> Iterator[tuple[Any, ...]]:
        """Sums with their keys as the tables know them; on days that are settled at every level."""
        above: dict[tuple[Any, ...], list[int]] = {}
        for (key, at, *rest), figures in sums.items():
            yield self.id_of(key), at, *rest, *figures
            for level in settled.get(day_of(at), set()) - {TIMES}:
                add_to(above, (keys_above(key)[level], at, *rest), figures)
        for (key, at, *rest), figures in above.items():
            yield self.id_of(key), at, *rest, *figures

    def forget(self) -> None:
        """The transaction was rolled back: nothing that it was told is true."""
        self._sums = RollUp()
        self._keys.clear()
        self._sheets.clear()

    def id_of(self, key: Key) -> int:
        """The number of a key, which is made known if need be."""
        id = self._keys.get(key)
        if id is None:
            text = json.dumps(key, separators=(",", ":"))
            self._connection.execute(_NEW_KEY, (text, *key))
            [id] = self._connection.execute(
                "SELECT id FROM roll_up_keys WHERE key = ?", (text,)
            ).fetchone()
            self._keys[key] = id
        return int(id)
