"""When a request's turn comes: once its body is whole, so that slow senders hold no slot.

Whom there is no room for is told before anything of the request is looked at: a refusal that costs
as much as an answer would be no help under overload.
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.api.access import caller_in
from router.api.caller import unless_caller_leaves
from router.api.errors import on_router_error
from router.core.access import ANYONE
from router.ports import Limiter


class Admission:
    """ASGI middleware that has the limiter asked as soon as somebody has read a body to its end.

    Requests whose body nobody reads, such as GET /metrics, pass without. Where the limiter would
    refuse now, what brings a body is refused at once.
    """

    def __init__(self, app: ASGIApp, limiter: Limiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; the last piece of the body may be held back, or be refused."""
        limiter, caller = self._limiter, caller_in(scope) or ANYONE
        if scope["type"] == "http" and scope["method"] == "POST":
            refusal = limiter.refusal(caller)
            if refusal is not None:
                answer = await on_router_error(Request(scope), refusal)
                await answer(scope, receive, send)
                return
        entered = False

        async def admitted() -> Message:
            nonlocal entered
            message = await receive()
            if entered or message.get("more_body") or message["type"] != "http.request":
                return message
            waiting = limiter.enter(caller)
            if waiting is not None:
                await unless_caller_leaves(receive, waiting)
            entered = True
            return message

        try:
            await self._app(scope, admitted, send)
        finally:
            if entered:
                limiter.leave(caller)
