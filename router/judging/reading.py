"""Reading: a request and its answer as the sections that a judge is shown.

Rule: a judge is shown all of it or nothing. What it could not see (pictures, sound, files, token
numbers, a conversation that is kept elsewhere) or is too long is not judged.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from router.core.catalog import Endpoint
from router.core.request import RoutedRequest
from router.dialects.answer_text import text_of, without_thoughts
from router.errors import InvalidRequest
from router.gateway import Call
from router.judging.rubric import Section

MOST_CHARACTERS = 100_000
"""Of a request and its answer together."""

Unread = Literal["unreadable", "too_large"]

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})
_OTHER = "other"
_CHAT: tuple[Endpoint, ...] = ("chat",)
_ODD = (KeyError, TypeError, AttributeError, msgspec.MsgspecError, UnicodeDecodeError)


def is_readable(request: RoutedRequest) -> bool:
    """Whether all that was asked is text, and is in the request."""
    content = request.content
    media = content.images or content.audio or content.files or content.tokens
    return not media and request.state is None


def asked_in(call: Call) -> list[Section] | Unread:
    """What was asked, a turn a section, and beside it the tools and the form that were given."""
    request = call.request
    if not is_readable(request):
        return "unreadable"
    if len(request.content.said) + len(request.attached) > MOST_CHARACTERS:
        return "too_large"
    if "chat" not in request.endpoints:
        # It asks for what has no place in a chat completion: its turns are all that we can read.
        return [_section(turn.role, turn.text) for turn in request.turns if turn.text]
    try:
        return list(_sections(msgspec.json.decode(call.way(_CHAT).body("model"))))
    except (*_ODD, InvalidRequest):
        return "unreadable"


def answered_in(call: Call, asked: list[Section], body: bytes) -> list[Section] | Unread:
    """What was asked with an answer to it, which is the last section."""
    text = text_of(call.endpoint, call.request.stream, body)
    if text is None:
        return "unreadable"
    sections = [*asked, Section("answer", text)]
    return "too_large" if sum(len(it.text) for it in sections) > MOST_CHARACTERS else sections


def _sections(body: Mapping[str, Any]) -> Iterator[Section]:
    for name in ("tools", "functions"):
        if body.get(name):
            yield Section("tools", _json(body[name]))
    if body.get("response_format"):
        yield Section("form", _json(body["response_format"]))
    for message in body["messages"]:
        yield _section(message.get("role"), "\n".join(_said(message)))


def _section(role: object, text: str) -> Section:
    """A turn; of a model's without what it thought aloud."""
    name = _named(role)
    return Section(name, without_thoughts(text) if name == "assistant" else text)


def _said(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if isinstance(text := part.get("text"), str):
            yield text
    for name in ("refusal", "tool_calls", "function_call"):
        if told := message.get(name):
            yield told if isinstance(told, str) else _json(told)


def _named(role: object) -> str:
    """A role as we call it: a caller's own words have no place outside the sections."""
    return str(role) if isinstance(role, str) and role in _ROLES else _OTHER


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
