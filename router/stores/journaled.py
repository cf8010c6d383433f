"""JournaledDecisionLog: a row is kept in a journal at once, and written to the database soon after.

So a request costs the event loop some ten microseconds for its record, waits for no commit, and
has left it before its last byte is sent (docs/decisions/0027-a-row-is-journaled-first.md). Rows
appear in the database within about a fifth of a second.

Rule: a row stands in the journal until it is committed, whatever becomes of this process.
"""

import asyncio
import logging
from pathlib import Path

from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.errors import DecisionLogError, UnknownDecision
from router.stores.decision_row import NOT_A_ROW, encoded_twice
from router.stores.journal import Journal, left_behind
from router.stores.sqlite import GATHER_S, SQLiteDecisionLog
from router.stores.sqlite_rows import NAMES, JournaledRow

logger = logging.getLogger(__name__)

ELSEWHERE_S = 3 * GATHER_S
"""How long a decision may be on its way into the database by the hand of another process."""


class JournaledDecisionLog:
    """The decision log of this process over `log`, which belongs to it from now on.

    Rows that processes which died had not seen written are taken over now. Raises
    DecisionLogError if the journal cannot be made in `directory`.
    """

    def __init__(self, log: SQLiteDecisionLog, directory: Path) -> None:
        self._log = log
        try:
            self._journal = Journal(directory, NAMES)
            self._take_over(directory)
        except OSError as error:
            raise DecisionLogError(
                f"The decision log's journal {directory} cannot be written: {error.strerror}."
            ) from error

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event; it outlives this process on return. Never waits.

        Raises DecisionLogError if it cannot be kept. An id that is taken is found out later, and
        told in the process log.
        """
        self._log.check_open()
        try:
            values, line = encoded_twice(event)
            complete = self._journal.append(line)
        except NOT_A_ROW as error:
            raise DecisionLogError(
                f"The decision {event.id!r} cannot be logged: {error}."
            ) from error
        except OSError as error:
            raise DecisionLogError(f"The journal cannot be written: {error}.") from error
        if complete is not None:
            self._log.hand_over(None, complete.discard)
        self._log.hand_over(JournaledRow(values, event=event))

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None:
        """Keep the feedback; committed on return. Raises UnknownDecision and DecisionLogError."""
        try:
            await self._log.record_feedback(feedback, key_name)
        except UnknownDecision:
            # Another process may have decided a moment ago: its row is on its way.
            await asyncio.sleep(ELSEWHERE_S)
            await self._log.record_feedback(feedback, key_name)

    async def close(self) -> None:
        """Write what is on its way. What cannot be written stays in the journal."""
        self._log.hand_over(None, self._journal.current.discard)
        await self._log.close()

    def _take_over(self, directory: Path) -> None:
        for segment, columns, rows in left_behind(directory):
            known = [place for place, name in enumerate(columns) if name in NAMES]
            names = [columns[place] for place in known]
            for row in rows:
                self._log.hand_over(JournaledRow([row[place] for place in known], names))
            if rows:
                logger.info("%d rows that a process had left in its journal are kept", len(rows))
            self._log.hand_over(None, segment.discard)
