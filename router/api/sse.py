"""Relays an exchange's event stream to the caller, byte for byte, and ends it honestly."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from router.api.caller import while_caller_stays
from router.api.error_forms import ErrorForm
from router.api.errors import words_of
from router.errors import CallerLeft, RouterError, UpstreamBroken, UpstreamError
from router.exchange import Exchange

_SHUT_DOWN = UpstreamBroken("The gateway was shut down in the middle of this answer.")


class EventStream(Response):
    """An answer of server-sent events. A stream that breaks ends in an error event, never in
    silence: a client must not take half an answer for a whole one."""

    media_type = "text/event-stream"

    def __init__(self, exchange: Exchange, headers: Mapping[str, str], errors: ErrorForm) -> None:
        super().__init__(b"", 200, {**headers, "cache-control": "no-cache"})
        del self.headers["content-length"]
        self._exchange = exchange
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it ends or the caller leaves."""
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        try:
            await while_caller_stays(scope, receive, self._relay(send), self._exchange.interrupt)
        except CallerLeft:
            return
        except asyncio.CancelledError:
            # We are being shut down under it.
            await send(self._told(_SHUT_DOWN))
            raise

    async def _relay(self, send: Send) -> None:
        async with aclosing(self._exchange.events()) as events:
            try:
                async for event in events:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            except UpstreamError as error:
                await send(self._told(error))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _told(self, error: RouterError) -> Message:
        event = self._errors.event(words_of(error))
        return {"type": "http.response.body", "body": event, "more_body": True}
