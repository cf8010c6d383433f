"""Relays an exchange's event stream to the caller, byte for byte, and ends it honestly."""

import asyncio
from contextlib import aclosing

from starlette.types import Message, Receive, Scope, Send

from router.api.caller import while_caller_stays
from router.api.error_forms import ErrorForm
from router.api.errors import words_of
from router.api.leaving import Leaving
from router.api.whole import header_pairs
from router.errors import CallerLeft, RouterError, UpstreamBroken, UpstreamError
from router.exchange import Exchange

_SHUT_DOWN = UpstreamBroken("The gateway was shut down in the middle of this answer.")


class EventStream:
    """An answer of server-sent events. A stream that breaks ends in an error event, never in
    silence: a client must not take half an answer for a whole one."""

    def __init__(self, exchange: Exchange, headers: dict[str, str], errors: ErrorForm) -> None:
        self._headers = headers
        self._exchange = exchange
        self._errors = errors
        headers["cache-control"] = "no-cache"
        headers["content-type"] = "text/event-stream; charset=utf-8"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it ends or the caller leaves."""
        pairs = header_pairs(self._headers)
        await send({"type": "http.response.start", "status": 200, "headers": pairs})
        try:
            await while_caller_stays(scope, receive, self._relay(scope, send))
        except CallerLeft:
            return
        except asyncio.CancelledError:
            # We are being shut down under it.
            await send(self._told(_SHUT_DOWN))
            raise

    async def _relay(self, scope: Scope, send: Send) -> None:
        async with aclosing(self._exchange.events()) as events:
            try:
                async for event in events:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            except UpstreamError as error:
                await send(self._told(error))
            except OSError:
                # How some servers tell that nobody listens any more.
                Leaving.of(scope).left = True
                raise
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _told(self, error: RouterError) -> Message:
        event = self._errors.event(words_of(error))
        return {"type": "http.response.body", "body": event, "more_body": True}
