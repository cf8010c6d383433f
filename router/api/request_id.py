"""Every answer carries a request id, whoever of us gave it.

The id of a decision names its row in the log; where nothing was decided the id names nothing but
the answer itself, and begins otherwise.
"""

import secrets
import time
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAME = "x-request-id"
_NAME = NAME.encode()


def new_id(prefix: str = "dec_") -> str:
    """An id that sorts by time, and cannot be guessed."""
    return f"{prefix}{time.time_ns() // 1_000_000:011x}{secrets.token_hex(8)}"


def named(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers with a request id where they have none."""
    return {NAME: new_id("req_"), **headers}


class RequestId:
    """ASGI middleware that names the answer where no decision has named it already."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with the header."""

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                if not any(name == _NAME for name, _ in headers):
                    headers.append((_NAME, new_id("req_").encode()))
                    message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, with_id if scope["type"] == "http" else send)
