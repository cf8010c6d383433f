"""HTTP/1: what RFC 9112 asks of a server and uvicorn leaves to us, and the refusal of a request
that no application sees.

Rule: a caller who speaks HTTP/1.1 and names its host once pays for none of it.
"""

from collections.abc import Iterable
from http import HTTPStatus
from socket import SO_LINGER, SOL_SOCKET
from struct import pack
from typing import Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from router.api.errors import error_body
from router.api.request_id import new_id

NO_HOST = (HTTPStatus.BAD_REQUEST, "The request has no header `Host`, which HTTP/1.1 asks for.")
"""The refusal of a request that does not name its host (RFC 9112, 3.2)."""

_AT_ONCE = pack("ii", 1, 0)
"""A `linger` of no time at all (socket(7)): closing resets the connection."""

SEVERAL_HOSTS = (HTTPStatus.BAD_REQUEST, "The request has several headers `Host`, not one.")
"""The refusal of one that names several: whoever passed it on may have gone by another."""


class Unchunked(RequestResponseCycle):
    """An answer to a caller of HTTP/1.0, who knows no chunks (RFC 9112, 6.1): where its length is
    not known beforehand, it ends with the connection."""

    _to_the_end = False

    async def run_asgi(self, app: Any) -> None:
        """Answer it. What breaks off before its end is reset: a clean end would make it whole."""
        await super().run_asgi(app)
        if self._to_the_end and not self.response_complete and not self.disconnected:
            socket = self.transport.get_extra_info("socket")
            if socket is not None:
                socket.setsockopt(SOL_SOCKET, SO_LINGER, _AT_ONCE)
            self.transport.abort()

    async def send(self, message: Any) -> None:
        """Send a part of it."""
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message.get("headers", ())}
            self._to_the_end = b"content-length" not in names
            if self._to_the_end:
                self.chunked_encoding = False
        elif self._to_the_end:
            # The server holds an answer to the length that it expects.
            self.expected_content_length = len(message.get("body", b""))
        await super().send(message)


def wrong_host(headers: Iterable[tuple[bytes, bytes]], version: str) -> tuple[int, str] | None:
    """The refusal of a request that does not name one host; HTTP/1.0 did not know that header."""
    hosts = [name for name, _ in headers].count(b"host")
    if hosts == 1:
        return None
    if hosts:
        return SEVERAL_HOSTS
    return None if version == "1.0" else NO_HOST


def refusal(status: int, message: str) -> bytes:
    """An error in OpenAI's form, as it goes over the wire; the connection ends with it."""
    body = error_body(message, "invalid_request_error", None)
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nx-request-id: {new_id('req_')}\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body
