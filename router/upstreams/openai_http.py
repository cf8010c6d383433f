"""openai_http: any OpenAI-compatible server. Body and answer pass through as bytes.

Rule: of the caller's headers none goes up; of the upstream's only an allow-list comes down; no
text that we write holds an address or a key.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace

import aiohttp
from pydantic import SecretStr
from yarl import URL

from router import __version__
from router.core.catalog import OpenAIHTTPSpec
from router.errors import UpstreamBroken, UpstreamTimeout, UpstreamUnreachable
from router.ports import Reply, UpstreamCall
from router.upstreams.connections import Connections
from router.upstreams.reply import EVENT_STREAM, JSON, blotted, passed_on

MAX_PLAIN_BYTES = 64 * 1024 * 1024
"""Largest answer that is not a stream; a larger one is a fault, not an answer."""

MAX_ERROR_BYTES = 1024 * 1024

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
        self._key = key
        self._connections = connections
        self._urls: dict[str, URL] = {}
        self._timeout = aiohttp.ClientTimeout(total=spec.timeout, sock_connect=spec.connect_timeout)
        self._plain = self._headers(JSON)
        self._streamed = self._headers(EVENT_STREAM)
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
        streams = response.content_type == EVENT_STREAM and response.status < 400
        limit = None if streams else MAX_PLAIN_BYTES
        return _HTTPReply(response, self._spec.idle_timeout, limit, self._key)

    async def close(self) -> None:
        """Let go of the pool."""
        await self._connections.release()

    async def _sent(self, call: UpstreamCall) -> aiohttp.ClientResponse:
        trace = SimpleNamespace(reused=False)
        try:
            return await self._post(call, trace)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            if not trace.reused or isinstance(error, aiohttp.ClientConnectorError):
                raise
        # A pooled connection had been closed by the server while idle: nothing was read on it,
        # so the request is sent once more.
        return await self._post(call, trace)

    async def _post(self, call: UpstreamCall, trace: SimpleNamespace) -> aiohttp.ClientResponse:
        return await self._connections.session.post(
            self._url(call.path),
            data=call.body,
            headers=self._streamed if call.stream else self._plain,
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

    def _headers(self, accept: str) -> Mapping[str, str]:
        headers = {
            "accept": accept,
            "accept-encoding": "identity",
            "content-type": JSON,
            "user-agent": f"slm-router/{__version__}",
        }
        if self._key is not None:
            headers["authorization"] = f"Bearer {self._key.get_secret_value()}"
        return headers


class _HTTPReply:
    """An answer as it arrives. `limit` bounds its size in bytes (None = a stream)."""

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        idle_timeout: float,
        limit: int | None,
        key: SecretStr | None,
    ) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = passed_on(response.headers.items())
        self._response = response
        self._idle_timeout = idle_timeout
        self._limit = limit
        self._key = key

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body. Raises UpstreamBroken or UpstreamTimeout."""
        if self.status < 400:
            async for chunk in self._arriving(self._limit):
                yield chunk
            return
        # An error is gathered whole first: some servers quote the key that they refuse.
        body = b"".join([chunk async for chunk in self._arriving(MAX_ERROR_BYTES)])
        yield body if self._key is None else blotted(body, self._key)

    async def close(self) -> None:
        """Drop the connection if the answer is not complete; else it is back in the pool."""
        self._response.close()

    async def _arriving(self, limit: int | None) -> AsyncIterator[bytes]:
        content, received = self._response.content, 0
        try:
            while not content.at_eof():
                async with asyncio.timeout(self._idle_timeout):
                    chunk = await content.readany()
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
