"""The caller's end of a connection: its body, bounded, and whether it is still there."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from router.api.leaving import Leaving
from router.api.nesting import within_depth
from router.errors import BodyTooLarge, CallerLeft

_T = TypeVar("_T")


async def body_of(request: Request, most: int) -> bytes:
    """The request's body.

    Raises BodyTooLarge before more than `most` bytes were read, InvalidRequest if its JSON is
    nested too deep, CallerLeft if it breaks off.
    """
    if _stated(request.scope) > most:
        raise _too_large(most)
    receive = request.receive
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body") or message["type"] != "http.request":
        body = await _rest(receive, message, most)
    if len(body) > most:
        raise _too_large(most)
    return within_depth(body)


async def _rest(receive: Receive, message: Message, most: int) -> bytes:
    """A body of which one message has come, up to a byte over the bound."""
    parts: list[bytes] = []
    size = 0
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most or not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    raise CallerLeft("The caller left before its request was whole.")


def _too_large(most: int) -> BodyTooLarge:
    told = f"The body exceeds the limit of {most} bytes"
    return BodyTooLarge(f"{told}, which its operator sets by SLM_ROUTER_MAX_BODY_BYTES.")


def _stated(scope: Scope) -> int:
    """The length that the request's head states, 0 if none. Looked for without the framework's
    mapping of headers, which decodes them all."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def unless_caller_leaves(
    receive: Receive, work: Awaitable[_T], leaving: Leaving | None = None
) -> _T:
    """The result of `work`, which is cancelled as soon as the caller leaves; `leaving` says so.

    Raises CallerLeft in that case. `receive` must have given the whole body already.
    """
    doing = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait((doing, gone), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        if leaving is not None:
            leaving.left = True
        doing.cancel()
        await asyncio.wait((doing,))
        raise CallerLeft("The caller closed the connection.")
    finally:
        gone.cancel()
        doing.cancel()


async def while_caller_stays(scope: Scope, receive: Receive, work: Awaitable[_T]) -> _T:
    """As `unless_caller_leaves`, at a smaller price where the connection tells by itself.

    Once the work is cancelled it can ask the request's Leaving whether the caller did that.
    """
    leaving = Leaving.of(scope)
    if not leaving.told:
        return await unless_caller_leaves(receive, work, leaving)
    if leaving.left:
        # It went before this began. What has to be done all the same is done while leaving.
        return await unless_caller_leaves(_nobody_there, work, leaving)
    return await leaving.unless_left(work)


async def _nobody_there() -> Message:
    return {"type": "http.disconnect"}


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
