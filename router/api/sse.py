"""Relays an answer to the caller as it arrives, byte for byte, and ends it honestly."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

from starlette.types import Message, Receive, Scope, Send

from router.api.caller import while_caller_stays
from router.api.error_forms import ErrorForm
from router.api.errors import words_of
from router.api.leaving import Leaving
from router.api.whole import header_pairs
from router.errors import CallerLeft, RouterError, UpstreamBroken, UpstreamError
from router.exchange import Exchange
from router.following import EVENT_STREAM

_SHUT_DOWN = UpstreamBroken("The gateway was shut down in the middle of this answer.")
_END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class EventStream:
    """An answer of server-sent events. A stream that breaks ends in an error event, never in
    silence: a client must not take half an answer for a whole one."""

    def __init__(self, exchange: Exchange, headers: dict[str, str], errors: ErrorForm) -> None:
        self._headers = headers
        self._exchange = exchange
        self._errors = errors
        headers["cache-control"] = "no-cache"
        headers["content-type"] = f"{EVENT_STREAM}; charset=utf-8"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it ends or the caller leaves."""
        await send(_head(self._headers))
        try:
            await while_caller_stays(scope, receive, self._relay(scope, send))
        except CallerLeft:
            return
        except asyncio.CancelledError:
            # We are being shut down under it.
            await send(self._told(_SHUT_DOWN))
            raise

    async def _relay(self, scope: Scope, send: Send) -> None:
        try:
            await _relayed(self._exchange, scope, send)
        except UpstreamError as error:
            await send(self._told(error))
        await send(_END)

    def _told(self, error: RouterError) -> Message:
        event = self._errors.event(words_of(error))
        return {"type": "http.response.body", "body": event, "more_body": True}


class ByteStream:
    """An answer in which nothing can be told, such as sound. One that breaks is never ended: the
    server then cuts the connection, which every client takes for what it is."""

    def __init__(self, exchange: Exchange, headers: dict[str, str]) -> None:
        self._headers = headers
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it ends or the caller leaves."""
        await send(_head(self._headers))
        try:
            await while_caller_stays(scope, receive, _relayed(self._exchange, scope, send))
        except (UpstreamError, CallerLeft, asyncio.CancelledError):
            return
        await send(_END)


async def _relayed(exchange: Exchange, scope: Scope, send: Send) -> None:
    """All of an answer but its end. Raises UpstreamError where it breaks."""
    async with aclosing(exchange.events()) as pieces:
        try:
            async for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        except OSError:
            # How some servers tell that nobody listens any more.
            Leaving.of(scope).left = True
            raise


def _head(headers: Mapping[str, str]) -> Message:
    pairs = header_pairs(headers)
    return {"type": "http.response.start", "status": 200, "headers": pairs}
