"""A body of OpenAI's responses: the facts that routing reads, and its ways to an upstream.

As bytes to upstreams that speak responses, which alone keep state between requests; to others by
way of a chat completion, if every field of it has a place there. The field that has none binds the
request to upstreams of its own kind.
"""

from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from router.answer import object_in, raw_usage_of, read_responses_usage
from router.core.catalog import Endpoint
from router.core.limits import Limits
from router.core.request import RoutedRequest, Turn
from router.core.session import ANSWER, CONVERSATION, State
from router.core.tokens import estimated_tokens
from router.dialects.attached import texts
from router.dialects.fields import ANY, FLAG, LIST, OBJECT, TEXT, Fields
from router.dialects.identity import Identified
from router.dialects.responses_answer import ResponsesWriter, response
from router.dialects.responses_chat import to_chat
from router.dialects.translation import TranslatedEvents, told_through, with_model
from router.dialects.typed_stream import Made, Typed, TypedReader, made_in
from router.errors import InvalidRequest, UpstreamBroken
from router.ports import Told, Way

STREAM = Typed(
    frozenset({"response.completed", "response.incomplete", "response.failed"}),
    frozenset({"response.failed"}),
    read_responses_usage,
)
# Tuples: what a caller gives as a type may be anything, also what has no hash.
_SPOKEN = ("input_text", "output_text", "text")
_CALLS = ("function_call", "custom_tool_call")
_RESULTS = ("function_call_output", "custom_tool_call_output")


class ResponsesBody(Identified):
    """One request body. Raises InvalidRequest naming the field at fault."""

    def __init__(self, content: bytes) -> None:
        self._fields = Fields(content)
        self._stream = self._fields.get("stream", FLAG) or False
        self._reader: TypedReader | None = None
        self._made = Made()
        if self._fields.get("background", FLAG):
            raise InvalidRequest(
                "Answers are not kept here to be asked for later: leave it out.", "background"
            )
        self._input = self._fields.get("input", ANY)
        self._turns = tuple(_turns(self._input, self._fields))
        self._chat: dict[str, Any] = {}
        self._bound_by: str | None = None
        self._why = ""
        try:
            self._chat = to_chat(self._fields.decoded())
        except InvalidRequest as error:
            self._bound_by, self._why = error.param, str(error)
        except (KeyError, TypeError, AttributeError):
            # Not the form that we know: whoever speaks responses shall judge it.
            self._bound_by = "input"

    @property
    def kept_as(self) -> str | None:
        """The id by which the upstream that answered keeps its answer; None if it does not, or
        has not answered yet."""
        made = self._made if self._reader is None else self._reader.made
        return made.id if isinstance(made.id, str) and made.store is not False else None

    def request(self, limits: Limits) -> RoutedRequest:
        """The facts of the request."""
        fields = self._fields
        form = (fields.get("text", OBJECT) or {}).get("format") or {}
        kind = form.get("type") if isinstance(form, dict) else None
        beside = texts(fields.beside(("model", "input", "instructions")))
        tools = fields.get("tools", LIST) or []
        return RoutedRequest(
            model=fields.model(),
            turns=self._turns,
            tools=len(tools),
            json_object=kind == "json_object",
            json_schema=kind == "json_schema",
            stream=self._stream,
            max_output_tokens=fields.count("max_output_tokens"),
            attached="\n".join((*_attached(self._input), *beside)),
            limits=limits,
            counts=fields.counts(("max_output_tokens",)),
            endpoints=("responses",) if self._bound_by else ("responses", "chat"),
            bound_by=self._bound_by,
            why_bound=self._why,
            state=_state(fields),
        )

    def way(self, speaks: Collection[Endpoint]) -> Way:
        """As bytes where responses are spoken, else by way of a chat completion."""
        self._reader, self._made = None, Made()
        if "responses" in speaks:
            return Way(
                path="/responses",
                body=lambda model: self._fields.written({"model": msgspec.json.encode(model)}),
                answer=self._noted,
                events=self._reading,
            )
        asked = self._fields.decoded()
        return Way(
            path="/chat/completions",
            body=lambda model: with_model(self._chat, model, speaks),
            answer=lambda body: told_through(body, lambda answer: response(answer, asked)),
            events=lambda: TranslatedEvents(ResponsesWriter(asked)),
        )

    def _noted(self, body: bytes) -> Told:
        told = told_by_responses(body)
        self._made = made_in(body)
        return told

    def _reading(self) -> TypedReader:
        self._reader = TypedReader(STREAM)
        return self._reader


def told_by_responses(body: bytes) -> Told:
    """A plain answer as it came. Raises UpstreamBroken if it is no object, or says it failed."""
    usage = raw_usage_of(body)
    told = object_in(body)
    if told.get("status") == "failed":
        raise UpstreamBroken("The upstream says that its answer failed.", body)
    counted = read_responses_usage(usage) if usage is not None else None
    said = "" if counted else "\n".join(texts([told.get("output")]))
    return Told(body, counted, estimated_tokens(said))


def _state(fields: Fields) -> State | None:
    """What the upstream is said to know of what went before."""
    answer = fields.get(ANSWER, TEXT)
    if answer:
        return State(ANSWER, answer)
    named = fields.get(CONVERSATION, ANY)
    id = named.get("id") if isinstance(named, dict) else named
    if id and not isinstance(id, str):
        raise InvalidRequest("Expected a text, or an object with its id.", CONVERSATION)
    return State(CONVERSATION, id) if id else None


def _turns(given: Any, fields: Fields) -> Iterator[Turn]:
    instructions = fields.get("instructions", ANY)
    if isinstance(instructions, str):
        yield Turn("system", instructions)
    if isinstance(given, str):
        yield Turn("user", given)
        return
    if given is None and ("prompt" in fields or "previous_response_id" in fields):
        yield Turn("user", "")
        return
    if not isinstance(given, list) or not given:
        raise InvalidRequest("Expected a text or a list of at least one item.", "input")
    for index, item in enumerate(given):
        if not isinstance(item, dict):
            raise InvalidRequest("Expected an item such as a message.", f"input[{index}]")
        yield _turn(item, f"input[{index}]")


def _turn(item: dict[str, Any], param: str) -> Turn:
    kind = item.get("type", "message")
    if kind in _RESULTS:
        return Turn("tool", "\n".join(texts([item.get("output")])))
    if kind != "message":
        return Turn("assistant", "", tool_calls=int(kind in _CALLS))
    role, content = item.get("role"), item.get("content")
    if not isinstance(role, str):
        raise InvalidRequest("Expected a text such as user or developer.", f"{param}.role")
    if isinstance(content, str):
        return Turn(role, content)
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise InvalidRequest("Expected a text or a list of content parts.", f"{param}.content")
    kinds = [part.get("type") for part in content]
    said = [str(p["text"]) for p in content if p.get("type") in _SPOKEN and p.get("text")]
    return Turn(
        role,
        "\n".join(said),
        images=kinds.count("input_image"),
        audio=kinds.count("input_audio"),
        files=kinds.count("input_file"),
    )


def _attached(given: Any) -> Iterator[str]:
    """The texts of all that is no plain text of a message, nor a tool's result."""
    for item in given if isinstance(given, list) else ():
        if item.get("type", "message") not in ("message", *_RESULTS):
            yield from texts(value for name, value in item.items() if name != "encrypted_content")
        content = item.get("content")
        for part in content if isinstance(content, list) else ():
            if not isinstance(part, dict) or part.get("type") not in _SPOKEN:
                yield from texts([part])
