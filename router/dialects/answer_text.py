"""What an answer says, read back from its bytes: its texts, and its calls of tools as JSON.

Rule: what a model thought aloud is none of it, wherever it stands. Anything may be in an answer,
and what cannot be read is told as such: None.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from router.errors import UpstreamBroken
from router.stream import Splitter, data_of

CHAT, COMPLETIONS, RESPONSES, MESSAGES = "chat.completions", "completions", "responses", "messages"
"""The endpoints whose answers can be read, as the log names them."""

_ODD = (KeyError, IndexError, TypeError, AttributeError, ValueError, RecursionError, UpstreamBroken)
"""What reading raises that meets other things than it expects."""

_THOUGHT = re.compile(r"\s*(?:<think>)?(?:(?!<think>).)*?</think>", re.DOTALL)
"""How models begin whose server does not tell thoughts from words; some leave out the first mark,
for it stands in their prompt."""

_LONE = re.compile("[\ud800-\udbff\udc00-\udc7f]")
"""Halves of a character in UTF-16, less those that stand for bytes that are no UTF-8."""


class _Said:
    """What an answer says, as it comes in: texts and calls, in the order in which they began."""

    def __init__(self) -> None:
        self._pieces: dict[object, list[str]] = {}
        self._names: dict[object, str] = {}

    def say(self, text: Any, key: object = "text") -> None:
        """A piece of a text."""
        if isinstance(text, str) and text:
            self._pieces.setdefault(key, []).append(text)

    def call(self, key: object, name: Any, arguments: Any) -> None:
        """A piece of a call, of which one names the tool."""
        kept = self._pieces.setdefault(key, [])
        if name:
            self._names[key] = str(name)
        if arguments:
            kept.append(arguments if isinstance(arguments, str) else json.dumps(arguments))

    def whole(self) -> str:
        """All of it, a part a paragraph."""
        parts = []
        for key, pieces in self._pieces.items():
            text = _joined(pieces)
            parts.append(_call(self._names[key], text) if key in self._names else _spoken(text))
        return "\n\n".join(part for part in parts if part)


def text_of(endpoint: str, streamed: bool, body: bytes) -> str | None:
    """What a whole answer of an endpoint says; None if it cannot be read, or is no text.

    `body` is as its caller had it: an object, or the events of a stream, to the last.
    """
    said = _Said()
    try:
        if streamed:
            _STREAMED[endpoint](_events(body), said)
        else:
            _PLAIN[endpoint](_decoded(body), said)
    except _ODD:
        return None
    return said.whole()


def without_thoughts(text: str) -> str:
    """A text without what its model thought before it, where that stands in the text itself."""
    thought = _THOUGHT.match(text)
    if thought is not None:
        return text[thought.end() :].strip()
    # Still thinking when it was cut off: nothing was said.
    return "" if text.lstrip().startswith("<think>") else text


def _spoken(text: str) -> str:
    return without_thoughts(text).strip()


def _call(name: str, arguments: str) -> str:
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        given = arguments
    # Halves of characters that were escaped in the arguments are only seen now.
    return _joined([json.dumps({"tool_call": name, "arguments": given}, ensure_ascii=False)])


def _decoded(data: bytes) -> Any:
    # A token may be part of a character: its bytes, or its half of a pair, meet the rest of it
    # only where the pieces are joined.
    return json.loads(data.decode("utf-8", "surrogateescape"))


def _joined(pieces: Iterable[str]) -> str:
    text = "".join(pieces)
    if text.isascii():
        return text
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _LONE.sub("\ufffd", paired).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _events(body: bytes) -> Iterator[Any]:
    splitter = Splitter()
    for event in (*splitter.feed(body), splitter.rest()):
        data = data_of(event)
        if data and data.strip() != b"[DONE]":
            yield _decoded(data)


def _chat(answer: Any, said: _Said) -> None:
    _message(answer["choices"][0]["message"], said)


def _chat_events(events: Iterator[Any], said: _Said) -> None:
    for event in events:
        for choice in event.get("choices") or ():
            _message(choice.get("delta") or {}, said)


def _message(told: Mapping[str, Any], said: _Said) -> None:
    """A message, or a piece of one."""
    if told.get("audio"):
        raise ValueError("sound cannot be read")
    content = told.get("content")
    for part in content if isinstance(content, list) else ():
        said.say(part.get("text") if part.get("type") == "text" else None)
    said.say(content)
    said.say(told.get("refusal"), "refusal")
    for at, call in enumerate(told.get("tool_calls") or ()):
        function = call.get("function") or call.get("custom") or {}
        arguments = function.get("arguments") or function.get("input")
        said.call(call.get("index", at), function.get("name"), arguments)
    if told.get("function_call"):
        function = told["function_call"]
        said.call("function", function.get("name"), function.get("arguments"))


def _completion(answer: Any, said: _Said) -> None:
    said.say(answer["choices"][0]["text"])


def _completion_events(events: Iterator[Any], said: _Said) -> None:
    for event in events:
        for choice in event.get("choices") or ():
            said.say(choice.get("text"))


def _response(answer: Any, said: _Said) -> None:
    _items(answer["output"], said)


def _response_events(events: Iterator[Any], said: _Said) -> None:
    """The last event holds the whole answer; with some servers only the items before it do."""
    done: list[Any] = []
    output: list[Any] = []
    for event in events:
        if event.get("type") == "response.output_item.done":
            done.append(event["item"])
        elif isinstance(event.get("response"), dict):
            output = event["response"].get("output") or output
    _items(output or done, said)


def _items(items: Iterable[Any], said: _Said) -> None:
    for at, item in enumerate(items):
        kind = item.get("type")
        if kind == "message":
            for part in item["content"]:
                said.say(part.get("text") or part.get("refusal"), at)
        elif kind == "image_generation_call":
            raise ValueError("a picture cannot be read")
        elif kind != "reasoning":
            given = item.get("arguments") or item.get("input")
            said.call(at, item.get("name") or kind, given)


def _anthropic(answer: Any, said: _Said) -> None:
    for at, block in enumerate(answer["content"]):
        _block(at, block, said)


def _block(at: object, block: Mapping[str, Any], said: _Said) -> None:
    if block["type"] == "text":
        said.say(block["text"], at)
    elif block["type"] in ("tool_use", "server_tool_use"):
        said.call(at, block["name"], block.get("input"))


def _anthropic_events(events: Iterator[Any], said: _Said) -> None:
    for event in events:
        kind, at = event.get("type"), event.get("index")
        if kind == "content_block_start":
            _block(at, event["content_block"], said)
        elif kind == "content_block_delta":
            delta = event["delta"]
            said.say(delta.get("text"), at)
            if delta.get("partial_json"):
                said.call(at, None, delta["partial_json"])


_PLAIN: Mapping[str, Callable[[Any, _Said], None]] = {
    CHAT: _chat,
    COMPLETIONS: _completion,
    RESPONSES: _response,
    MESSAGES: _anthropic,
}
_STREAMED: Mapping[str, Callable[[Iterator[Any], _Said], None]] = {
    CHAT: _chat_events,
    COMPLETIONS: _completion_events,
    RESPONSES: _response_events,
    MESSAGES: _anthropic_events,
}
ENDPOINTS = frozenset(_PLAIN)
