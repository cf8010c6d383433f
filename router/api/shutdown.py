"""What a caller hears whose request outlasts the time that a shutdown gives it."""

import asyncio

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from router.api.errors import error_body
from router.runtime import Runtime

SHUT_DOWN = "The gateway was shut down before this answer was complete. Ask again."


class CutShort:
    """ASGI middleware that ends in good form what the server cancels once we stop serving.

    Without it such a request would end as a crash, in the log and for the caller.
    """

    def __init__(self, app: ASGIApp, runtime: Runtime) -> None:
        self._app = app
        self._runtime = runtime

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; while we serve, a cancellation too."""
        begun = False

        async def noted(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:
            if self._runtime.accepting or scope["type"] != "http":
                raise
            if begun:
                # An event stream, which has told by now that it is not whole.
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await _refusal()(scope, receive, send)


def _refusal() -> Response:
    body = error_body(SHUT_DOWN, "server_error", "shut_down")
    return Response(body, 503, {"retry-after": "1"}, "application/json")
