"""Replies that upstreams have in common, and what of an upstream's headers may be passed on."""

import re
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import lru_cache

import msgspec

JSON = "application/json"
EVENT_STREAM = "text/event-stream"

_PASSED_ON = frozenset(
    {"content-type", "retry-after", "retry-after-ms", "x-should-retry", "openai-processing-ms"}
)
_RATE_LIMIT = re.compile(r"x-ratelimit-[a-z0-9-]{1,64}")
_PLAIN = re.compile(r"[\x20-\x7e]{0,1000}")
_REQUEST_ID = "x-request-id"
UPSTREAM_REQUEST_ID = "x-upstream-request-id"
"""The upstream's own request id travels under this name: `x-request-id` is the gateway's."""


class BytesReply:
    """A reply whose body is at hand."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    def at_hand(self) -> bytes:
        """The body."""
        return self._body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, at once."""
        yield self._body

    async def close(self) -> None:
        """Nothing is held."""


def error_reply(
    status: int,
    message: str,
    type_: str,
    *,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> BytesReply:
    """A reply in the form of OpenAI's errors."""
    error = {"message": message, "type": type_, "param": param, "code": code}
    told = {**(headers or {}), "content-type": JSON}
    return BytesReply(status, told, msgspec.json.encode({"error": error}))


def passed_on(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The upstream's headers that a caller may see, by allow-list, with lower-case names.

    Values that no header of ours may hold, such as those that go on in another line, are left out.
    """
    kept: dict[str, str] = {}
    for name, value in headers:
        passed = _passed_as(name)
        if passed is not None and _PLAIN.fullmatch(value):
            kept[passed] = value
    return kept


@lru_cache(maxsize=512)
def _passed_as(name: str) -> str | None:
    """A header's name for callers, None if it stays here. Servers send the same names each time."""
    name = name.lower()
    if name == _REQUEST_ID:
        return UPSTREAM_REQUEST_ID
    return name if name in _PASSED_ON or _RATE_LIMIT.fullmatch(name) else None
