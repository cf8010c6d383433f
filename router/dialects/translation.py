"""Translation: what all translated forms have in common on their way through a chat completion.

Rule: a form says what its body becomes, what a plain answer becomes, and what each chunk of a
stream becomes; how a stream is cut, counted and found broken is decided here, once.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, NoReturn, Protocol

import msgspec

from router.answer import UNREADABLE, estimated_output_tokens, object_in, read_usage
from router.core.catalog import Endpoint
from router.core.cost import Usage
from router.errors import InvalidRequest, UpstreamBroken
from router.ports import Told
from router.stream import StreamReader, data_of

_ODD = (KeyError, IndexError, TypeError, AttributeError, *UNREADABLE)
"""What reading raises that meets other things than it was promised."""

Fields = dict[str, Any]
Renames = Mapping[str, str]


def refuse(param: str, message: str) -> NoReturn:
    """The field cannot be put into a chat completion."""
    raise InvalidRequest(message, param)


def with_model(chat: Fields, model: str, speaks: Collection[Endpoint]) -> bytes:
    """A translated body under an upstream's name of the model.

    Whoever speaks responses knows the bound on the answer by its new name, and OpenAI's reasoning
    models by no other; smaller servers know the old one.
    """
    sent = {"model": model, **chat}
    if "responses" in speaks and "max_tokens" in sent:
        sent["max_completion_tokens"] = sent.pop("max_tokens")
    return msgspec.json.encode(sent)


def renamed(fields: Mapping[str, Any], names: Renames) -> Fields:
    """The fields of a table that are there, under the names that the table gives them."""
    return {to: fields[name] for name, to in names.items() if name in fields}


class Writer(Protocol):
    """Writes a stream in the caller's form out of a chat completion's chunks."""

    def chunk(self, chunk: Mapping[str, Any]) -> Iterable[bytes]:
        """The events that a chunk becomes."""
        ...

    def end(self) -> Iterable[bytes]:
        """The events that close a whole stream."""
        ...


class TranslatedEvents:
    """Follows a chat completion's stream and gives what a Writer makes of it."""

    failed = False

    def __init__(self, writer: Writer, answers: int = 1) -> None:
        self._reader = StreamReader(withhold_usage=False, answers=answers)
        self._writer = writer

    @property
    def begun(self) -> bool:
        """Whether an event with data has come."""
        return self._reader.begun

    @property
    def events(self) -> int:
        """How many events with content have come."""
        return self._reader.events

    @property
    def usage(self) -> Usage | None:
        """The upstream's own count."""
        return self._reader.usage

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The events that may go on now. Raises UpstreamError at one that tells a fault."""
        for event in self._reader.each(chunk):
            yield from self._written(event)

    def end(self) -> bytes:
        """What closes the stream. Raises UpstreamBroken if it was cut off."""
        written = self._written(self._reader.end())
        return b"".join((*written, *_made(self._writer.end)))

    def _written(self, event: bytes) -> list[bytes]:
        data = data_of(event)
        if data is None or data.startswith(b"[DONE]"):
            return []
        return _made(self._writer.chunk, object_in(data))


def _made(write: Callable[..., Iterable[bytes]], *given: Any) -> list[bytes]:
    """What a writer makes. Raises UpstreamBroken where it meets what no chat completion holds."""
    try:
        return list(write(*given))
    except _ODD:
        raise UpstreamBroken("The upstream's stream is not a chat completion's.") from None


def told_through(body: bytes, translate: Callable[[Mapping[str, Any]], Fields]) -> Told:
    """A whole chat completion in the caller's form. Raises UpstreamBroken if it is none."""
    answer = object_in(body)
    usage = answer.get("usage")
    counted = read_usage(usage) if isinstance(usage, dict) else None
    try:
        content = msgspec.json.encode(translate(answer))
    except _ODD:
        raise UpstreamBroken("The upstream's answer is not a chat completion.") from None
    return Told(content, counted, 0 if counted else estimated_output_tokens(body))


def choice_of(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one choice of an answer, or of a chunk that has one; else an empty one."""
    choices: list[Any] = answer.get("choices") or [{}]
    choice: Mapping[str, Any] = choices[0]
    return choice


def event_of(name: str | None, data: Mapping[str, Any]) -> bytes:
    """One event of a stream."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + msgspec.json.encode(data) + b"\n\n"
