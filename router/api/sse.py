"""Relays an exchange's event stream to the caller, byte for byte, and ends it honestly."""

from collections.abc import Mapping
from contextlib import aclosing

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from router.api.caller import unless_caller_leaves
from router.api.errors import error_json
from router.errors import CallerLeft, UpstreamError
from router.exchange import Exchange


class EventStream(Response):
    """An answer of server-sent events. A stream that breaks ends in an error event, never in
    silence: a client must not take half an answer for a whole one."""

    media_type = "text/event-stream"

    def __init__(self, exchange: Exchange, headers: Mapping[str, str]) -> None:
        super().__init__(b"", 200, {**headers, "cache-control": "no-cache"})
        del self.headers["content-length"]
        self._exchange = exchange

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, until it ends or the caller leaves."""
        head = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(head)
        try:
            await unless_caller_leaves(receive, self._relay(send))
        except CallerLeft:
            return

    async def _relay(self, send: Send) -> None:
        async with aclosing(self._exchange.events()) as events:
            try:
                async for event in events:
                    await send({"type": "http.response.body", "body": event, "more_body": True})
            except UpstreamError as error:
                told = b"data: " + error_json(error) + b"\n\n"
                await send({"type": "http.response.body", "body": told, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
