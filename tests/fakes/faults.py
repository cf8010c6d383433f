"""Every fault that an upstream can have, by name: what it sends instead of a chat completion.

BEFORE: those that show before the first token, so that no caller need ever notice. MIDWAY: those of
a stream that has begun. HARMLESS: odd, but whole.
"""

from collections.abc import Callable, Mapping

from tests.fakes.scripted_upstream import (
    DONE,
    SSE,
    Received,
    Script,
    event,
    hanging,
    hanging_up,
    page,
    plain,
    refusal,
    streamed,
)

Fault = Callable[[bool], Script]
"""From whether a stream was asked for."""

TOKENS = ("One, ", "two, ", "three.")
TEXT = "".join(TOKENS)
USAGE = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
_HEAD = {"id": "c1", "created": 7, "model": "m"}
_CHUNK = {**_HEAD, "object": "chat.completion.chunk"}


def _chunk(token: str | None = None, finish: str | None = None) -> bytes:
    delta = {} if token is None else {"content": token}
    return event({**_CHUNK, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


EVENTS = (
    *map(_chunk, TOKENS),
    _chunk(finish="stop"),
    event({**_CHUNK, "choices": [], "usage": USAGE}),
    DONE,
)
_MESSAGE = {"role": "assistant", "content": TEXT}
_CHOICE = {"index": 0, "message": _MESSAGE, "finish_reason": "stop"}
WHOLE = {**_HEAD, "object": "chat.completion", "choices": [_CHOICE], "usage": USAGE}
_TOLD = event({"error": {"message": "out of memory", "type": "server_error"}})


def good(stream: bool) -> Script:
    """The whole answer."""
    return streamed(*EVENTS) if stream else plain(WHOLE)


def answering(seen: Received) -> Script:
    """The same, for a request as it came."""
    return good(bool(seen.json.get("stream")))


def _cut_body(stream: bool) -> Script:
    body = plain(WHOLE).pieces[0]
    return Script(headers=SSE) if stream else Script(pieces=(body[:40],), ending="cut")


def _truncated(stream: bool) -> Script:
    body = plain(WHOLE).pieces[0]
    return streamed(EVENTS[0][:20]) if stream else plain(body[: len(body) // 2])


def _giant(stream: bool) -> Script:
    piece = b" " * 1024 * 1024
    return Script(headers=SSE if stream else {}, pieces=(piece,) * 65)


BEFORE: Mapping[str, Fault] = {
    "reset": lambda stream: hanging_up("reset"),
    "close": lambda stream: hanging_up(),
    "no http": lambda stream: Script(pieces=(b"SSH-2.0-x\r\n\r\n",), head=False, ending="cut"),
    "500": lambda stream: refusal(500),
    "502": lambda stream: refusal(502),
    "503 retry-after": lambda stream: refusal(503, retry_after="30"),
    "429 retry-after": lambda stream: refusal(429, retry_after="30"),
    "html": lambda stream: page(),
    "truncated": _truncated,
    "cut body": _cut_body,
    "giant": _giant,
    "error first": lambda stream: Script(
        headers=SSE if stream else {"content-type": "application/json"}, pieces=(_TOLD,)
    ),
    "hang before head": lambda stream: hanging(),
    "hang after head": lambda stream: Script(
        headers=SSE if stream else {"content-type": "application/json"}, ending="stall"
    ),
}
MIDWAY: Mapping[str, Fault] = {
    "cut midway": lambda stream: streamed(*EVENTS[:2], ending="cut"),
    "reset midway": lambda stream: streamed(*EVENTS[:2], ending="reset"),
    "ended midway": lambda stream: streamed(*EVENTS[:2]),
    "half an event": lambda stream: streamed(*EVENTS[:2], EVENTS[2][:20]),
    "error midway": lambda stream: streamed(*EVENTS[:2], _TOLD),
    "stall midway": lambda stream: streamed(*EVENTS[:2], ending="stall"),
}
HARMLESS: Mapping[str, Fault] = {
    "no done": lambda stream: streamed(*EVENTS[:-1]) if stream else good(stream),
    "slow drip": lambda stream: (
        streamed(*EVENTS, gap_s=0.02) if stream else Script(pieces=_halves(), gap_s=0.05)
    ),
    "close after": lambda stream: _closing(stream),
}


def _halves() -> tuple[bytes, ...]:
    body = plain(WHOLE).pieces[0]
    return body[:30], body[30:]


def _closing(stream: bool) -> Script:
    whole = good(stream)
    return Script(headers={**whole.headers, "connection": "close"}, pieces=whole.pieces)
