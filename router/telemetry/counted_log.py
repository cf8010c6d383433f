"""CountedDecisionLog: a decision log around another, which counts what it kept and what it lost."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.errors import DecisionLogError
from router.ports import DecisionLog


class LogCounts(Protocol):
    """Is told how the log fares."""

    def log_write_failed(self) -> None:
        """A row was lost."""
        ...

    def rated(self, feedback: Feedback, row: Mapping[str, Any] | None = None) -> None:
        """Feedback was kept on the decision with this row; None: it could not be read."""
        ...


def _unread(decision: str) -> None:
    return None


@dataclass(frozen=True)
class CountedDecisionLog:
    """Passes everything on to `log`, and tells `counts`.

    `find` reads the row of a decision, so that feedback counts for the model that answered: the
    row is in the log whichever process decided, and however long ago.
    """

    log: DecisionLog
    counts: LogCounts
    find: Callable[[str], Mapping[str, Any] | None] = _unread

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event. Raises DecisionLogError, counted."""
        try:
            await self.log.record(event)
        except DecisionLogError:
            self.counts.log_write_failed()
            raise

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None:
        """Keep the feedback, counted. Raises UnknownDecision, and DecisionLogError, counted."""
        try:
            await self.log.record_feedback(feedback, key_name)
        except DecisionLogError:
            self.counts.log_write_failed()
            raise
        self.counts.rated(feedback, await self._row_of(feedback.decision))

    async def close(self) -> None:
        """Finish writing."""
        await self.log.close()

    async def _row_of(self, decision: str) -> Mapping[str, Any] | None:
        try:
            return await asyncio.to_thread(self.find, decision)
        except DecisionLogError:
            # The feedback is kept: a figure less precise is no reason to refuse it.
            return None
