"""A chat completion's answer as one of OpenAI's responses, plain and as events. Pure.

Rule: the events and the whole answer are made by the same functions.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from router.dialects.translation import Fields, choice_of, event_of

_TOLD_AGAIN = (
    "instructions",
    "max_output_tokens",
    "metadata",
    "parallel_tool_calls",
    "temperature",
    "tool_choice",
    "tools",
    "top_p",
    "user",
    "text",
    "reasoning",
    "service_tier",
)
_DEFAULTS: Fields = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "temperature": None,
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "text": {"format": {"type": "text"}},
    "reasoning": {"effort": None, "summary": None},
}
_CUT = {"length": "max_output_tokens", "content_filter": "content_filter"}


def response(answer: Mapping[str, Any], asked: Mapping[str, Any]) -> Fields:
    """A whole answer; `asked` is the request's body, of which an answer tells much again."""
    choice = choice_of(answer)
    told = choice["message"]
    output = []
    if told.get("reasoning_content"):
        output.append(reasoning_item(answer, told["reasoning_content"]))
    parts = _parts(told)
    if parts:
        output.append(message_item(answer, parts))
    output += [call_item(call) for call in told.get("tool_calls") or ()]
    return finished(answer, asked, output, choice.get("finish_reason"))


def _parts(told: Mapping[str, Any]) -> list[Fields]:
    parts = [text_part(told["content"])] if told.get("content") else []
    return [*parts, refusal_part(told["refusal"])] if told.get("refusal") else parts


def text_part(text: str) -> Fields:
    """What was said."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def refusal_part(text: str) -> Fields:
    """What was refused."""
    return {"type": "refusal", "refusal": text}


def message_item(
    answer: Mapping[str, Any], parts: list[Fields], status: str = "completed"
) -> Fields:
    """The assistant's message."""
    head = {"id": f"msg_{answer.get('id', '')}", "type": "message", "role": "assistant"}
    return {**head, "status": status, "content": parts}


def reasoning_item(answer: Mapping[str, Any], text: str, status: str = "completed") -> Fields:
    """What the model thought aloud."""
    content = [{"type": "reasoning_text", "text": text}] if text else []
    head = {"id": f"rs_{answer.get('id', '')}", "type": "reasoning", "summary": []}
    return {**head, "content": content, "status": status}


def call_item(call: Mapping[str, Any], status: str = "completed") -> Fields:
    """A call of a function."""
    function = call["function"]
    return {
        "id": f"fc_{call['id']}",
        "type": "function_call",
        "call_id": call["id"],
        "name": function["name"],
        "arguments": function.get("arguments") or "",
        "status": status,
    }


def finished(
    answer: Mapping[str, Any], asked: Mapping[str, Any], output: list[Fields], finish: Any
) -> Fields:
    """The response around its items."""
    cut = _CUT.get(str(finish))
    told = begun(answer, asked)
    told["status"] = "incomplete" if cut else "completed"
    told["incomplete_details"] = {"reason": cut} if cut else None
    told["output"] = output
    usage = answer.get("usage")
    told["usage"] = _usage(usage) if usage else None
    return told


def begun(answer: Mapping[str, Any], asked: Mapping[str, Any]) -> Fields:
    """The response before anything is in it."""
    again = {name: asked[name] for name in _TOLD_AGAIN if name in asked}
    told: Fields = {
        "id": f"resp_{answer.get('id', '')}",
        "object": "response",
        "created_at": answer.get("created", 0),
        "model": answer.get("model", ""),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "previous_response_id": None,
        "store": False,
        "truncation": "disabled",
        "output": [],
        "usage": None,
        **_DEFAULTS,
        **again,
    }
    told["text"] = {**_DEFAULTS["text"], **told["text"]}
    return told


def _usage(usage: Mapping[str, Any]) -> Fields:
    given, written = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    details = usage.get("prompt_tokens_details") or {}
    read, written_ahead = (
        details.get(name) or 0 for name in ("cached_tokens", "cache_write_tokens")
    )
    thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
    return {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": written_ahead},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": given + written,
    }


class _Item:
    """One item of the output while it is written. `kind` is text, refusal, reasoning or a call."""

    def __init__(self, index: int, kind: str, call: Mapping[str, Any] | None = None) -> None:
        self.index = index
        self.kind = kind
        self.said = ""
        self.call = dict(call or {})

    def whole(self, answer: Mapping[str, Any], status: str = "completed") -> Fields:
        """The item as far as it has come."""
        if self.kind == "reasoning":
            return reasoning_item(answer, self.said, status)
        if self.kind == "call":
            function = {"name": self.call["name"], "arguments": self.said}
            return call_item({"id": self.call["id"], "function": function}, status)
        return message_item(answer, [self.part()] if self.said else [], status)

    def part(self) -> Fields:
        """A message's one part."""
        return (refusal_part if self.kind == "refusal" else text_part)(self.said)


_EVENTS: Mapping[str, tuple[str, str, Fields]] = {
    "text": ("response.output_text", "text", {"logprobs": []}),
    "refusal": ("response.refusal", "refusal", {}),
    "reasoning": ("response.reasoning_text", "text", {}),
    "call": ("response.function_call_arguments", "arguments", {}),
}
"""By an item's kind: the name of its deltas, the field of their end, and what else is in them."""


class ResponsesWriter:
    """Writes the events."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._asked = asked
        self._head: Mapping[str, Any] = {}
        self._usage: Any = None
        self._finish: Any = None
        self._number = -1
        self._items: list[_Item] = []
        self._by_kind: dict[str | int, _Item] = {}

    def chunk(self, chunk: Mapping[str, Any]) -> Iterable[bytes]:
        """What a chunk becomes."""
        if not self._head:
            self._head = {**chunk, "usage": None}
            for name in ("response.created", "response.in_progress"):
                yield self._event(name, response=begun(self._head, self._asked))
        self._usage = chunk.get("usage") or self._usage
        choice = choice_of(chunk)
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta") or {}
        for field, kind in (
            ("reasoning_content", "reasoning"),
            ("content", "text"),
            ("refusal", "refusal"),
        ):
            if delta.get(field):
                yield from self._said(kind, kind, delta[field])
        for piece in delta.get("tool_calls") or ():
            function = piece.get("function") or {}
            call = {"id": piece.get("id"), "name": function.get("name")}
            at = piece.get("index") or 0
            yield from self._said(at, "call", function.get("arguments") or "", call)

    def end(self) -> Iterable[bytes]:
        """What closes the stream."""
        for item in self._items:
            yield from self._closed(item)
        output = [item.whole(self._head) for item in self._items]
        answer = {**self._head, "usage": self._usage}
        told = finished(answer, self._asked, output, self._finish)
        yield self._event(f"response.{told['status']}", response=told)

    def _said(
        self, key: str | int, kind: str, piece: str, call: Mapping[str, Any] | None = None
    ) -> Iterator[bytes]:
        item = self._by_kind.get(key)
        if item is None:
            item = self._by_kind[key] = _Item(len(self._items), kind, call)
            self._items.append(item)
            whole = item.whole(self._head, "in_progress")
            yield self._event("response.output_item.added", output_index=item.index, item=whole)
            if kind in ("text", "refusal"):
                yield self._at(item, "response.content_part.added", part=item.part())
        if piece:
            item.said += piece
            name, _, beside = _EVENTS[kind]
            yield self._at(item, f"{name}.delta", delta=piece, **beside)

    def _closed(self, item: _Item) -> Iterator[bytes]:
        name, field, beside = _EVENTS[item.kind]
        named = {"name": item.call["name"]} if item.kind == "call" else {}
        yield self._at(item, f"{name}.done", **{field: item.said}, **beside, **named)
        if item.kind in ("text", "refusal"):
            yield self._at(item, "response.content_part.done", part=item.part())
        whole = item.whole(self._head)
        yield self._event("response.output_item.done", output_index=item.index, item=whole)

    def _at(self, item: _Item, name: str, /, **fields: Any) -> bytes:
        place: Fields = {"item_id": item.whole(self._head)["id"], "output_index": item.index}
        if item.kind != "call":
            place["content_index"] = 0
        return self._event(name, **place, **fields)

    def _event(self, name: str, /, **fields: Any) -> bytes:
        self._number += 1
        return event_of(name, {"type": name, "sequence_number": self._number, **fields})
