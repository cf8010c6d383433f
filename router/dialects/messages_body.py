"""A body of Anthropic's messages: the facts that routing reads, and its ways to an upstream.

As bytes to upstreams that speak messages; to others by way of a chat completion, if every field
of it has a place there. The field that has none binds the request to upstreams of its own kind.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from router.answer import object_in, raw_usage_of, read_messages_usage
from router.core.catalog import Endpoint
from router.core.cost import Usage
from router.core.limits import Limits
from router.core.request import RoutedRequest, Turn
from router.core.session import THREAD, State
from router.core.tokens import estimated_tokens
from router.dialects.attached import texts
from router.dialects.fields import ANY, FLAG, LIST, OBJECT, Fields
from router.dialects.identity import Identified
from router.dialects.messages_answer import MessagesWriter, message
from router.dialects.messages_chat import to_chat
from router.dialects.translation import TranslatedEvents, told_through, with_model
from router.dialects.typed_stream import Made, Typed, TypedReader, made_in
from router.errors import InvalidRequest
from router.ports import Told, Way

PASSED_HEADERS = ("anthropic-version", "anthropic-beta")
"""What a caller's headers say of its request's form."""

VERSION = {"anthropic-version": "2023-06-01"}
_NATIVE: tuple[Endpoint, ...] = ("messages",)
STREAM = Typed(frozenset({"message_stop"}), frozenset(), read_messages_usage)


class MessagesBody(Identified):
    """One request body. Raises InvalidRequest naming the field at fault."""

    def __init__(self, content: bytes, headers: Mapping[str, str]) -> None:
        self._fields = Fields(content)
        self._headers = VERSION | {n: headers[n] for n in PASSED_HEADERS if n in headers}
        self.stream = self._fields.get("stream", FLAG) or False
        self._reader: TypedReader | None = None
        self._made = Made()
        self._messages = self._fields.get("messages", LIST)
        self._turns = tuple(_turns(self._messages, self._fields.get("system", ANY)))
        self._chat: dict[str, Any] = {}
        self._bound_by: str | None = None
        self._why = ""
        try:
            self._chat = to_chat(self._fields.decoded())
        except InvalidRequest as error:
            self._bound_by, self._why = error.param, str(error)
        except (KeyError, TypeError, AttributeError):
            # Not the form that we know: whoever speaks messages shall judge it.
            self._bound_by = "messages"

    @property
    def kept_as(self) -> str | None:
        """The id by which the upstream that answered keeps the thread; None if it keeps none."""
        made = self._made if self._reader is None else self._reader.made
        return made.id if isinstance(made.id, str) and THREAD in self._fields else None

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts of the request."""
        fields = self._fields
        config = fields.get("output_config", OBJECT) or {}
        form = config.get("format") or fields.get("output_format", OBJECT) or {}
        beside = texts(fields.beside(("model", "messages", "system")))
        tools = fields.get("tools", LIST) or []
        return RoutedRequest(
            model=fields.model(),
            turns=self._turns,
            tools=len(tools),
            json_schema=isinstance(form, dict) and form.get("type") == "json_schema",
            stream=self.stream,
            max_output_tokens=fields.count("max_tokens"),
            attached="\n".join((*_attached(self._messages or ()), *beside)),
            limits=limits,
            counts=fields.counts(("max_tokens",)),
            endpoints=("messages",) if self._bound_by else ("messages", "chat"),
            bound_by=self._bound_by,
            why_bound=self._why,
            state=_state(fields),
        )

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """As bytes where messages are spoken, else by way of a chat completion."""
        self._reader, self._made = None, Made()
        if "messages" in speaks:
            return Way(
                path="/messages",
                body=lambda model: self._fields.written({"model": msgspec.json.encode(model)}),
                answer=self._noted if THREAD in self._fields else told_by_messages,
                events=self._reading,
                headers=self._headers,
            )
        return Way(
            path="/chat/completions",
            body=lambda model: with_model(self._chat, model, speaks),
            answer=lambda body: told_through(body, message),
            events=lambda: TranslatedEvents(MessagesWriter()),
        )

    def _noted(self, body: bytes) -> Told:
        told = told_by_messages(body)
        self._made = made_in(body)
        return told

    def _reading(self) -> TypedReader:
        self._reader = TypedReader(STREAM)
        return self._reader


def told_by_messages(body: bytes) -> Told:
    """A plain answer as it came. Raises UpstreamBroken if it is no object."""
    usage = raw_usage_of(body)
    counted = read_messages_usage(usage) if usage is not None else None
    said = "" if counted else "\n".join(texts([object_in(body).get("content")]))
    return Told(body, counted, estimated_tokens(said))


def _state(fields: Fields) -> State | None:
    """The message whose thread the upstream is said to know."""
    thread = fields.get(THREAD, OBJECT) if THREAD in fields else None
    if not thread or thread.get("type") != "continue":
        return None
    id = thread.get("previous_message_id")
    if not isinstance(id, str):
        raise InvalidRequest("Expected a text.", "thread.previous_message_id")
    return State(THREAD, id)


def _turns(messages: list[Any] | None, system: Any) -> Iterator[Turn]:
    if not messages:
        raise InvalidRequest("Expected a list of at least one message.", "messages")
    if system is not None:
        yield Turn(
            "system", "\n".join(b["text"] for b in _blocks(system, "system") if _has_text(b))
        )
    for index, it in enumerate(messages):
        param = f"messages[{index}]"
        if not isinstance(it, dict):
            raise InvalidRequest("Expected an object with role and content.", param)
        role = it.get("role")
        if not isinstance(role, str):
            raise InvalidRequest("Expected a text: user or assistant.", f"{param}.role")
        yield from _spoken(role, _blocks(it.get("content"), f"{param}.content"))


def _blocks(content: Any, param: str) -> list[dict[str, Any]]:
    """Content blocks; a text alone is one of them."""
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list):
        raise InvalidRequest("Expected a text or a list of content blocks.", param)
    for at, block in enumerate(content):
        if not isinstance(block, dict) or not isinstance(block.get("type"), str):
            raise InvalidRequest("Expected a content block with its type.", f"{param}[{at}].type")
    return content


def _spoken(role: str, blocks: list[dict[str, Any]]) -> Iterator[Turn]:
    """A message's turns: results of tools are turns of their own, as elsewhere."""
    results = [block for block in blocks if block["type"] == "tool_result"]
    for block in results:
        said = "\n".join(texts([block.get("content")]))
        yield Turn("tool", said, images=_count(block.get("content"), "image"))
    rest = [block for block in blocks if block["type"] != "tool_result"]
    if rest or not results:
        yield Turn(
            role,
            "\n".join(block["text"] for block in rest if _has_text(block)),
            images=_count(rest, "image"),
            files=_count(rest, "document"),
            tool_calls=_count(rest, "tool_use"),
        )


def _has_text(block: dict[str, Any]) -> bool:
    return block["type"] == "text" and isinstance(block.get("text"), str)


def _count(blocks: Any, kind: str) -> int:
    if not isinstance(blocks, list):
        return 0
    return sum(isinstance(block, dict) and block.get("type") == kind for block in blocks)


def _attached(messages: list[Any] | tuple[()]) -> Iterator[str]:
    """The texts of all blocks that are no plain text; of sources, those that are text."""
    for it in messages:
        for block in it["content"] if isinstance(it["content"], list) else ():
            if block["type"] not in ("text", "tool_result"):
                yield from texts([block])
            source = block.get("source")
            if isinstance(source, dict) and source.get("type") == "text":
                yield from texts([[source.get("data")]])


class CountTokensBody(MessagesBody):
    """The same body, of which only the tokens are to be counted, which costs nothing."""

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """As bytes, to upstreams that speak messages."""
        return replace(
            super().way(_NATIVE),
            path="/messages/count_tokens",
            answer=lambda body: Told(body, Usage(0, 0), 0),
        )
