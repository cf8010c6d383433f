"""CountedDecisionLog: a decision log around another, which counts what it kept and what it lost."""

from collections.abc import Callable

from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.errors import DecisionLogError
from router.ports import DecisionLog


class CountedDecisionLog:
    """Passes everything on to `log`.

    `failed` is called for each row it could not keep, `rated` for each piece of feedback it kept.
    """

    def __init__(
        self,
        log: DecisionLog,
        failed: Callable[[], None],
        rated: Callable[[Feedback], None] = lambda feedback: None,
    ) -> None:
        self._log = log
        self._failed = failed
        self._rated = rated

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event. Raises DecisionLogError, counted."""
        try:
            await self._log.record(event)
        except DecisionLogError:
            self._failed()
            raise

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None:
        """Keep the feedback, counted. Raises UnknownDecision, and DecisionLogError, counted."""
        try:
            await self._log.record_feedback(feedback, key_name)
        except DecisionLogError:
            self._failed()
            raise
        self._rated(feedback)

    async def close(self) -> None:
        """Finish writing."""
        await self._log.close()
