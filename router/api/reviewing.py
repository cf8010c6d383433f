"""Which answers are to be judged, and that nothing begins before their callers have them."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from router.core.judging import lot_of
from router.dialects.answer_text import ENDPOINTS
from router.recording import Trace


def draw_for(trace: Trace) -> None:
    """Draw the lot of an answer, where its policy has answers judged and chose who gives it.

    Who names a model has chosen: how well that does is not ours to prove.
    """
    call, routed = trace.call, trace.routed
    judging = routed.in_force.judging
    if judging is None or routed.decision.arm == "named":
        return
    if call.endpoint in ENDPOINTS and call.request.answers == 1:
        trace.lot = lot_of(judging, call.id)


class Reviewed:
    """An answer, and what is done about it once the last of it is on its way."""

    __slots__ = ("_answer", "_review", "_trace")

    def __init__(self, answer: ASGIApp, trace: Trace, review: Callable[[Trace], None]) -> None:
        self._answer = answer
        self._trace = trace
        self._review = review

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await self._answer(scope, receive, send)
        self._review(self._trace)
