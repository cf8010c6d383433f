"""The event stream of a chat completion: split, observed and, where asked, held back.

Pure: bytes in, bytes out. Events leave exactly as they came; they are split at line feeds and
carriage returns only (WHATWG HTML, section 9.2.6), never at the other characters that
`str.splitlines` takes for line ends, which occur inside tokens.
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from router.core.cost import Usage
from router.errors import UpstreamBroken

MAX_EVENT_BYTES = 16 * 1024 * 1024
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r|\r\n\n|\n\r\n")
_DONE = b"[DONE]"


class _Choice(msgspec.Struct):
    finish_reason: str | None = None


class _Event(msgspec.Struct):
    """The few fields that are read; a chunk may hold any others."""

    choices: list[_Choice] = []
    usage: dict[str, object] | None = None
    error: object = None


class StreamReader:
    """Follows one stream. `withhold_usage`: the caller did not ask for the usage event, we did."""

    def __init__(self, withhold_usage: bool) -> None:
        self.usage: Usage | None = None
        self.events = 0
        """Events with content so far: about as many tokens have been received."""
        self._withhold_usage = withhold_usage
        self._finished = False
        self._buffer = b""
        self._last: bytes | None = None
        self._decoder = msgspec.json.Decoder(_Event)

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
        rest, self._buffer = self._buffer, b""
        if rest.strip() and not self._passes(rest):
            rest = b""
        if not self._finished and self._last is None:
            raise UpstreamBroken("The upstream ended the stream before the answer was complete.")
        return rest + (self._last or b"")

    def _split(self) -> Iterator[bytes]:
        start = 0
        for match in _BLANK_LINE.finditer(self._buffer):
            yield self._buffer[start : match.end()]
            start = match.end()
        self._buffer = self._buffer[start:]

    def _passes(self, event: bytes) -> bool:
        data = _data(event)
        if data is None:
            return True
        if data == _DONE:
            self._last = event
            return False
        # A cheap look first: most events are one token and need no parsing.
        if b'"usage"' in data or b'"error"' in data or b'"finish_reason":"' in data:
            return self._read(data)
        if b'"finish_reason": "' in data:
            return self._read(data)
        self.events += 1
        return True

    def _read(self, data: bytes) -> bool:
        try:
            event = self._decoder.decode(data)
        except msgspec.MsgspecError:
            # Not the form we know: the caller's client shall judge it, as it would without us.
            return True
        if event.error is not None and not event.choices:
            raise UpstreamBroken("The upstream reported an error in the middle of its answer.")
        self._finished |= any(choice.finish_reason for choice in event.choices)
        self.events += bool(event.choices)
        if event.usage is not None:
            self.usage = read_usage(event.usage) or self.usage
        return not (self._withhold_usage and event.usage is not None and not event.choices)


def read_usage(usage: Mapping[str, object]) -> Usage | None:
    """OpenAI's `usage` object as a Usage; None if it holds no whole counts."""
    prompt, completion = usage.get("prompt_tokens"), usage.get("completion_tokens", 0)
    if not isinstance(prompt, int) or not isinstance(completion, int):
        return None
    return Usage(
        input_tokens=prompt,
        output_tokens=completion,
        cached_input_tokens=_detail(usage, "prompt_tokens_details", "cached_tokens"),
        reasoning_tokens=_detail(usage, "completion_tokens_details", "reasoning_tokens"),
    )


def _detail(usage: Mapping[str, object], group: str, name: str) -> int:
    details = usage.get(group)
    value = details.get(name) if isinstance(details, dict) else None
    return value if isinstance(value, int) else 0


def _data(event: bytes) -> bytes | None:
    """The event's data: its `data:` lines joined; None for comments and other fields alone."""
    if event.startswith(b"data: ") and event.count(b"\n") <= 2 and b"\r" not in event:
        return event[6:].rstrip(b"\n")
    lines = re.split(rb"\r\n|\n|\r", event)
    data = [line[5:].removeprefix(b" ") for line in lines if line.startswith(b"data:")]
    return b"\n".join(data) if data else None
