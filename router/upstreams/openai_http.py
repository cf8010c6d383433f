"""openai_http: any OpenAI-compatible server. Body and answer pass through as bytes.

Rule: of the caller's headers none goes up; of the upstream's only an allow-list comes down; no
text that we write holds an address or a key.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict
from pydantic import SecretStr
from yarl import URL

from router import __version__
from router.core.catalog import OpenAIHTTPSpec
from router.deadlines import within
from router.errors import UpstreamBroken, UpstreamTimeout, UpstreamUnreachable
from router.ports import Reply, UpstreamCall
from router.upstreams.connections import SOCKETS_MADE, Connections
from router.upstreams.hidden import Blotter, blotted
from router.upstreams.posting import Answer, ClientRequest, HttpProcessingError, head_of, post
from router.upstreams.reply import EVENT_STREAM, JSON, passed_on

MAX_PLAIN_BYTES = 64 * 1024 * 1024
"""Largest answer that is not a stream; a larger one is a fault, not an answer."""

MAX_PIECE_BYTES = 32 * 1024
"""As much of an answer is taken up at once: what waits for a slow reader is held several times."""

MAX_ERROR_BYTES = 1024 * 1024
ANTHROPICS = "/messages"

_UNREACHABLE = "The upstream cannot be reached."
_NOT_HTTP = "The upstream did not answer as an HTTP server does."
_BROKE_OFF = "The upstream broke off in the middle of its answer."
_TOO_LARGE = "The upstream's answer is too large."
_NO_CONNECTION_IN_TIME = "The upstream took too long to accept a connection."
_NO_ANSWER_IN_TIME = "The upstream took too long to begin its answer."
_STALLED = "The upstream stopped sending in the middle of its answer."


_BROKE_BEFORE_AN_ANSWER = (
    aiohttp.ServerDisconnectedError,
    aiohttp.ClientOSError,
    aiohttp.ClientConnectionResetError,
)


class OpenAIHTTP:
    """One server. `connections` may be shared with others; `close` lets go of it."""

    def __init__(
        self, spec: OpenAIHTTPSpec, key: SecretStr | None, connections: Connections
    ) -> None:
        self._spec = spec
        secret = key.get_secret_value().strip() if key else ""
        self._key = SecretStr(secret) if secret else None
        self._hidden = (secret.encode() or None, urlsplit(spec.base_url).netloc.encode())
        self._connections = connections
        self._routes: dict[str, ClientRequest] = {}
        self._heads: dict[tuple[str, bool], bytes] = {}
        # The whole time is bounded by `open` and by the reply: a timer less for each call.
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=spec.connect_timeout)
        self._first_byte_s = min(spec.first_byte_timeout, spec.timeout)
        connections.hold()

    async def open(self, call: UpstreamCall) -> Reply:
        """Send the call. Raises UpstreamUnreachable or UpstreamTimeout."""
        now = asyncio.get_running_loop().time()
        try:
            with within(self._first_byte_s):
                response = await self._sent(call)
        except aiohttp.ConnectionTimeoutError:
            raise UpstreamTimeout(_NO_CONNECTION_IN_TIME) from None
        except TimeoutError:
            raise UpstreamTimeout(_NO_ANSWER_IN_TIME) from None
        except (aiohttp.ClientConnectionError, OSError):
            raise UpstreamUnreachable(_UNREACHABLE) from None
        except (aiohttp.ClientError, HttpProcessingError, ValueError):
            raise UpstreamUnreachable(_NOT_HTTP) from None
        times = _Times(now + self._first_byte_s, self._spec.idle_timeout, now + self._spec.timeout)
        return _HTTPReply(response, call.stream, times, self._hidden)

    async def close(self) -> None:
        """Let go of the pool."""
        await self._connections.release()

    async def _sent(self, call: UpstreamCall) -> Answer:
        head = self._head(call)
        made: list[None] = []
        SOCKETS_MADE.set(made)
        try:
            return await self._posted(self._connections.pool, call, head)
        except _BROKE_BEFORE_AN_ANSWER as error:
            if made or isinstance(error, aiohttp.ClientConnectorError):
                raise
        # A pooled connection had been closed by the server while idle: nothing was read on it,
        # so the request is sent once more, on a connection that cannot be as old.
        try:
            closing = {**call.headers, "connection": "close"}
            head = self._written(call.path, call.stream, closing)
            return await self._posted(self._connections.fresh, call, head)
        except aiohttp.ConnectionTimeoutError:
            raise
        except (aiohttp.ClientConnectionError, OSError):
            raise UpstreamUnreachable(_UNREACHABLE, resent=True) from None

    async def _posted(self, pool: aiohttp.TCPConnector, call: UpstreamCall, head: bytes) -> Answer:
        return await post(pool, self._route(call.path), self._timeout, head, call.body)

    def _route(self, path: str) -> ClientRequest:
        # `base_url` ends with the API's version, as OpenAI's own clients have it.
        route = self._routes.get(path)
        if route is None:
            tail = path.removeprefix("/v1").lstrip("/")
            url = URL(f"{self._spec.base_url.rstrip('/')}/{tail}")
            route = self._routes[path] = ClientRequest("POST", url)
        return route

    def _head(self, call: UpstreamCall) -> bytes:
        if call.headers:
            return self._written(call.path, call.stream, call.headers)
        place = call.path, call.stream
        head = self._heads.get(place)
        if head is None:
            head = self._heads[place] = self._written(*place, {})
        return head

    def _written(self, path: str, stream: bool, more: Mapping[str, str]) -> bytes:
        url = self._route(path).url
        headers = CIMultiDict(
            {
                "host": url.host_port_subcomponent or "",
                "accept": EVENT_STREAM if stream else JSON,
                "accept-encoding": "identity",
                "content-type": JSON,
                "user-agent": f"slm-router/{__version__}",
                **self._authorization(path),
            }
        )
        headers.update(more)
        return head_of(url.raw_path_qs, headers)

    def _authorization(self, path: str) -> Mapping[str, str]:
        if self._key is None:
            return {}
        usual = "x-api-key" if path.startswith(ANTHROPICS) else "authorization"
        name = self._spec.api_key_header or usual
        secret = self._key.get_secret_value()
        return {name: secret if name == "x-api-key" else f"Bearer {secret}"}


class _Times(NamedTuple):
    """Until when an answer may begin and end, on the loop's clock, and for how many seconds it may
    be silent in between: a head may come long before there is an answer."""

    begin: float
    idle_s: float
    end: float


class _HTTPReply:
    """An answer as it arrives. `streamed`: it was asked for as it comes. `hidden` is what no
    error's text may tell: our key, the address."""

    __slots__ = ("_hidden", "_response", "_streamed", "_times", "headers", "status")

    def __init__(
        self,
        response: Answer,
        streamed: bool,
        times: _Times,
        hidden: tuple[bytes | None, bytes],
    ) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = passed_on(response.headers.items())
        self._response = response
        self._streamed = streamed
        self._times = times
        self._hidden = hidden

    def at_hand(self) -> bytes | None:
        """The whole of a plain answer that came with its head, as nearly all do."""
        content = self._response.content
        if not content.is_eof() or self.status >= 400 or content.total_bytes > MAX_PLAIN_BYTES:
            return None
        return None if self._streams or content.exception() else content.read_nowait()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises UpstreamBroken or UpstreamTimeout."""
        if self.status >= 400:
            # An error is gathered whole first: some servers quote the key that they refuse.
            body = b"".join([chunk async for chunk in self._arriving(MAX_ERROR_BYTES)])
            yield blotted(body, [secret for secret in self._hidden if secret])
            return
        # What is passed on as it arrives is held nowhere.
        arriving = self._arriving(None if self._streamed else MAX_PLAIN_BYTES)
        if not self._streams:
            async for chunk in arriving:
                yield chunk
            return
        blotter = Blotter(*self._hidden)
        async for chunk in arriving:
            if passed := blotter.feed(chunk):
                yield passed
        if rest := blotter.rest():
            yield rest

    async def close(self) -> None:
        """Drop the connection if the answer is not complete; else it is back in the pool."""
        self._response.close()

    @property
    def _streams(self) -> bool:
        kind = self.headers.get("content-type", "")
        return self.status < 400 and kind.lower().startswith(EVENT_STREAM)

    def _silence_s(self, received: int) -> float:
        """For how many seconds nothing may come now. Raises TimeoutError if none are left. An error
        has no reason to take its time."""
        if received or self.status >= 400:
            return self._times.idle_s
        left_s = self._times.begin - asyncio.get_running_loop().time()
        if left_s <= 0:
            raise TimeoutError
        return left_s

    async def _arriving(self, limit: int | None) -> AsyncIterator[bytes]:
        content, received = self._response.content, 0
        clock = asyncio.get_running_loop().time
        try:
            while not content.at_eof():
                left_s = self._times.end - clock()
                if left_s <= 0:
                    raise TimeoutError
                if content.total_bytes > received:
                    # What has come already is waited for by nobody, so no limit is set.
                    chunk = content.read_nowait(MAX_PIECE_BYTES)
                else:
                    with within(min(self._silence_s(received), left_s)):
                        chunk = await content.read(MAX_PIECE_BYTES)
                if not chunk:
                    return
                received += len(chunk)
                if limit is not None and received > limit:
                    raise UpstreamBroken(_TOO_LARGE)
                yield chunk
        except TimeoutError:
            raise UpstreamTimeout(_STALLED if received else _NO_ANSWER_IN_TIME) from None
        except (aiohttp.ClientError, OSError):
            raise UpstreamBroken(_BROKE_OFF) from None
