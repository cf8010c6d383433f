"""A chat completion's body: the facts that routing reads, and the bytes that pass through.

Rule: only what is read is checked, and nothing is typed again. Unknown fields, number forms, white
space and the order of keys reach the upstream as the caller wrote them.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from router.answer import told_by_chat
from router.core.catalog import Endpoint
from router.core.limits import Limits
from router.core.request import RoutedRequest, Turn
from router.dialects.attached import attached_to, texts
from router.dialects.fields import FLAG, LIST, OBJECT, RAW_OBJECT, Fields
from router.dialects.identity import Identified
from router.errors import InvalidRequest
from router.ports import Way
from router.stream import StreamReader

COUNTS = ("n", "max_completion_tokens", "max_tokens")
_READ = frozenset({"model", "messages", "stream", *COUNTS})
"""Fields that are read for what they are, so that no text can hide in them."""

_SELDOM = frozenset({"tools", "functions", "response_format"})
_NONE: list[Any] = []


class ChatBody(Identified):
    """One request body, decoded once. Raises InvalidRequest naming the field at fault."""

    def __init__(self, content: bytes) -> None:
        self._fields = Fields(content)
        self.stream = self._fields.get("stream", FLAG) or False
        options = self._fields.get("stream_options", OBJECT) or {}
        self.usage_asked = options.get("include_usage") is True
        self._counts = self._fields.counts(COUNTS)
        self._answers = dict(self._counts).get("n", 1)

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts of the request."""
        fields = self._fields
        messages = fields.get("messages", LIST) or []
        turns = _turns(messages)
        tools, functions, form = _NONE, _NONE, None
        if fields.names_any(_SELDOM):
            tools = fields.get("tools", LIST) or _NONE
            functions = fields.get("functions", LIST) or _NONE
            form = (fields.get("response_format", OBJECT) or {}).get("type")
        bounds = dict(self._counts)
        attached = [*attached_to(messages)]
        if beside := fields.beside(_READ):
            attached += texts(beside)
        return RoutedRequest(
            model=fields.model(),
            turns=turns,
            tools=len(tools) + len(functions),
            json_object=form == "json_object",
            json_schema=form == "json_schema",
            stream=self.stream,
            max_output_tokens=bounds.get("max_completion_tokens", bounds.get("max_tokens")),
            answers=self._answers,
            attached="\n".join(attached),
            limits=limits,
            counts=self._counts,
        )

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """As bytes, with the model's name replaced."""
        return Way(
            path="/chat/completions",
            body=self.for_upstream,
            answer=told_by_chat,
            events=lambda: StreamReader(self.stream and not self.usage_asked, self._answers),
        )

    def for_upstream(self, model: str) -> bytes:
        """The body with another model's name, and asking for the usage of a stream."""
        return with_usage_asked(self._fields, model, self.stream and not self.usage_asked)


def with_usage_asked(fields: Fields, model: str, asking: bool) -> bytes:
    """A body with another model's name; `asking`: for the usage of its stream too."""
    values = {"model": msgspec.json.encode(model)}
    if asking:
        options = fields.get("stream_options", RAW_OBJECT) or {}
        values["stream_options"] = msgspec.json.encode(
            {**options, "include_usage": msgspec.Raw(b"true")}
        )
    return fields.written(values)


def _turns(messages: list[Any]) -> tuple[Turn, ...]:
    if not messages:
        raise InvalidRequest("Expected a list of at least one message.", "messages")
    turns = []
    for at, message in enumerate(messages):
        try:
            turns.append(_turn(message))
        except _Fault as fault:
            raise InvalidRequest(fault.expected, f"messages[{at}]{fault.within}") from None
    return tuple(turns)


class _Fault(Exception):
    """What was expected of a message, and where within it."""

    def __init__(self, expected: str, within: str) -> None:
        self.expected, self.within = expected, within


def _turn(message: Any) -> Turn:
    if not isinstance(message, dict):
        raise _Fault("Expected an object with role and content.", "")
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str):
        raise _Fault("Expected a text such as user or system.", ".role")
    calls = message.get("tool_calls")
    called = len(calls) if isinstance(calls, list) else 0
    if content is None or isinstance(content, str):
        return Turn(role, content or "", tool_calls=called)
    if not isinstance(content, list):
        raise _Fault("Expected a text or a list of content parts.", ".content")
    kinds = [_kind(part, at) for at, part in enumerate(content)]
    return Turn(
        role,
        "\n".join(text for part in content if isinstance(text := part.get("text"), str)),
        images=sum(kind in ("image_url", "input_image", "image") for kind in kinds),
        audio=kinds.count("input_audio"),
        files=sum(kind in ("file", "input_file") for kind in kinds),
        tool_calls=called,
    )


def _kind(part: Any, at: int) -> str:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str):
        raise _Fault("Expected a content part with its type.", f".content[{at}].type")
    return kind
