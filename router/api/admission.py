"""When a request's turn comes: once its body is whole, so that slow senders hold no slot.

Whom there is no room for is told before anything of the request is looked at: a refusal that costs
as much as an answer would be no help under overload.
"""

from functools import lru_cache

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.api.access import caller_in
from router.api.caller import unless_caller_leaves
from router.api.error_forms import ErrorForm, form_of
from router.api.errors import respond
from router.core.access import ANYONE
from router.errors import Overloaded
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
                told = str(refusal), refusal.retry_after_s
                await _answer(form_of(scope["path"]), *told)(scope, receive, send)
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


@lru_cache(maxsize=16)
def _answer(form: ErrorForm, told: str, retry_after_s: float) -> Response:
    """A refusal written out: the same few are sent thousands of times."""
    return respond(Overloaded(told, retry_after_s), form=form)
