"""simulated_body: the fields of a request that a simulated model reads, and what is wrong in them.

Pure. Rule: what passes here can be answered; what does not is told as OpenAI would, in a sentence
and with the field at fault.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from router.errors import InvalidRequest

MAX_ANSWERS = 128
"""OpenAI's own bound on `n`."""

MAX_DIMENSIONS = 8_192

Body = Mapping[str, Any]
_Check = Callable[[Any, str], None]

_FORMS = ("text", "json_object", "json_schema")
_CHOICES = ("none", "auto", "required")


def chat(content: bytes) -> Body:
    """A chat completion's body. Raises InvalidRequest, which names the field at fault."""
    body = _read(content, "messages", _CHAT)
    _check_choice(body.get("tool_choice"), [it["name"] for it in functions(body)])
    return body


def embeddings(content: bytes) -> Body:
    """An embedding's body. Raises InvalidRequest, which names the field at fault."""
    return _read(content, "input", _EMBEDDINGS)


def functions(body: Body) -> list[Mapping[str, Any]]:
    """The functions among the tools of a body."""
    return [it["function"] for it in body.get("tools") or () if it.get("type") == "function"]


def _read(content: bytes, needed: str, checks: Mapping[str, _Check]) -> Body:
    try:
        body = msgspec.json.decode(content)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise InvalidRequest("The body is no JSON object.")
    for name, check in checks.items():
        if name == needed or body.get(name) is not None:
            check(body.get(name), name)
    return body


def _whole(low: int, high: int) -> _Check:
    def check(value: Any, name: str) -> None:
        if type(value) is not int or not low <= value <= high:
            raise InvalidRequest(f"Expected a whole number from {low} to {high:,}.", name)

    return check


def _one_of(known: Iterable[str]) -> _Check:
    told = tuple(known)

    def check(value: Any, name: str) -> None:
        if value not in told:
            raise InvalidRequest(f"Expected one of {', '.join(told)}.", name)

    return check


def _object(value: Any, name: str) -> None:
    if not isinstance(value, dict):
        raise InvalidRequest("Expected an object.", name)


def _text(value: Any, name: str) -> None:
    if not isinstance(value, str):
        raise InvalidRequest("Expected a text.", name)


def _messages(value: Any, name: str) -> None:
    if not isinstance(value, list) or not value:
        raise InvalidRequest("Expected a list of at least one message.", name)
    for at, message in enumerate(value):
        _object(message, f"{name}[{at}]")
        content = message.get("content")
        if content is None or isinstance(content, str):
            continue
        if not isinstance(content, list):
            told = "Expected a text or a list of content parts."
            raise InvalidRequest(told, f"{name}[{at}].content")
        for place, part in enumerate(content):
            _object(part, f"{name}[{at}].content[{place}]")


def _stop(value: Any, name: str) -> None:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(it, str) for it in texts):
        raise InvalidRequest("Expected a text or a list of texts.", name)


def _tools(value: Any, name: str) -> None:
    if not isinstance(value, list):
        raise InvalidRequest("Expected a list of tools.", name)
    for at, tool in enumerate(value):
        _object(tool, f"{name}[{at}]")
        if tool.get("type") == "function":
            _object(tool.get("function"), f"{name}[{at}].function")
            _text(tool["function"].get("name"), f"{name}[{at}].function.name")


def _check_choice(value: Any, known: list[Any]) -> None:
    name = "tool_choice"
    if value is None or not known:
        return
    if not isinstance(value, dict):
        return _one_of(_CHOICES)(value, name)
    if value.get("type", "function") == "function":
        _object(value.get("function"), f"{name}.function")
        if value["function"].get("name") not in known:
            told = "Expected the name of a function that is among the tools."
            raise InvalidRequest(told, f"{name}.function.name")


def _form(value: Any, name: str) -> None:
    _object(value, name)
    _one_of(_FORMS)(value.get("type", "text"), f"{name}.type")
    if value.get("type") == "json_schema":
        _object(value.get("json_schema"), f"{name}.json_schema")


def _input(value: Any, name: str) -> None:
    if isinstance(value, str) or (isinstance(value, list) and value and _are_inputs(value)):
        return
    told = "Expected a text, token numbers, or a list of at least one of these."
    raise InvalidRequest(told, name)


def _are_inputs(items: list[Any]) -> bool:
    return _are_tokens(items) or all(isinstance(it, str) or _are_tokens(it) for it in items)


def _are_tokens(items: Any) -> bool:
    return isinstance(items, list) and bool(items) and all(type(it) is int for it in items)


_ANY_NUMBER = _whole(1, 2**53)
_CHAT: Mapping[str, _Check] = {
    "messages": _messages,
    "n": _whole(1, MAX_ANSWERS),
    "max_completion_tokens": _ANY_NUMBER,
    "max_tokens": _ANY_NUMBER,
    "stop": _stop,
    "tools": _tools,
    "response_format": _form,
    "stream_options": _object,
}
_EMBEDDINGS: Mapping[str, _Check] = {
    "input": _input,
    "dimensions": _whole(1, MAX_DIMENSIONS),
    "encoding_format": _one_of(("float", "base64")),
}
"""Which field is held to what, where it is given."""
