"""openai_http: any OpenAI-compatible server. Body and answer pass through as bytes.

Rule: of the caller's headers none goes up; of the upstream's only an allow-list comes down; no
text that we write holds an address or a key.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr
from yarl import URL

from router import __version__
from router.core.catalog import OpenAIHTTPSpec
from router.errors import UpstreamBroken, UpstreamTimeout, UpstreamUnreachable
from router.ports import Reply, UpstreamCall
from router.upstreams.connections import Connections
from router.upstreams.hidden import Blotter, blotted
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
        self._urls: dict[str, URL] = {}
        self._known_headers: dict[tuple[str, bool], Mapping[str, str]] = {}
        self._timeout = aiohttp.ClientTimeout(total=spec.timeout, sock_connect=spec.connect_timeout)
        connections.hold()

    async def open(self, call: UpstreamCall) -> Reply:
        """Send the call. Raises UpstreamUnreachable or UpstreamTimeout."""
        try:
            async with asyncio.timeout(self._spec.first_byte_timeout):
                response = await self._sent(call)
        except aiohttp.ConnectionTimeoutError:
            raise UpstreamTimeout(_NO_CONNECTION_IN_TIME) from None
        except TimeoutError:
            raise UpstreamTimeout(_NO_ANSWER_IN_TIME) from None
        except (aiohttp.ClientConnectionError, OSError):
            raise UpstreamUnreachable(_UNREACHABLE) from None
        except (aiohttp.ClientError, ValueError):
            raise UpstreamUnreachable(_NOT_HTTP) from None
        return _HTTPReply(response, self._spec.idle_timeout, self._hidden)

    async def close(self) -> None:
        """Let go of the pool."""
        await self._connections.release()

    async def _sent(self, call: UpstreamCall) -> aiohttp.ClientResponse:
        trace = SimpleNamespace(reused=False)
        try:
            return await self._post(self._connections.session, call, trace)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if not trace.reused or isinstance(error, aiohttp.ClientConnectorError):
                raise
        # A pooled connection had been closed by the server while idle: nothing was read on it,
        # so the request is sent once more, on a connection that cannot be as old.
        try:
            return await self._post(self._connections.fresh, call, trace)
        except aiohttp.ConnectionTimeoutError:
            raise
        except (aiohttp.ClientConnectionError, OSError):
            raise UpstreamUnreachable(_UNREACHABLE, resent=True) from None

    async def _post(
        self, session: aiohttp.ClientSession, call: UpstreamCall, trace: SimpleNamespace
    ) -> aiohttp.ClientResponse:
        return await session.post(
            self._url(call.path),
            data=call.body,
            headers={**self._headers(call.path, call.stream), **call.headers},
            allow_redirects=False,
            timeout=self._timeout,
            trace_request_ctx=trace,
        )

    def _url(self, path: str) -> URL:
        # `base_url` ends with the API's version, as OpenAI's own clients have it.
        url = self._urls.get(path)
        if url is None:
            tail = path.removeprefix("/v1").lstrip("/")
            url = self._urls[path] = URL(f"{self._spec.base_url.rstrip('/')}/{tail}")
        return url

    def _headers(self, path: str, stream: bool) -> Mapping[str, str]:
        headers = self._known_headers.get((path, stream))
        if headers is None:
            headers = {
                "accept": EVENT_STREAM if stream else JSON,
                "accept-encoding": "identity",
                "content-type": JSON,
                "user-agent": f"slm-router/{__version__}",
                **self._authorization(path),
            }
            self._known_headers[path, stream] = headers
        return headers

    def _authorization(self, path: str) -> Mapping[str, str]:
        if self._key is None:
            return {}
        usual = "x-api-key" if path.startswith(ANTHROPICS) else "authorization"
        name = self._spec.api_key_header or usual
        secret = self._key.get_secret_value()
        return {name: secret if name == "x-api-key" else f"Bearer {secret}"}


class _HTTPReply:
    """An answer as it arrives. `hidden` is what no error's text may tell: our key, the address."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        idle_timeout: float,
        hidden: tuple[bytes | None, bytes],
    ) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = passed_on(response.headers.items())
        self._response = response
        self._idle_timeout = idle_timeout
        self._streams = response.content_type == EVENT_STREAM and response.status < 400
        self._hidden = hidden

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises UpstreamBroken or UpstreamTimeout."""
        if self.status >= 400:
            # An error is gathered whole first: some servers quote the key that they refuse.
            body = b"".join([chunk async for chunk in self._arriving(MAX_ERROR_BYTES)])
            yield blotted(body, [secret for secret in self._hidden if secret])
        elif self._streams:
            async for chunk in self._streaming():
                yield chunk
        else:
            async for chunk in self._arriving(MAX_PLAIN_BYTES):
                yield chunk

    async def close(self) -> None:
        """Drop the connection if the answer is not complete; else it is back in the pool."""
        self._response.close()

    async def _streaming(self) -> AsyncIterator[bytes]:
        blotter = Blotter(*self._hidden)
        async for chunk in self._arriving(None):
            if passed := blotter.feed(chunk):
                yield passed
        if rest := blotter.rest():
            yield rest

    async def _arriving(self, limit: int | None) -> AsyncIterator[bytes]:
        content, received = self._response.content, 0
        try:
            while not content.at_eof():
                async with asyncio.timeout(self._idle_timeout):
                    chunk = await content.read(MAX_PIECE_BYTES)
                if not chunk:
                    return
                received += len(chunk)
                if limit is not None and received > limit:
                    raise UpstreamBroken(_TOO_LARGE)
                yield chunk
        except TimeoutError:
            raise UpstreamTimeout(_STALLED) from None
        except (aiohttp.ClientError, OSError):
            raise UpstreamBroken(_BROKE_OFF) from None
