"""posting: one POST over a connection of aiohttp's pool.

Rule: connecting, pooling, TLS and reading answers are aiohttp's. The request is written here, for
it is a head that is the same every time and a body that is at hand: what aiohttp's session makes
ready for any other kind costs as much as the rest of a call does
(docs/decisions/0052-a-request-is-written-over-aiohttps-pool.md).
"""

import re
from collections.abc import Mapping

import aiohttp
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError
from aiohttp.streams import StreamReader
from multidict import CIMultiDictProxy

_NO_PART_OF_A_HEADER = re.compile(r"[\r\n\0]")


class Answer:
    """An answer whose head has come. Its connection is back in the pool once all of it has."""

    __slots__ = ("_connection", "content", "headers", "status")

    def __init__(
        self,
        status: int,
        headers: CIMultiDictProxy[str],
        content: StreamReader,
        connection: Connection,
    ) -> None:
        self.status = status
        self.headers = headers
        self.content = content
        self._connection: Connection | None = connection
        content.on_eof(self._complete)

    def close(self) -> None:
        """Drop the connection, unless all has come. Whoever waits for more is told."""
        connection, self._connection = self._connection, None
        if connection is not None:
            if self.content.exception() is None:
                self.content.set_exception(aiohttp.ClientConnectionError("Connection closed"))
            connection.close()

    def _complete(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.release()


def head_of(target: str, headers: Mapping[str, str]) -> bytes:
    """What a request begins with, up to the value of its last header, the length of its body.

    Raises ValueError for a header that would be more than one line.
    """
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    if any(_NO_PART_OF_A_HEADER.search(line) for line in lines):
        raise ValueError("A header holds the end of a line.")
    return "\r\n".join([*lines, "content-length: "]).encode()


async def post(
    pool: aiohttp.BaseConnector,
    route: ClientRequest,
    limits: aiohttp.ClientTimeout,
    head: bytes,
    body: bytes,
) -> Answer:
    """Send a request and wait for the head of its answer.

    `route` is any request to the same place: the pool finds and makes connections by it. Raises
    what aiohttp's session does, but for HttpProcessingError where no HTTP comes back.
    """
    try:
        connection = await pool.connect(route, traces=[], timeout=limits)
    except TimeoutError as error:
        raise aiohttp.ConnectionTimeoutError("Connection timeout") from error
    try:
        protocol, transport = connection.protocol, connection.transport
        if protocol is None or transport is None or transport.is_closing():
            raise aiohttp.ClientConnectionResetError("Cannot write to closing transport")
        protocol.set_response_params(read_until_eof=True)
        transport.write(b"%b%d\r\n\r\n%b" % (head, len(body), body))
        while True:
            told, content = await protocol.read()
            # Others tell only that an answer is on its way.
            if told.code >= 200 or told.code == 101:
                return Answer(told.code, told.headers, content, connection)
    except BaseException:
        # A cancellation too: whoever asked has left, and the upstream is to notice.
        connection.close()
        raise


__all__ = ["Answer", "ClientRequest", "HttpProcessingError", "head_of", "post"]
