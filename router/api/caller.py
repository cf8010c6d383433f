"""The caller's end of a connection: its body, bounded, and whether it is still there."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope

from router.api.leaving import Leaving
from router.api.nesting import within_depth
from router.errors import BodyTooLarge, CallerLeft

_T = TypeVar("_T")


async def body_of(request: Request, most: int) -> bytes:
    """The request's body.

    Raises BodyTooLarge before more than `most` bytes were read, InvalidRequest if its JSON is
    nested too deep, CallerLeft if it breaks off.
    """
    parts: list[bytes] = []
    size = _stated(request.scope)
    size = size if size > most else 0
    if size <= most:
        size = 0
        try:
            async for chunk in request.stream():
                size += len(chunk)
                if size > most:
                    break
                parts.append(chunk)
        except ClientDisconnect:
            raise CallerLeft("The caller left before its request was whole.") from None
    if size > most:
        raise BodyTooLarge(f"The body exceeds the limit of {most} bytes.")
    return within_depth(b"".join(parts))


def _stated(scope: Scope) -> int:
    """The length that the request's head states, 0 if none. Looked for without the framework's
    mapping of headers, which decodes them all."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def unless_caller_leaves(receive: Receive, work: Awaitable[_T]) -> _T:
    """The result of `work`, which is cancelled as soon as the caller leaves.

    Raises CallerLeft in that case. `receive` must have given the whole body already.
    """
    doing = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait((doing, leaving), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        doing.cancel()
        await asyncio.wait((doing,))
        raise CallerLeft("The caller closed the connection.")
    finally:
        leaving.cancel()
        doing.cancel()


async def while_caller_stays(
    scope: Scope, receive: Receive, work: Awaitable[_T], interrupted: Callable[[bool], None]
) -> _T:
    """As `unless_caller_leaves`, at a smaller price where the connection tells by itself.

    `interrupted` is called with True if `work` is cancelled for any other reason, before it learns
    of that, and with False if it goes on all the same.
    """
    leaving = Leaving.of(scope)
    if leaving is not None:
        return await leaving.unless_left(work, interrupted)
    try:
        return await unless_caller_leaves(receive, work)
    except asyncio.CancelledError:
        interrupted(True)
        raise


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
