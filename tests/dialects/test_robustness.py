"""No JSON at all, in or out, raises anything but what is told to the caller."""

import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.limits import Limits
from router.dialects.by_name import Kind, NamedBody
from router.dialects.completions_body import CompletionsBody
from router.dialects.completions_chat import completion
from router.dialects.embeddings import EMBEDDINGS
from router.dialects.images import IMAGES
from router.dialects.messages_answer import MessagesWriter, message
from router.dialects.messages_body import MessagesBody
from router.dialects.moderations import MODERATIONS
from router.dialects.rerank import RERANK
from router.dialects.responses_answer import ResponsesWriter, response
from router.dialects.responses_body import ResponsesBody
from router.dialects.speech import SPEECH
from router.dialects.translation import TranslatedEvents, told_through
from router.errors import InvalidRequest, UpstreamError
from tests.fakes.chat_wire import call_piece, chunks


def named(kind: Kind) -> Callable[[bytes], NamedBody]:
    return lambda content: NamedBody(content, kind)


BY_NAME = (EMBEDDINGS, MODERATIONS, RERANK, IMAGES, SPEECH)
BODIES: dict[str, Callable[[bytes], Any]] = {
    "completions": CompletionsBody,
    **{kind.endpoint: named(kind) for kind in BY_NAME},
    "messages": lambda content: MessagesBody(content, {}),
    "responses": ResponsesBody,
}
_NAMES = st.sampled_from(
    [
        "type",
        "text",
        "role",
        "content",
        "source",
        "data",
        "name",
        "input",
        "output",
        "message",
        "arguments",
        "id",
        "call_id",
        "url",
        "image_url",
        "tool_calls",
        "function",
        "delta",
        "index",
    ]
)
_WORDS = st.sampled_from(
    [
        "user",
        "assistant",
        "text",
        "image",
        "document",
        "tool_use",
        "tool_result",
        "base64",
        "message",
        "function",
        "function_call",
        "function_call_output",
        "input_text",
        "stop",
        "",
    ]
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(allow_nan=False) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)
_ODD_INPUTS: list[Any] = [
    [{"type": []}],
    [{"type": "reasoning", "content": [5]}],
    [{"role": "user", "content": [{"type": {}}]}],
    [{"role": "user", "content": [{"type": "tool_result", "content": [5, [6]]}]}],
    [{"role": {}, "content": ""}],
    {"type": "text"},
]


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "field", ["messages", "input", "prompt", "system", "tools", "query", "documents"]
)
@pytest.mark.parametrize("odd", _ODD_INPUTS, ids=str)
def test_no_odd_value_in_any_field_does_either(kind: str, field: str, odd: Any) -> None:
    whole = {"messages": [{"role": "user", "content": "x"}], "input": "x", "prompt": "x"}
    whole |= {"query": "x", "documents": ["x"]}
    content = json.dumps({"model": "m", **whole, field: odd}).encode()

    with contextlib.suppress(InvalidRequest):
        assert BODIES[kind](content).request(Limits()).input_tokens >= 0


_FIELDS = st.sampled_from(
    [
        "prompt",
        "input",
        "messages",
        "system",
        "tools",
        "tool_choice",
        "text",
        "instructions",
        "output_config",
        "metadata",
        "reasoning",
        "stream",
        "max_tokens",
        "n",
        "thinking",
        "store",
        "query",
        "documents",
        "stream_format",
    ]
)


@pytest.mark.parametrize("kind", BODIES)
@given(fields=st.dictionaries(_FIELDS, _JSON, max_size=5))
def test_no_body_raises_anything_but_invalid_request(kind: str, fields: dict[str, Any]) -> None:
    content = json.dumps({"model": "m", **fields}).encode()

    with contextlib.suppress(InvalidRequest):
        body = BODIES[kind](content)
        request = body.request(Limits())
        for endpoint in request.endpoints:
            body.way((endpoint,)).body("other")
        assert request.input_tokens >= 0


@pytest.mark.parametrize("translate", [completion, message, lambda told: response(told, {})])
@given(choices=_JSON, usage=_JSON)
def test_no_answer_raises_anything_but_upstream_error(
    translate: Callable[[Any], Any], choices: Any, usage: Any
) -> None:
    body = json.dumps({"choices": choices, "usage": usage}).encode()

    with contextlib.suppress(UpstreamError):
        told_through(body, translate)


@pytest.mark.parametrize("writer", [MessagesWriter, lambda: ResponsesWriter({})])
@given(choices=_JSON, usage=_JSON)
def test_no_chunk_raises_anything_but_upstream_error(
    writer: Callable[[], Any], choices: Any, usage: Any
) -> None:
    chunk = json.dumps({"choices": choices, "usage": usage}).encode()
    events = TranslatedEvents(writer())

    with contextlib.suppress(UpstreamError):
        list(events.feed(b"data: " + chunk + b"\n\n" + b"data: [DONE]\n\n"))
        events.end()


_STREAM = b"".join(
    chunks({"content": "caf\u00e9\u2028"}, call_piece(0, "{", "f"), call_piece(0, "}"))
)


@pytest.mark.parametrize("writer", [MessagesWriter, lambda: ResponsesWriter({})])
@given(cuts=st.lists(st.integers(0, len(_STREAM)), max_size=10))
def test_any_split_of_a_stream_gives_the_same_translated_events(
    writer: Callable[[], Any], cuts: list[int]
) -> None:
    def told(pieces: list[bytes]) -> bytes:
        events = TranslatedEvents(writer())
        return b"".join(out for piece in pieces for out in events.feed(piece)) + events.end()

    edges = [0, *sorted(cuts), len(_STREAM)]
    pieces = [_STREAM[a:b] for a, b in itertools.pairwise(edges)]

    assert told(pieces) == told([_STREAM])
