"""CircuitObserver: tells the operator of circuits that open and close: a metric, and a line each.

Rule: a target that stays down is one line, however often it is probed.
"""

import logging
from collections.abc import Callable

from router.core.circuit import FAILURES_TO_OPEN, OPEN_S, State, Target

logger = logging.getLogger(__name__)


class CircuitObserver:
    """Called with every change; `gauge` is told the new state."""

    def __init__(self, gauge: Callable[[Target, str, State], None]) -> None:
        self._gauge = gauge

    def __call__(self, kind: Target, name: str, before: State, after: State) -> None:
        """The circuit of a model or an upstream has changed its state."""
        self._gauge(kind, name, after)
        if before == "closed":
            logger.warning(
                "%s %s failed %d times in a row: not asked for %g s, then tried by one request",
                kind,
                name,
                FAILURES_TO_OPEN,
                OPEN_S,
            )
        elif after == "closed":
            logger.warning("%s %s answers again", kind, name)
