"""Streams whose events name their type: OpenAI's responses and Anthropic's messages, as bytes.

The last event is kept back for `end`, so that a request can be recorded before its last byte.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from router.answer import UNREADABLE, UsageFields, object_in
from router.core.cost import Usage
from router.errors import UpstreamBroken
from router.lenient import decoded
from router.stream import MAX_EVENT_BYTES, Splitter, data_of, told_in_stream


@dataclass(frozen=True, slots=True)
class Typed:
    """One kind of typed stream: the types with which it ends, those of them that say that the
    answer failed, how its usage is read, and how many bytes an event may have.

    `answers` may come, each with an end of its own; the stream is whole with one of them."""

    last: frozenset[str]
    failed: frozenset[str]
    read_usage: Callable[[UsageFields], Usage | None]
    most_bytes: int = MAX_EVENT_BYTES
    answers: int = 1


class Made(msgspec.Struct):
    """What an answer says of its being kept. Any upstream's: anything may stand there."""

    id: object = None
    store: object = None


_made = msgspec.json.Decoder(Made)


def made_in(body: bytes) -> Made:
    """What a plain answer says of it. Raises UpstreamBroken if it is no object."""
    try:
        return _made.decode(body)
    except UNREADABLE:
        return msgspec.convert(object_in(body), Made)


class _Holder(Made):
    usage: dict[str, object] | None = None


class _Event(msgspec.Struct):
    """The few fields that are read."""

    type: str = ""
    error: object = None
    usage: dict[str, object] | None = None
    message: _Holder | str | None = None
    response: _Holder | None = None


_events = msgspec.json.Decoder(_Event)


class TypedReader:
    """Follows one stream; see `router.ports.Events`. `made` is the answer, as it was told last."""

    def __init__(self, kind: Typed) -> None:
        self.begun = False
        self.events = 0
        self.failed = False
        self._kind = kind
        self._marks = tuple(name.encode() for name in (*kind.last, '"usage"', '"error"'))
        self._splitter = Splitter(kind.most_bytes)
        self._ended = 0
        self._counted: dict[str, object] = {}
        self._last: bytes | None = None
        self.made = Made()

    @property
    def usage(self) -> Usage | None:
        """The upstream's own count, of all that its events told of it."""
        return self._kind.read_usage(self._counted) if self._counted else None

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events that may go on now. Raises UpstreamError at one that tells a fault."""
        return filter(self._passes, self._splitter.feed(chunk))

    def end(self) -> bytes:
        """The last event. Raises UpstreamBroken if it has not come."""
        rest = self._splitter.rest()
        if rest.strip() and not self._passes(rest):
            rest = b""
        if not self._ended:
            raise UpstreamBroken("The upstream ended the stream before the answer was complete.")
        return rest + (self._last or b"")

    def _passes(self, event: bytes) -> bool:
        data = data_of(event)
        if data is None:
            return True
        if self._last is not None:
            # Whatever still comes (`[DONE]`) goes after the last event.
            self._last += event
            if len(self._last) > 2 * self._kind.most_bytes:
                raise UpstreamBroken("The upstream sent on behind the end of its answer.")
            return False
        if any(mark in data for mark in self._marks):
            return self._read(event, data)
        self.begun = True
        # Others only open and close what deltas fill.
        self.events += b"delta" in data
        return True

    def _read(self, event: bytes, data: bytes) -> bool:
        try:
            told = decoded(_events, data)
        except UNREADABLE:
            self.begun = True
            return True
        if told.type == "error":
            raise told_in_stream(told.error or {}, data, self.begun)
        self.begun = True
        for holder in (told, told.message, told.response):
            if isinstance(holder, _Holder) and holder.id is not None:
                self.made = holder
            if isinstance(holder, _Event | _Holder) and holder.usage:
                self._counted |= {n: it for n, it in holder.usage.items() if it is not None}
        if told.type in self._kind.last:
            self.failed = told.type in self._kind.failed
            self._ended += 1
            if self._ended < self._kind.answers:
                return True
            self._last = event
            return False
        return True
