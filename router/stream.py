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
from router.errors import UpstreamBroken

MAX_EVENT_BYTES = 16 * 1024 * 1024
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n")
_LONGEST_BLANK_LINE = 4
_DONE = b"[DONE]"
_TELLING = (b'"usage"', b'"error"', b'"finish_reason":"', b'"finish_reason": "')
"""What an event holds that tells more than a token; a token that holds it is only parsed too."""


class _Choice(msgspec.Struct):
    finish_reason: str | None = None


class _Event(msgspec.Struct):
    """The few fields that are read; a chunk may hold any others."""

    choices: list[_Choice] = []
    usage: dict[str, object] | None = None
    error: object = None


_events = msgspec.json.Decoder(_Event)


class StreamReader:
    """Follows one stream. `withhold_usage`: the caller did not ask for the usage event, we did.

    `begun` once an event with data has come, `events` how many held content so far: about as many
    tokens have been received. `usage` is the upstream's own count, once told.
    """

    def __init__(self, withhold_usage: bool) -> None:
        self.begun = False
        self.events = 0
        self.usage: Usage | None = None
        self._withhold_usage = withhold_usage
        self._finished = False
        self._buffer = bytearray()
        self._searched = 0
        self._last: bytes | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """The events that `chunk` completes and that may go on now.

        `data: [DONE]` is kept for `end`, so that a request can be recorded before its last byte.
        Raises UpstreamBroken for an error event, and for an event that exceeds all bounds.
        """
        self._buffer += chunk
        passed = [event for event in self._split() if self._passes(event)]
        if len(self._buffer) > MAX_EVENT_BYTES:
            raise UpstreamBroken("The upstream sent an event without an end.")
        return passed

    def end(self) -> bytes:
        """The bytes still owed once the upstream has ended the stream.

        Raises UpstreamBroken if it ended before any answer was complete.
        """
        rest = bytes(self._buffer)
        self._buffer.clear()
        if rest.strip() and not self._passes(rest):
            rest = b""
        if not self._finished and self._last is None:
            raise UpstreamBroken("The upstream ended the stream before the answer was complete.")
        return rest + (self._last or b"")

    def _split(self) -> Iterator[bytes]:
        start = 0
        # What was searched before is not searched again, but for the start of a blank line.
        for match in _BLANK_LINE.finditer(self._buffer, self._searched):
            yield bytes(self._buffer[start : match.end()])
            start = match.end()
        del self._buffer[:start]
        self._searched = max(len(self._buffer) - _LONGEST_BLANK_LINE + 1, 0)

    def _passes(self, event: bytes) -> bool:
        data = _data(event)
        if data is None:
            return True
        self.begun = True
        if data == _DONE:
            self._last = event
            return False
        # A cheap look first: most events are one token and need no parsing.
        if any(mark in data for mark in _TELLING):
            return self._read(data)
        self.events += 1
        return True

    def _read(self, data: bytes) -> bool:
        try:
            event = _events.decode(data)
        except UNREADABLE:
            # Not the form we know: the caller's client shall judge it, as it would without us.
            return True
        if event.error is not None and not event.choices:
            raise UpstreamBroken("The upstream reported an error in the middle of its answer.")
        self._finished |= any(choice.finish_reason for choice in event.choices)
        self.events += bool(event.choices)
        if event.usage is not None:
            self.usage = read_usage(event.usage) or self.usage
        return not (self._withhold_usage and event.usage is not None and not event.choices)


def _data(event: bytes) -> bytes | None:
    """The event's data: its `data:` lines joined; None for comments and other fields alone."""
    if event.startswith(b"data: ") and event.count(b"\n") <= 2 and b"\r" not in event:
        return event[6:].rstrip(b"\n")
    lines = re.split(rb"\r\n|\n|\r", event)
    data = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    return b"\n".join(data) if data else None
