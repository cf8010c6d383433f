"""When a request's turn comes: once its body is whole, so that slow senders hold no slot.

Whom there is no room for is told before anything of the request is looked at: a refusal that costs
as much as an answer would be no help under overload.
"""

from functools import lru_cache

from starlette.responses import Response
from starlette.types import Message, Receive, Scope

from router.api.caller import unless_caller_leaves
from router.api.error_forms import ErrorForm, form_of
from router.api.errors import respond
from router.core.access import ANYONE, Caller
from router.errors import Overloaded
from router.ports import Limiter


class Admission:
    """Has the limiter asked as soon as somebody has read a body to its end.

    Requests whose body nobody reads, such as GET /metrics, pass without. Where the limiter would
    refuse now, what brings a body is refused at once.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter

    def refusal(self, scope: Scope, caller: Caller | None) -> Response | None:
        """The answer to what brings a body, if there is no room for it now."""
        if scope["method"] != "POST":
            return None
        refusal = self._limiter.refusal(caller or ANYONE)
        if refusal is None:
            return None
        return _answer(form_of(scope), str(refusal), refusal.retry_after_s)

    def turn(self, caller: Caller | None, receive: Receive) -> "Turn":
        """The turn of a request whose body comes by `receive`."""
        return Turn(self._limiter, caller or ANYONE, receive)


class Turn:
    """One request's turn: begins with the last piece of its body, and ends with `leave`."""

    __slots__ = ("_caller", "_entered", "_limiter", "_receive")

    def __init__(self, limiter: Limiter, caller: Caller, receive: Receive) -> None:
        self._limiter = limiter
        self._caller = caller
        self._receive = receive
        self._entered = False

    async def receive(self) -> Message:
        """What comes in; the last piece of the body may be held back, or be refused."""
        message = await self._receive()
        if self._entered or message.get("more_body") or message["type"] != "http.request":
            return message
        waiting = self._limiter.enter(self._caller)
        if waiting is not None:
            await unless_caller_leaves(self._receive, waiting)
        self._entered = True
        return message

    def leave(self) -> None:
        """The request is over, however it ended."""
        if self._entered:
            self._limiter.leave(self._caller)


@lru_cache(maxsize=16)
def _answer(form: ErrorForm, told: str, retry_after_s: float) -> Response:
    """A refusal written out: the same few are sent thousands of times."""
    return respond(Overloaded(told, retry_after_s), form=form)
