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
from router.dialects.fields import Fields
from router.dialects.identity import session_named, user_named
from router.errors import InvalidRequest
from router.ports import Way
from router.stream import StreamReader


class ChatBody:
    """One request body, decoded once. Raises InvalidRequest naming the field at fault."""

    def __init__(self, content: bytes) -> None:
        self._fields = Fields(content)
        self.stream = self._fields.get("stream", bool) or False
        options = self._fields.get("stream_options", dict[str, Any]) or {}
        self.usage_asked = options.get("include_usage") is True
        self._answers = self._fields.count("n") or 1

    @property
    def user(self) -> str | None:
        """Whom the caller speaks for."""
        return user_named(self._fields)

    @property
    def session(self) -> str | None:
        """What the caller calls the conversation."""
        return session_named(self._fields)

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts of the request."""
        fields = self._fields
        messages = fields.get("messages", list[Any])
        turns = tuple(_turns(messages))
        tools = fields.get("tools", list[Any]) or []
        form = fields.get("response_format", dict[str, Any]) or {}
        beside = texts(fields.beside(("model", "messages")))
        return RoutedRequest(
            model=fields.model(),
            turns=turns,
            tools=len(tools) + len(fields.get("functions", list[Any]) or []),
            json_object=form.get("type") == "json_object",
            json_schema=form.get("type") == "json_schema",
            stream=self.stream,
            max_output_tokens=fields.count("max_completion_tokens") or fields.count("max_tokens"),
            answers=self._answers,
            attached="\n".join((*attached_to(messages or ()), *beside)),
            limits=limits,
            counts=fields.counts(("n", "max_completion_tokens", "max_tokens")),
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
        options = fields.get("stream_options", dict[str, msgspec.Raw]) or {}
        values["stream_options"] = msgspec.json.encode(
            {**options, "include_usage": msgspec.Raw(b"true")}
        )
    return fields.written(values)


def _turns(messages: list[Any] | None) -> list[Turn]:
    if not messages:
        raise InvalidRequest("Expected a list of at least one message.", "messages")
    return [_turn(message, f"messages[{index}]") for index, message in enumerate(messages)]


def _turn(message: Any, param: str) -> Turn:
    if not isinstance(message, dict):
        raise InvalidRequest("Expected an object with role and content.", param)
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str):
        raise InvalidRequest("Expected a text such as user or system.", f"{param}.role")
    calls = message.get("tool_calls")
    if content is None or isinstance(content, str):
        return Turn(role, content or "", tool_calls=len(calls) if isinstance(calls, list) else 0)
    if not isinstance(content, list):
        raise InvalidRequest("Expected a text or a list of content parts.", f"{param}.content")
    kinds = [_kind(part, f"{param}.content[{at}]") for at, part in enumerate(content)]
    return Turn(
        role,
        "\n".join(text for part in content if isinstance(text := part.get("text"), str)),
        images=sum(kind in ("image_url", "input_image", "image") for kind in kinds),
        audio=kinds.count("input_audio"),
        files=sum(kind in ("file", "input_file") for kind in kinds),
        tool_calls=len(calls) if isinstance(calls, list) else 0,
    )


def _kind(part: Any, param: str) -> str:
    kind = part.get("type") if isinstance(part, Mapping) else None
    if not isinstance(kind, str):
        raise InvalidRequest("Expected a content part with its type.", f"{param}.type")
    return kind
