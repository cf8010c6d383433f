"""SQLiteDecisionLog: one row per request in a SQLite file, committed before `record` returns.

One thread writes. Whatever has queued up while it wrote goes into its next transaction (group
commit), so the event loop never waits for the disk and a commit is shared by many requests.

What is safe elsewhere (`journaled.py`) is handed over instead, and nobody waits for its commit.
"""

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import cast

from router.core.event import RoutingEvent
from router.core.feedback import Feedback, Judged
from router.core.review import Review
from router.errors import DecisionLogError, RouterError
from router.stores.decision_row import NOT_A_ROW, DecisionFilter, Row, encoded
from router.stores.feedback_row import Given
from router.stores.log_entry import LogEntry, Told, Waiter, tell
from router.stores.pace import Pace
from router.stores.sqlite_reader import DecisionReader
from router.stores.sqlite_reviews import insert_feedback, insert_review
from router.stores.sqlite_roll_up import SQLiteRollUp
from router.stores.sqlite_rows import INSERT, JournaledRow, insert_journaled, not_logged
from router.stores.sqlite_schema import cannot, open_for_writing

MOST_PER_COMMIT = 256
ROWS_PER_CHECKPOINT = 500
MOST_WAITING = 20_000
"""Rows held in memory while the disk stalls; above it `record` refuses at once."""

GATHER_S = 0.1
"""How long the writer lets rows gather for which nobody waits."""

RETRY_S = 1.0
"""How soon rows that are safe elsewhere are tried again after a transaction that failed."""

logger = logging.getLogger(__name__)


class SQLiteDecisionLog:
    """The decision log of this process in `path`; other processes may share the file.

    `busy_s` is how long a commit waits for another process's, `patience_s` how long `record`
    waits in all, in seconds. A commit outlives the process; with `survive_power_cut` also the
    machine, at one disk flush per commit. Raises DecisionLogError if the file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        busy_s: float = 2.0,
        patience_s: float = 5.0,
        survive_power_cut: bool = False,
    ) -> None:
        self._path = path
        self._patience_s = patience_s
        self._reader = DecisionReader(path, busy_s)
        self._connection = open_for_writing(path, busy_s, survive_power_cut)
        self._pace = Pace(self._is_pressed)
        self._roll_up = SQLiteRollUp(self._connection, self._pace)
        self._queue: SimpleQueue[LogEntry | None] = SimpleQueue()
        self._unwritten: list[LogEntry] = []
        self._failing = False
        self._is_urgent = False
        self._awaited = threading.Event()
        self._closed = False
        # A daemon: what was acknowledged is on disk, so a forgotten close must not hold up exit.
        self._writer = threading.Thread(target=self._write, name="decision-log", daemon=True)
        self._writer.start()

    @property
    def waiting(self) -> int:
        """About how many rows wait for their transaction."""
        return self._queue.qsize() + len(self._unwritten)

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event; committed on return. Once called it is kept even if cancelled.

        Raises DecisionLogError if it could not be, or not in time, or its id is taken.
        """
        await self._keep(event)

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None:
        """Keep the feedback, as `record` does. Raises UnknownDecision and DecisionLogError."""
        await self._keep(Given(feedback, key_name))

    async def record_review(self, review: Review) -> None:
        """Keep the review, as `record` does. Raises UnknownDecision and DecisionLogError; if the
        file could not be written it is tried again all the same, as long as this process lives."""
        await self._keep(review)

    def check_open(self) -> None:
        """Raises DecisionLogError if nothing more is taken."""
        if self._closed:
            raise DecisionLogError(f"The decision log {self._path} is closed.")
        if self.waiting >= MOST_WAITING:
            raise DecisionLogError(f"The decision log {self._path} is {MOST_WAITING} rows behind.")

    def hand_over(self, row: JournaledRow | None, done: Callable[[], None] | None = None) -> None:
        """Write this row soon. It is safe elsewhere, and `done` is called, from the writer's
        thread, when it and all that was handed over before it need not be any longer."""
        self._queue.put(LogEntry(row, None, done))

    async def _keep(self, told: Told) -> None:
        self.check_open()
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._queue.put(LogEntry(told, Waiter(written, loop)))
        self._awaited.set()
        try:
            async with asyncio.timeout(self._patience_s):
                await written
        except TimeoutError:
            raise DecisionLogError(
                f"The decision log {self._path} was not written within {self._patience_s:g} s."
            ) from None

    def recent(self, limit: int, where: DecisionFilter | None = None) -> Sequence[Row]:
        """The last rows that `where` takes, newest first. Raises DecisionLogError."""
        return self._reader.recent(limit, where)

    def review_of(self, decision: str) -> Review | None:
        """What the router itself had done about an answer. Raises DecisionLogError."""
        return self._reader.review_of(decision)

    def find(self, decision: str) -> Row | None:
        """The row of one decision id, content included. Raises DecisionLogError."""
        return self._reader.find(decision)

    def feedback_on(self, decisions: Iterable[str]) -> Mapping[str, Sequence[Feedback]]:
        """What was said of some decisions. Raises DecisionLogError."""
        return self._reader.feedback_on(decisions)

    def judged(self, since: float | None = None, unjudged: bool = False) -> Iterator[Judged]:
        """Every decision that has feedback, oldest first. Raises DecisionLogError."""
        return self._reader.judged(since, unjudged)

    async def close(self) -> None:
        """Write what is queued and let go of the file. Waits no longer than a `record` does."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._awaited.set()
        await asyncio.to_thread(self._writer.join, self._patience_s)

    def _write(self) -> None:
        """The writer thread: a transaction for all that waits, until told to end."""
        ending, rows = False, 0
        while not ending:
            batch, ending = self._next_batch()
            batch, self._unwritten = [*self._unwritten, *batch], []
            if batch:
                self._is_urgent = len(batch) >= MOST_PER_COMMIT or any(it.waiter for it in batch)
                tell(batch, self._commit(batch))
            rows += len(batch)
            if rows >= ROWS_PER_CHECKPOINT:
                self._checkpoint()
                rows = 0
        self._connection.close()

    def _is_pressed(self) -> bool:
        """Whether somebody waits for what is being written, or more comes than is written."""
        urgent = self._is_urgent or self._closed or self._awaited.is_set()
        return urgent or self._queue.qsize() >= MOST_PER_COMMIT

    def _checkpoint(self) -> None:
        """Move the write-ahead log into the file, when nobody waits for the flush that this takes.

        SQLite would do so by itself, but within a commit.
        """
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error:
            # The rows are safe where they are; the next checkpoint, or SQLite's own, moves them.
            return

    def _next_batch(self) -> tuple[list[LogEntry], bool]:
        batch: list[LogEntry] = []
        try:
            entry = self._queue.get(timeout=RETRY_S if self._unwritten else None)
        except Empty:
            return batch, False
        if entry is not None and entry.waiter is None:
            self._awaited.wait(GATHER_S)
        self._awaited.clear()
        while entry is not None:
            batch.append(entry)
            if len(batch) == MOST_PER_COMMIT:
                return batch, False
            try:
                entry = self._queue.get_nowait()
            except Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: Sequence[LogEntry]) -> list[RouterError | None]:
        """Write a batch in one transaction; what went wrong with each entry, None if nothing."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = self._insert_all([entry.told for entry in batch])
            self._roll_up.flush()
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001  the thread must live, or every request waits
            self._roll_back()
            self._unwritten = [entry for entry in batch if entry.is_tried_again]
            failure = cannot("be written", self._path, error)
            if self._unwritten and not self._failing:
                logger.error("%s Rows are kept in the journal and tried again.", failure)
            self._failing = True
            return [failure for _ in batch]
        self._failing = False
        for entry, result in zip(batch, results, strict=True):
            if entry.done is not None:
                entry.done()
            if entry.waiter is None and result is not None:
                logger.error("%s", result)
        return results

    def _insert_all(self, batch: Sequence[Told | JournaledRow | None]) -> list[RouterError | None]:
        """In order, for feedback speaks of rows before it; journaled rows in a row together."""
        results: list[RouterError | None] = []
        for journaled, group in groupby(batch, lambda told: isinstance(told, JournaledRow)):
            if journaled:
                rows = cast(list[JournaledRow], [*group])
                results += self._insert_journaled(rows)
            else:
                others = cast(list[Told | None], [*group])
                results += (None if told is None else self._insert(told) for told in others)
        return results

    def _insert_journaled(self, rows: Sequence[JournaledRow]) -> list[RouterError | None]:
        return insert_journaled(self._connection, rows, self._roll_up.add_journaled, self._pace)

    def _insert(self, told: Told) -> RouterError | None:
        """Write one row. A row that is wrong in itself must not take the others down with it."""
        if isinstance(told, Given):
            return insert_feedback(self._connection, self._roll_up, told)
        if isinstance(told, Review):
            return insert_review(self._connection, self._roll_up, told)
        try:
            values = encoded(told)
            self._connection.execute(INSERT, values)
        except (sqlite3.IntegrityError, *NOT_A_ROW) as error:
            return not_logged(told.id, error)
        self._roll_up.add(values, told.bill.priced_by)
        return None

    def _roll_back(self) -> None:
        self._roll_up.forget()
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            # SQLite has rolled back by itself, as it does on a full disk.
            return
