"""Upkeep: brings old rows into the roll-ups, settles days, takes over what processes that died
left in their journals, and lets rows past retention go.

Rule: a step is one short transaction of few rows, so that nobody's commit waits for it. Roll-ups
are never taken back: what a deleted row had added stays, but for what names its session.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR
from router.errors import DecisionLogError
from router.stores.pace import Pace
from router.stores.roll_up import Row as Rolled
from router.stores.sqlite_left_behind import take_over
from router.stores.sqlite_reviews import book_review
from router.stores.sqlite_roll_up import SQLiteRollUp
from router.stores.sqlite_schema import open_for_writing
from router.stores.sqlite_settling import settle

logger = logging.getLogger(__name__)

ROWS_PER_STEP = 500
PAUSE_S = 0.05
REST_S = 300.0
"""Between steps, and between looks when there is nothing to do."""

Row = Mapping[str, Any]


def fill(connection: sqlite3.Connection) -> bool:
    """Add a few rows from before there were roll-ups; whether more remain. Raises sqlite3.Error."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        done, last = connection.execute("SELECT done, last FROM roll_up_progress").fetchone()
        cursor = connection.execute(
            "SELECT rowid, * FROM decisions WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?",
            (done, last, ROWS_PER_STEP),
        )
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, values, strict=True)) for values in cursor]
        _roll_up(connection, [completed(row) for row in rows])
        reached = rows[-1]["rowid"] if rows else last
        connection.execute("UPDATE roll_up_progress SET done = ?", (reached,))
    return bool(rows)


def _roll_up(connection: sqlite3.Connection, rows: list[dict[str, Any]]) -> None:
    sums = SQLiteRollUp(connection, Pace())
    for row in rows:
        connection.execute(_COMPLETE, row)
        said = connection.execute(_SAID, (row["id"],)).fetchall()
        rolled = Rolled._make(row[name] for name in Rolled._fields)
        sums.add_row(rolled, said)
        book_review(connection, sums, rolled)
    sums.flush()


_SAID = "SELECT source, score, at FROM feedback WHERE decision = ? ORDER BY at"


_COMPLETED = (
    "arm",
    "domain",
    "location",
    "escalation_usd",
    "own_usd",
    "baseline_usd",
    "baseline_low_usd",
    "baseline_high_usd",
    "unpriced",
)
_COMPLETE = (
    f"UPDATE decisions SET {', '.join(f'{name} = :{name}' for name in _COMPLETED)}"
    " WHERE rowid = :rowid"
)


def completed(row: Row) -> dict[str, Any]:
    """A row of an older schema with what the ledger adds, as far as it can be told afterwards.

    Its baseline is priced on the same tokens, and of calls that did not answer nothing is known.
    """
    signals, candidates = (
        msgspec.json.decode(row["signals"]),
        msgspec.json.decode(row["candidates"]),
    )
    domain = signals.get("domain")
    return {
        **row,
        "arm": "named" if row["strategy"] == "named" else "routed",
        "domain": domain if isinstance(domain, str) else None,
        "location": next((c["location"] for c in candidates if c["model"] == row["model"]), None),
        "escalation_usd": 0.0,
        "own_usd": 0.0,
        "baseline_usd": row["baseline_cost_usd"],
        "baseline_low_usd": row["baseline_cost_usd"],
        "baseline_high_usd": row["baseline_cost_usd"],
        "unpriced": _unpriced(row),
    }


def _unpriced(row: Row) -> str | None:
    if row["model"] is None or row["outcome"] == "refused":
        return None
    if row["input_tokens"] is None:
        return "no_usage"
    if row["cost_usd"] is None:
        return "no_price"
    lacks = row["baseline"] is not None and row["baseline_cost_usd"] is None
    return "no_baseline_price" if lacks else None


def forget(connection: sqlite3.Connection, before: float) -> bool:
    """Delete a few rows that arrived `before` (Unix seconds), with their feedback and reviews, and
    an hour's scores of sessions; whether more remain. Rows that the roll-ups lack stay. Raises
    sqlite3.Error."""
    done, last = connection.execute("SELECT done, last FROM roll_up_progress").fetchone()
    deleted = connection.execute(
        "DELETE FROM decisions WHERE rowid IN (SELECT rowid FROM decisions"
        " WHERE at < ? AND (rowid <= ? OR rowid > ?) ORDER BY at LIMIT ?)",
        (before, done, last, ROWS_PER_STEP),
    )
    hours = [connection.execute(forget, (before - SECONDS_PER_HOUR,)) for forget in _FORGET_SCORES]
    return deleted.rowcount == ROWS_PER_STEP or any(hour.rowcount for hour in hours)


_FORGET_SCORES = tuple(
    f"DELETE FROM {table} WHERE hour = (SELECT min(hour) FROM {table}) AND hour <= ?"
    for table in ("session_scores", "session_pairs")
)


class Upkeep:
    """A thread that keeps a decision log. `retention_days`: how long rows stay; None = for ever.
    `journal`: where its processes keep theirs.
    """

    def __init__(
        self,
        path: Path,
        retention_days: float | None,
        journal: Path | None = None,
        busy_s: float = 2.0,
    ) -> None:
        self._path = path
        self._journal = journal
        self._retention_days = retention_days
        self._busy_s = busy_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="decision-log-upkeep", daemon=True)

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step that is being made."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(self._busy_s + 1)

    def _run(self) -> None:
        rest_s = PAUSE_S
        while not self._ending.wait(rest_s):
            try:
                with closing(open_for_writing(self._path, self._busy_s, False)) as connection:
                    self._keep(connection)
            except (sqlite3.Error, OSError, DecisionLogError) as error:
                # Tried again later: what is left undone is the roll-up of old rows, or space.
                logger.warning("the decision log could not be kept: %s", error)
            rest_s = REST_S

    def _keep(self, connection: sqlite3.Connection) -> None:
        while fill(connection) or settle(connection, time.time()):
            if self._ending.wait(PAUSE_S):
                return
        for _ in () if self._journal is None else take_over(connection, self._journal):
            if self._ending.wait(PAUSE_S):
                return
        if self._retention_days is None:
            return
        before = time.time() - self._retention_days * SECONDS_PER_DAY
        while forget(connection, before):
            if self._ending.wait(PAUSE_S):
                return
