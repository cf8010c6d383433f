"""SQLiteRollUp: keeps the ledger's roll-ups in the transaction that writes their rows.

Rule: whoever writes a row here adds it, and flushes before the commit; a roll-back forgets.
"""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from typing import Any, NamedTuple

from router.core.feedback import Feedback
from router.core.ledger import TOTALS, PriceSheet
from router.stores.decision_columns import COLUMNS
from router.stores.ledger_schema import CLUSTER_SUMS, FEEDBACK_SUMS
from router.stores.roll_up import ALWAYS, LEVELS, TIMES, Key, RollUp, day_of, keys_above
from router.stores.sqlite_rows import JournaledRow

_NAMES = tuple(column.name for column in COLUMNS)
_WRITTEN = f"SELECT {', '.join(_NAMES)} FROM decisions WHERE id = ?"
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
_HISTOGRAMS = _upsert("hourly_histograms", ("measure", "model", "hour", "bucket"), ("requests",))
_DAILY_HISTOGRAMS = _upsert(
    "daily_histograms", ("measure", "model", "day", "bucket"), ("requests",)
)
_NEW_KEY = (
    f"INSERT OR IGNORE INTO roll_up_keys (key, {', '.join(_OF_A_KEY)})"
    f" VALUES (?, {', '.join('?' * len(_OF_A_KEY))})"
)
_OF_A_DECISION = ("at", *ALWAYS, *LEVELS)
_KNOWN = (
    f"SELECT {', '.join(f'd.{name}' for name in _OF_A_DECISION)},"
    " (SELECT score FROM feedback f WHERE f.decision = d.id AND f.source = ?)"
    " FROM decisions d WHERE d.id = ?"
    # A row that is yet to be rolled up brings its feedback along then.
    " AND NOT EXISTS"
    " (SELECT 1 FROM roll_up_progress p WHERE d.rowid > p.done AND d.rowid <= p.last)"
)


class Known(NamedTuple):
    """A decision's key and time, and the score that a source had given it before."""

    row: Mapping[str, Any]
    score: float | None


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
        found = self._connection.execute(_WRITTEN, (id,)).fetchone()
        self._sums.add(dict(zip(_NAMES, found, strict=True)))

    def add(self, values: Sequence[Any], sheet: PriceSheet | None) -> None:
        """A row that was written, as the values of COLUMNS, and the prices that it names."""
        self._sums.add(dict(zip(_NAMES, values, strict=True)))
        if sheet is not None and sheet.id not in self._sheets:
            self._connection.execute(
                "INSERT OR IGNORE INTO price_sheets VALUES (?, ?)", (sheet.id, sheet.prices)
            )
            self._sheets.add(sheet.id)

    def add_row(self, row: Mapping[str, Any]) -> None:
        """A row that had been written before there were roll-ups."""
        self._sums.add(row)

    def judge_row(self, row: Mapping[str, Any], source: str, score: float) -> None:
        """What a source had said of such a row."""
        self._sums.judge(row, source, score, None)

    def known(self, feedback: Feedback) -> Known | None:
        """What the log holds of the decision that feedback is about to be written on."""
        found = self._connection.execute(_KNOWN, (feedback.source, feedback.decision)).fetchone()
        return (
            None
            if found is None
            else Known(dict(zip(_OF_A_DECISION, found, strict=False)), found[-1])
        )

    def judge(self, feedback: Feedback, known: Known) -> None:
        """Feedback that was written, in place of what its source had said before."""
        self._sums.judge(known.row, feedback.source, feedback.score, known.score)

    def flush(self) -> None:
        """Add all that was summed to the tables. Raises sqlite3.Error."""
        sums, self._sums = self._sums, RollUp()
        many = self._connection.executemany
        days = {day_of(hour) for _, hour in sums.hourly}
        many("INSERT OR IGNORE INTO roll_up_days VALUES (?)", ((day,) for day in days))
        settled = self._settled(days)
        many(_HOURLY, self._placed(sums.hourly, settled))
        many(_CLUSTERS, self._placed(sums.clusters, settled))
        many(_FEEDBACK, self._placed(sums.feedback, {}))
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
        """The levels at which the sums of some days stand already."""
        found: dict[int, set[str]] = {}
        for day in days:
            asked = self._connection.execute("SELECT level FROM settled_days WHERE day = ?", (day,))
            if levels := {level for (level,) in asked}:
                found[day] = levels
        return found

    def _placed(
        self,
        sums: Mapping[tuple[Any, ...], Sequence[int]],
        settled: Mapping[int, Set[str]],
    ) -> Iterator[tuple[Any, ...]]:
        """Sums with their keys as the tables know them; on days that are settled at every level."""
        for (key, at, *rest), figures in sums.items():
            yield self.id_of(key), at, *rest, *figures
            for level in settled.get(day_of(at), set()) - {TIMES}:
                yield self.id_of(keys_above(key)[level]), at, *rest, *figures

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
