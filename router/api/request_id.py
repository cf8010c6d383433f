"""Every answer carries a request id, whoever of us gave it.

The id of a decision names its row in the log; where nothing was decided the id names nothing but
the answer itself, and begins otherwise.
"""

import os
import secrets
import time
from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAME = "x-request-id"
_NAME = NAME.encode()


_RANDOM_DIGITS = 16
_AT_A_TIME = 512

_drawn: list[str] = []
# A process that forks would draw what its parent draws.
os.register_at_fork(after_in_child=_drawn.clear)


def _random() -> str:
    """16 random hexadecimal digits. The system is asked for many at a time, for most of the price
    is in the asking."""
    try:
        return _drawn.pop()
    except IndexError:
        digits = secrets.token_hex(_RANDOM_DIGITS // 2 * _AT_A_TIME)
        places = range(_RANDOM_DIGITS, len(digits), _RANDOM_DIGITS)
        _drawn.extend(digits[place : place + _RANDOM_DIGITS] for place in places)
        return digits[:_RANDOM_DIGITS]


def new_id(prefix: str = "dec_") -> str:
    """An id that sorts by time, and cannot be guessed."""
    return f"{prefix}{time.time_ns() // 1_000_000:011x}{_random()}"


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
