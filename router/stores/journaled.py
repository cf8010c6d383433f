"""JournaledDecisionLog: a row is kept in a journal at once, and written to the database soon after.

So a request waits for no commit, and its record is kept before its last byte is sent
(docs/decisions/0027-a-row-is-journaled-first.md). Those whose records are ready at the same moment
share one write. Rows appear in the database within about a fifth of a second.

Rule: a row stands in the journal until it is committed, whatever becomes of this process.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from msgspec import Struct

from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.review import Review
from router.errors import DecisionLogError, UnknownDecision
from router.gathering import Gathering
from router.stores.decision_row import NOT_A_ROW, encoded_twice
from router.stores.journal import Journal, left_behind
from router.stores.sqlite import GATHER_S, SQLiteDecisionLog
from router.stores.sqlite_left_behind import rows_of
from router.stores.sqlite_rows import NAMES, JournaledRow

ELSEWHERE_S = 3 * GATHER_S
"""How long a decision may be on its way into the database by the hand of another process."""


MOST_PER_WRITE = 32
"""Rows that one system call writes: it costs more than making a row does."""


class _Asked(Struct, frozen=True):
    """An event to keep, and who waits for that."""

    event: RoutingEvent
    kept: asyncio.Future[None]


class _Ready(Struct, frozen=True):
    """A row that can be written: as values, and as a line of the journal."""

    row: JournaledRow
    line: bytes
    kept: asyncio.Future[None]


class JournaledDecisionLog:
    """The decision log of this process over `log`, which belongs to it from now on.

    Rows that processes which died had not seen written are taken over now. `is_busy` tells whether
    a row is to wait for others. Raises DecisionLogError if the journal cannot be made in
    `directory`.
    """

    def __init__(
        self, log: SQLiteDecisionLog, directory: Path, is_busy: Callable[[], bool] = lambda: True
    ) -> None:
        self._log = log
        self._is_busy = is_busy
        self._asked = Gathering[_Asked](self._write_asked, MOST_PER_WRITE)
        try:
            self._journal = Journal(directory, NAMES)
            self._take_over(directory)
        except OSError as error:
            raise DecisionLogError(
                f"The decision log's journal {directory} cannot be written: {error.strerror}."
            ) from error

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event; it outlives this process on return. Waits for no commit.

        Raises DecisionLogError if it cannot be kept. An id that is taken is found out later, and
        told in the process log.
        """
        self._log.check_open()
        asked = _Asked(event, asyncio.get_running_loop().create_future())
        if self._is_busy():
            self._asked.add(asked)
        else:
            self._write_asked([asked])
        await asked.kept

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None:
        """Keep the feedback; committed on return. Raises UnknownDecision and DecisionLogError."""
        await _once_it_is_there(lambda: self._log.record_feedback(feedback, key_name))

    async def record_review(self, review: Review) -> None:
        """Keep the review; committed on return. Raises UnknownDecision and DecisionLogError."""
        await _once_it_is_there(lambda: self._log.record_review(review))

    async def close(self) -> None:
        """Write what is on its way. What cannot be written stays in the journal."""
        self._asked.hand_on_now()
        self._log.hand_over(None, self._journal.current.discard)
        await self._log.close()

    def _write_asked(self, asked: Sequence[_Asked]) -> None:
        """Keep all that is to be kept, or say why not to whom it concerns."""
        try:
            ready = [row for one in asked if (row := _ready(one)) is not None]
            # Where there is no room for all of them there may be for some.
            if ready and not self._written(ready) and len(ready) > 1:
                for row in ready:
                    self._written([row])
        finally:
            # Our own mistake with one of them must not leave the others waiting for ever.
            for one in asked:
                _refuse(one.kept, DecisionLogError("The decision could not be written."))

    def _written(self, ready: Sequence[_Ready]) -> bool:
        """Write these rows and tell who waits. False if they cannot be; one alone is told so."""
        try:
            complete = self._journal.append(b"".join([row.line for row in ready]))
        except OSError as error:
            if len(ready) == 1:
                _refuse(ready[0].kept, DecisionLogError(f"The journal cannot be written: {error}."))
            return False
        if complete is not None:
            self._log.hand_over(None, complete.discard)
        for row in ready:
            self._log.hand_over(row.row)
            # Whose request was cancelled waits no longer.
            if not row.kept.done():
                row.kept.set_result(None)
        return True

    def _take_over(self, directory: Path) -> None:
        for left in left_behind(directory):
            for row in rows_of(left):
                self._log.hand_over(row)
            self._log.hand_over(None, left.segment.discard)


def _ready(asked: _Asked) -> _Ready | None:
    """The row of an event; None if it makes none, and who waits is told."""
    event = asked.event
    try:
        values, line = encoded_twice(event)
    except NOT_A_ROW as error:
        told = f"The decision {event.id!r} cannot be logged: {error}."
        _refuse(asked.kept, DecisionLogError(told))
        return None
    return _Ready(JournaledRow(values, priced_by=event.bill.priced_by), line, asked.kept)


def _refuse(kept: asyncio.Future[None], failure: DecisionLogError) -> None:
    if not kept.done():
        kept.set_exception(failure)


async def _once_it_is_there(say: Callable[[], Awaitable[None]]) -> None:
    """Say something of a decision that another process may have made a moment ago."""
    try:
        await say()
    except UnknownDecision:
        # Its row is on its way.
        await asyncio.sleep(ELSEWHERE_S)
        await say()
