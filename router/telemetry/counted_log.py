"""CountedDecisionLog: a decision log around another, which counts the rows that were not kept."""

from collections.abc import Callable

from router.core.event import RoutingEvent
from router.errors import DecisionLogError
from router.ports import DecisionLog


class CountedDecisionLog:
    """Passes everything on to `log`; `failed` is called for each event it could not keep."""

    def __init__(self, log: DecisionLog, failed: Callable[[], None]) -> None:
        self._log = log
        self._failed = failed

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event. Raises DecisionLogError, counted."""
        try:
            await self._log.record(event)
        except DecisionLogError:
            self._failed()
            raise

    async def close(self) -> None:
        """Finish writing."""
        await self._log.close()
