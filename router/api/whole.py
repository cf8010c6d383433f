"""WholeAnswer: an answer that is there before any of it goes out.

Our own connections (`router/connection.py`) take its head and body in one piece; to them that is a
single write, where the server's own way looks through every header again. Under any other server it
goes out as the two messages that ASGI knows.
"""

from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import Receive, Scope, Send

_AT_ONCE = "slm_router.at_once"

Write = Callable[[Scope, int, bytes, bytes], bool]
"""Writes the answer to a request: its status, its header lines and its body. False if it cannot
do so now; the usual way is open then."""


def put_into(scope: Any, write: Write) -> None:
    """Let the answer to a request be written by its connection."""
    scope[_AT_ONCE] = write


def sent_in_messages(scope: Scope) -> None:
    """Have the answer to a request go out as ASGI's messages, which can be looked at on the way."""
    scope.pop(_AT_ONCE, None)


class WholeAnswer:
    """Status, headers (names in lower case) and body."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._status = status
        self._headers = headers
        self._body = body
        headers["content-length"] = str(len(body))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        at_once: Write | None = scope.get(_AT_ONCE)
        if at_once is not None:
            lines = header_lines(self._headers)
            if lines is not None and at_once(scope, self._status, lines, self._body):
                return
        pairs = header_pairs(self._headers)
        await send({"type": "http.response.start", "status": self._status, "headers": pairs})
        await send({"type": "http.response.body", "body": self._body})


def header_lines(headers: Mapping[str, str]) -> bytes | None:
    """Headers as they are sent; None for what the server itself should judge."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    # Where every character prints, none of them ends a line.
    if not (told := "".join(lines)).isprintable() or not told.isascii():
        return None
    return "\r\n".join((*lines, "")).encode()


def header_pairs(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as ASGI has them."""
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
