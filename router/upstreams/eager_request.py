"""Eager request: an aiohttp request that is written at once, head and body in one piece.

Rule: everything else stays aiohttp's: the pool, TLS, the parser, what a header may hold, and the
sending of bodies too large for a transport to take up. Where a later aiohttp no longer asks these
three methods, requests go out its own way, only dearer.
"""

import aiohttp
from aiohttp import hdrs
from aiohttp.connector import Connection
from aiohttp.http import StreamWriter
from aiohttp.typedefs import LooseHeaders
from multidict import CIMultiDict

AT_ONCE_BYTES = 60 * 1024
"""Largest body written at once: with its head, what a transport takes up with nobody waiting."""


class EagerRequest(aiohttp.ClientRequest):
    """For sessions that give each request bytes, and all its headers with `host` among them.

    aiohttp writes a body in a task of its own, for it may be slow to make or to send. Bytes at
    hand need none: that and fewer copies of the headers are a tenth of what a call costs.
    """

    _at_once: bytes | None = None

    def update_headers(self, headers: LooseHeaders | None) -> None:
        """Take over what the session merged for this request alone, without one more copy."""
        if isinstance(headers, CIMultiDict) and hdrs.HOST in headers:
            self.headers = headers
        else:
            super().update_headers(headers)

    def update_body_from_data(self, body: object, _stacklevel: int = 3) -> None:
        """Keep a small body as it is: it needs no reader, only its length in the head."""
        if isinstance(body, bytes) and len(body) <= AT_ONCE_BYTES and not self.chunked:
            self._at_once = body
            self.headers[hdrs.CONTENT_LENGTH] = str(len(body))
        else:
            super().update_body_from_data(body, _stacklevel + 1)

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request; the response that it will have."""
        protocol = conn.protocol
        if self._at_once is None or protocol is None or protocol.writing_paused:
            return await super().send(conn)
        writer = StreamWriter(protocol, self.loop)
        await writer.write_headers(f"{self.method} {self.url.raw_path_qs} HTTP/1.1", self.headers)
        await writer.write_eof(self._at_once)
        protocol.start_timeout()
        return self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=self._traces,
            loop=self.loop,
            session=self.session,
            stream_writer=writer,
        )
