"""A chat completion's answer as one of Anthropic's messages, plain and as events. Pure.

Reasoning that a model tells is left out: who thinks aloud here was not asked to, and what stands
first in a message is what clients read.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from router.answer import UNREADABLE
from router.dialects.translation import Fields, choice_of, event_of

STOPS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}


def message(answer: Mapping[str, Any]) -> Fields:
    """A whole answer."""
    choice = choice_of(answer)
    told = choice["message"]
    content: list[Fields] = []
    said = told.get("content") or told.get("refusal")
    if said:
        content.append({"type": "text", "text": said})
    content += [_tool_use(call) for call in told.get("tool_calls") or ()]
    stopped = _stopped(choice, refused=not told.get("content") and bool(told.get("refusal")))
    usage = _usage(answer.get("usage") or {})
    return {**_head(answer), "content": content, **stopped, "usage": usage}


def _head(answer: Mapping[str, Any]) -> Fields:
    return {
        "id": f"msg_{answer.get('id', '')}",
        "type": "message",
        "role": "assistant",
        "model": answer.get("model", ""),
    }


def _tool_use(call: Mapping[str, Any]) -> Fields:
    function = call["function"]
    given = msgspec.json.decode(function.get("arguments") or "{}")
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": given}


def _stopped(choice: Mapping[str, Any], refused: bool) -> Fields:
    reason = STOPS.get(str(choice.get("finish_reason")), "end_turn")
    # vLLM tells which stop sequence ended the answer; others do not tell that one did.
    sequence = choice.get("stop_reason")
    if reason == "end_turn" and isinstance(sequence, str):
        return {"stop_reason": "stop_sequence", "stop_sequence": sequence}
    return {"stop_reason": "refusal" if refused else reason, "stop_sequence": None}


def _usage(usage: Mapping[str, Any]) -> Fields:
    cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return {
        "input_tokens": (usage.get("prompt_tokens") or 0) - cached,
        "output_tokens": usage.get("completion_tokens") or 0,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
    }


class _Call:
    """A tool call as it comes in, in pieces."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = ""

    def add(self, piece: Mapping[str, Any]) -> str:
        """Take in a piece; the arguments in it."""
        function = piece.get("function") or {}
        self.id = piece.get("id") or self.id
        self.name = function.get("name") or self.name
        arguments = function.get("arguments") or ""
        self.arguments += arguments
        return str(arguments)

    @property
    def is_whole(self) -> bool:
        """Whether the arguments are complete JSON."""
        try:
            msgspec.json.decode(self.arguments)
        except UNREADABLE:
            return False
        return True


class MessagesWriter:
    """Writes the events. Blocks stand one after another, so of calls that come interleaved one is
    passed on as it comes, and the others once it is whole."""

    def __init__(self) -> None:
        self._begun = False
        self._index = -1
        self._open: str | int | None = None
        self._calls: dict[int, _Call] = {}
        self._written: set[int] = set()
        self._choice: Mapping[str, Any] = {}
        self._refused = False
        self._usage: Mapping[str, Any] = {}

    def chunk(self, chunk: Mapping[str, Any]) -> Iterable[bytes]:
        """What a chunk becomes."""
        if not self._begun:
            self._begun = True
            yield self._event("message_start", message=_opening(chunk))
        self._usage = chunk.get("usage") or self._usage
        choice = choice_of(chunk)
        if choice.get("finish_reason"):
            self._choice = choice
        delta = choice.get("delta") or {}
        self._refused |= bool(delta.get("refusal"))
        said = delta.get("content") or delta.get("refusal")
        if said:
            yield from self._said(said)
        for piece in delta.get("tool_calls") or ():
            yield from self._called(piece)

    def end(self) -> Iterable[bytes]:
        """What closes the stream."""
        yield from self._close()
        for at in self._calls.keys() - self._written:
            yield from self._start_call(at)
            yield from self._close()
        stopped = _stopped(self._choice, self._refused)
        yield self._event("message_delta", delta=stopped, usage=_usage(self._usage))
        yield self._event("message_stop")

    def _said(self, text: str) -> Iterator[bytes]:
        if self._open != "text":
            yield from self._start("text", {"type": "text", "text": ""})
        yield self._delta({"type": "text_delta", "text": text})

    def _called(self, piece: Mapping[str, Any]) -> Iterator[bytes]:
        at = piece.get("index") or 0
        call = self._calls.setdefault(at, _Call())
        arguments = call.add(piece)
        if self._open == at:
            yield from self._arguments(arguments)
        elif at not in self._written and self._may_start():
            yield from self._start_call(at)

    def _may_start(self) -> bool:
        return not isinstance(self._open, int) or self._calls[self._open].is_whole

    def _start_call(self, at: int) -> Iterator[bytes]:
        call = self._calls[at]
        self._written.add(at)
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        yield from self._start(at, block)
        yield from self._arguments(call.arguments)

    def _arguments(self, arguments: str) -> Iterator[bytes]:
        if arguments:
            yield self._delta({"type": "input_json_delta", "partial_json": arguments})

    def _start(self, what: str | int, block: Fields) -> Iterator[bytes]:
        yield from self._close()
        self._index += 1
        self._open = what
        yield self._event("content_block_start", index=self._index, content_block=block)

    def _close(self) -> Iterator[bytes]:
        if self._open is not None:
            self._open = None
            yield self._event("content_block_stop", index=self._index)

    def _delta(self, delta: Fields) -> bytes:
        return self._event("content_block_delta", index=self._index, delta=delta)

    def _event(self, name: str, **fields: Any) -> bytes:
        return event_of(name, {"type": name, **fields})


def _opening(chunk: Mapping[str, Any]) -> Fields:
    """The message before anything is said; its usage is told at the end."""
    stopped = {"stop_reason": None, "stop_sequence": None}
    return {**_head(chunk), "content": [], **stopped, "usage": _usage({})}
