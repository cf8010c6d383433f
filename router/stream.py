"""The event stream of a chat completion: split, observed and, where asked, held back.

Pure: bytes in, bytes out. Events leave exactly as they came; they are split at line feeds and
carriage returns only (WHATWG HTML, section 9.2.6), never at the other characters that
`str.splitlines` takes for line ends, which occur inside tokens.
"""

import re
from collections.abc import Iterator

import msgspec

from router.answer import UNREADABLE, read_usage
from router.core.cost import Usage
from router.errors import RefusedInStream, UpstreamBroken, UpstreamError
from router.lenient import decoded

MAX_EVENT_BYTES = 16 * 1024 * 1024
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n")
_LONGEST_BLANK_LINE = 4
_MARK = b"\xef\xbb\xbf"
"""A byte order mark, which may stand before the first line and is none of it."""

_DONE = b"[DONE]"
_USAGE = b'"usage"'
_TELLING = (_USAGE, b'"error"', b'"finish_reason":"', b'"finish_reason": "')
"""What an event holds that tells more than a token; a token that holds it is only parsed too."""

_NONE = (b":null", b": null")
"""What OpenAI tells as usage in every event but one of a stream whose usage was asked for."""


class _Choice(msgspec.Struct):
    """One answer's part of a chunk. Moonshot tells the usage of the whole here."""

    index: int = 0
    finish_reason: str | None = None
    usage: dict[str, object] | None = None


class _Event(msgspec.Struct):
    """The few fields that are read; a chunk may hold any others."""

    choices: list[_Choice] = []
    usage: dict[str, object] | None = None
    error: object = None


_events = msgspec.json.Decoder(_Event)


class Splitter:
    """Cuts a stream into its events, however the network cut it into pieces."""

    def __init__(self, most_bytes: int = MAX_EVENT_BYTES) -> None:
        self._most_bytes = most_bytes
        self._buffer = bytearray()
        self._searched = 0

    @property
    def holds(self) -> bool:
        """Whether an event has come in part."""
        return bool(self._buffer)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events that `chunk` completes. Raises UpstreamBroken for one beyond all bounds."""
        self._buffer += chunk
        start = 0
        # What was searched before is not searched again, but for the start of a blank line.
        for match in _BLANK_LINE.finditer(self._buffer, self._searched):
            yield bytes(self._buffer[start : match.end()])
            start = match.end()
        del self._buffer[:start]
        self._searched = max(len(self._buffer) - _LONGEST_BLANK_LINE + 1, 0)
        if len(self._buffer) > self._most_bytes:
            raise UpstreamBroken("The upstream sent an event without an end.")

    def rest(self) -> bytes:
        """What came after the last event's end."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest


class StreamReader:
    """Follows one stream. `withhold_usage`: the caller did not ask for the usage event, we did.
    `answers`: how many the caller asked for; the stream is whole when all of them are.

    `begun` once an event with data has come, `events` how many held content so far: about as many
    tokens have been received. `usage` is the upstream's own count, once told.
    """

    failed = False

    def __init__(self, withhold_usage: bool, answers: int = 1) -> None:
        self.begun = False
        self.events = 0
        self.usage: Usage | None = None
        self._withhold_usage = withhold_usage
        self._answers = answers
        self._finished: set[int] = set()
        self._splitter = Splitter()
        self._last: bytes | None = None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events that `chunk` completes and that may go on now; tokens in a row in one piece.

        `data: [DONE]` is kept for `end`, so that a request can be recorded before its last byte.
        Raises UpstreamError for an error event, and UpstreamBroken for one without an end, each
        after the events before it.
        """
        told, tokens = (0, 0) if self._splitter.holds else tokens_in(chunk)
        if tokens:
            self.begun = True
            self.events += tokens
            yield chunk[:told]
        if told < len(chunk):
            yield from self.each(chunk[told:])

    def each(self, chunk: bytes) -> Iterator[bytes]:
        """The same, one by one."""
        return filter(self._passes, self._splitter.feed(chunk))

    def end(self) -> bytes:
        """The bytes still owed once the upstream has ended the stream.

        Raises UpstreamBroken if it ended before every answer was complete.
        """
        rest = self._splitter.rest()
        if rest.strip() and not self._passes(rest):
            rest = b""
        if len(self._finished) < self._answers and self._last is None:
            raise UpstreamBroken("The upstream ended the stream before the answer was complete.")
        return rest + (self._last or b"")

    def _passes(self, event: bytes) -> bool:
        data = data_of(event)
        if data is None:
            return True
        if data == _DONE or data.strip() == _DONE:
            self.begun = True
            self._last = event
            return False
        # A cheap look first: most events are one token and need no parsing.
        if _told_before(data, len(data)) < len(data):
            return self._read(data)
        self.begun = True
        self.events += 1
        return True

    def _read(self, data: bytes) -> bool:
        try:
            event = decoded(_events, data)
        except UNREADABLE:
            # Not the form we know: the caller's client shall judge it, as it would without us.
            self.begun = True
            return True
        if event.error:
            raise told_in_stream(event.error, data, self.begun)
        self.begun = True
        self._finished |= {choice.index for choice in event.choices if choice.finish_reason}
        self.events += bool(event.choices)
        for told in (event.usage, *(choice.usage for choice in event.choices)):
            if told is not None:
                self.usage = read_usage(told) or self.usage
                break
        return not (self._withhold_usage and event.usage is not None and not event.choices)


def tokens_in(chunk: bytes) -> tuple[int, int]:
    """How many bytes at the beginning of a piece are whole events of plain tokens, and how many
    events those are; nothing where there is anything else among them, such as a comment.

    The piece is searched and not cut into its events, which costs several times as much.
    """
    end = len(chunk)
    for mark in (b"\r", _DONE):
        at = chunk.find(mark, 0, end)
        end = end if at < 0 else at
    end = chunk.rfind(b"\n\n", 0, _told_before(chunk, end)) + 2
    events = chunk.count(b"\n\n", 0, end)
    begun = chunk.startswith(b"data:") + chunk.count(b"\n\ndata:", 0, end)
    # A line end too many belongs to the event behind it.
    odd = events != begun or chunk.startswith(b"\n\n\n", end - 3)
    return (0, 0) if end < 3 or odd else (end, events)


def _told_before(text: bytes, end: int) -> int:
    """Where the first mark stands before `end` that tells more than a token; `end` if none does."""
    for mark in _TELLING:
        at = text.find(mark, 0, end)
        while mark is _USAGE and at >= 0 and text.startswith(_NONE, at + len(_USAGE)):
            at = text.find(_USAGE, at + len(_USAGE), end)
        end = end if at < 0 else at
    return end


def told_in_stream(error: object, data: bytes, begun: bool) -> UpstreamError:
    """The fault that an event tells; `data` is what it holds, `error` the error object in it.

    Servers that have promised a stream can refuse a request only in its first event, with the
    status as the error's code.
    """
    code = error.get("code") if isinstance(error, dict) else None
    if not begun and isinstance(code, int) and 400 <= code < 600:
        return RefusedInStream(f"The upstream answered with status {code}.", code, data)
    told = "The upstream reported an error in the middle of its answer."
    return UpstreamBroken(told, data)


def data_of(event: bytes) -> bytes | None:
    """The event's data: its `data:` lines joined; None for comments and other fields alone."""
    if event.startswith(b"data: ") and event.count(b"\n") <= 2 and b"\r" not in event:
        return event[6:].rstrip(b"\n")
    lines = re.split(rb"\r\n|\n|\r", event.removeprefix(_MARK))
    data = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    return b"\n".join(data) if data else None
