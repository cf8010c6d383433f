"""A chat completion's body: the facts that routing reads, and the bytes that pass through.

Rule: only what is read is checked, and nothing is typed again. Unknown fields, number forms and
the order of keys reach the upstream as the caller wrote them. Only the top level is written anew,
so that what was decided on is what is sent, whatever stands there twice or looks the same inside.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from router.answer import UNREADABLE
from router.api.attached import attached_to, texts
from router.core.limits import Limits
from router.core.request import RoutedRequest, Turn
from router.errors import InvalidRequest

MAX_MODEL_NAME = 256
_Fields = dict[str, msgspec.Raw]
_T = TypeVar("_T")
_fields = msgspec.json.Decoder(_Fields)


class ChatBody:
    """One request body, decoded once. Raises InvalidRequest naming the field at fault."""

    def __init__(self, content: bytes) -> None:
        try:
            self._fields = _fields.decode(content)
        except UnicodeDecodeError:
            raise InvalidRequest("The body must be UTF-8.") from None
        except UNREADABLE as error:
            raise InvalidRequest(f"The body must be a JSON object: {error}.") from None
        self.stream = self._field("stream", bool) or False
        options = self._field("stream_options", dict[str, Any]) or {}
        self.usage_asked = options.get("include_usage") is True

    @property
    def user(self) -> str | None:
        """Whom the caller speaks for, in the caller's own words."""
        return self._field("user", str)

    def request(self, limits: Limits, session: str | None) -> RoutedRequest:
        """The facts of the request."""
        messages = self._field("messages", list[Any])
        turns = tuple(_turns(messages))
        tools = self._field("tools", list[Any]) or []
        form = self._field("response_format", dict[str, Any]) or {}
        return RoutedRequest(
            model=self._model(),
            turns=turns,
            tools=len(tools) + len(self._field("functions", list[Any]) or []),
            json_object=form.get("type") == "json_object",
            json_schema=form.get("type") == "json_schema",
            stream=self.stream,
            max_output_tokens=self._count("max_completion_tokens") or self._count("max_tokens"),
            answers=self._count("n") or 1,
            attached="\n".join((*attached_to(messages or ()), *texts(self._beside()))),
            session=session,
            limits=limits,
        )

    def _beside(self) -> Iterator[Any]:
        """The values beside the messages that can hold text."""
        for name, raw in self._fields.items():
            if name not in ("model", "messages") and memoryview(raw)[0] in b'"{[':
                yield self._field(name, object)

    def for_upstream(self, model: str) -> bytes:
        """The body with another model's name, and asking for the usage of a stream."""
        fields = {**self._fields, "model": msgspec.Raw(msgspec.json.encode(model))}
        if self.stream and not self.usage_asked:
            options = self._field("stream_options", dict[str, msgspec.Raw]) or {}
            asked = {**options, "include_usage": msgspec.Raw(b"true")}
            fields["stream_options"] = msgspec.Raw(msgspec.json.encode(asked))
        return msgspec.json.encode(fields)

    def _model(self) -> str:
        model = self._field("model", str)
        if not model:
            raise InvalidRequest("Expected the name of a model, or auto.", "model")
        if len(model) > MAX_MODEL_NAME:
            raise InvalidRequest(f"Expected at most {MAX_MODEL_NAME} characters.", "model")
        return model

    def _count(self, name: str) -> int | None:
        value = self._field(name, int)
        if value is not None and value < 1:
            raise InvalidRequest(f"Expected a whole number of at least 1, got {value}.", name)
        return value

    def _field(self, name: str, kind: type[_T]) -> _T | None:
        raw = self._fields.get(name)
        if raw is None:
            return None
        try:
            value: _T | None = msgspec.json.decode(raw, type=kind | None)
        except UnicodeDecodeError:
            raise InvalidRequest("Expected UTF-8.", name) from None
        except UNREADABLE as error:
            raise InvalidRequest(f"{error}.", name) from None
        return value


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
