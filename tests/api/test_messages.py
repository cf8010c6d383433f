"""POST /v1/messages: Anthropic's form, as bytes where it is spoken, else by way of chat."""

from collections.abc import Callable
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from pydantic import TypeAdapter

from tests.api.conftest import Through
from tests.fakes.chat_wire import answered, call_piece, streaming, tool_call

PATH = "/v1/messages"
Make = Callable[..., Through]
ASKED: dict[str, Any] = {
    "model": "small",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hi"}],
}
EVENTS: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)


def events_in(content: bytes) -> list[RawMessageStreamEvent]:
    """The events, each named by its own type and of Anthropic's shape."""
    told = []
    for block in content.removesuffix(b"\n\n").split(b"\n\n"):
        name, data = block.split(b"\n")
        parsed = EVENTS.validate_json(data.removeprefix(b"data: "))
        assert name == f"event: {parsed.type}".encode()
        told.append(parsed)
    return told


def sent_by(it: Through) -> Any:
    return it.upstream.received[-1].json


def test_a_message_becomes_a_chat_completion_and_its_answer_a_message(through: Make) -> None:
    it = through(answered({"content": "Hello"}))

    answer = it.client.post(PATH, json={**ASKED, "system": "Be terse.", "stop_sequences": ["x"]})

    assert it.upstream.received[0].path == "/v1/chat/completions"
    assert sent_by(it) == {
        "model": "small:3b",
        "max_tokens": 100,
        "stop": ["x"],
        "messages": [
            {"role": "system", "content": "Be terse."},
            {"role": "user", "content": "Hi"},
        ],
    }
    told = Message.model_validate_json(answer.content)
    assert told.model_dump(exclude_unset=True) == {
        "id": "msg_c1",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 15,
            "output_tokens": 7,
            "cache_read_input_tokens": 5,
            "cache_creation_input_tokens": 0,
        },
    }
    (row,) = it.log.events
    assert (row.endpoint, row.model, row.outcome) == ("messages", "small", "ok")
    assert row.usage is not None and row.usage.input_tokens == 20


IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "AA"}
CONVERSATION: list[dict[str, Any]] = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "Look", "cache_control": {"type": "ephemeral"}},
            IMAGE,
            {"type": "image", "source": {"type": "url", "url": "https://e.com/a.png"}},
            {"type": "document", "source": PDF, "title": "a.pdf"},
            {"type": "document", "source": {"type": "text", "data": "Plain"}},
        ],
    },
    {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "Calling"},
            {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 0}},
            {"type": "tool_use", "id": "t2", "name": "g", "input": {}},
        ],
    },
    {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "t1", "content": "fine"},
            {
                "type": "tool_result",
                "tool_use_id": "t2",
                "is_error": True,
                "content": [{"type": "text", "text": "no"}],
            },
            {"type": "text", "text": "Go on"},
        ],
    },
]


def test_what_stands_above_a_document_is_shown_to_the_model_too(through: Make) -> None:
    it = through(answered({"content": "x"}), capable=["files"])
    source = {"type": "text", "media_type": "text/plain", "data": "It rained."}
    block = {"type": "document", "source": source, "title": "Log", "context": "Of 1990."}

    it.client.post(PATH, json={**ASKED, "messages": [{"role": "user", "content": [block]}]})

    (part,) = it.upstream.received[0].json["messages"][0]["content"]
    assert part["text"] == "Log\n\nOf 1990.\n\nIt rained."


def test_blocks_of_every_kind_find_their_place(through: Make) -> None:
    it = through(answered({"content": "ok"}), capable=["tools", "vision", "files"])

    it.client.post(PATH, json={**ASKED, "messages": CONVERSATION})

    assert sent_by(it)["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}},
                {"type": "image_url", "image_url": {"url": "https://e.com/a.png"}},
                {
                    "type": "file",
                    "file": {
                        "filename": "a.pdf",
                        "file_data": "data:application/pdf;base64,AA",
                    },
                },
                {"type": "text", "text": "Plain"},
            ],
        },
        {
            "role": "assistant",
            "content": "Calling",
            "tool_calls": [
                {"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a":0}'}},
                {"id": "t2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "t1", "content": "fine"},
        {"role": "tool", "tool_call_id": "t2", "content": "Error: no"},
        {"role": "user", "content": [{"type": "text", "text": "Go on"}]},
    ]


TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        (
            {"type": "tool", "name": "f", "disable_parallel_tool_use": True},
            {
                "tool_choice": {"type": "function", "function": {"name": "f"}},
                "parallel_tool_calls": False,
            },
        ),
    ],
)
def test_tools_are_functions(through: Make, choice: dict[str, Any], sent: dict[str, Any]) -> None:
    it = through(answered({"tool_calls": [tool_call(0, "f", '{"a": 0}')]}, "tool_calls"))

    answer = it.client.post(PATH, json={**ASKED, "tools": [TOOL], "tool_choice": choice})

    function = {"name": "f", "description": "d", "parameters": {"type": "object"}}
    assert sent_by(it)["tools"] == [{"type": "function", "function": function}]
    assert {name: sent_by(it).get(name) for name in sent} == sent
    told = Message.model_validate_json(answer.content)
    assert told.stop_reason == "tool_use"
    assert told.content[0].model_dump(exclude_unset=True) == {
        "type": "tool_use",
        "id": "call_0",
        "name": "f",
        "input": {"a": 0},
    }


def test_a_schema_is_asked_for_as_one(through: Make) -> None:
    it = through(answered({"content": "{}"}), capable=["json_schema"])
    form = {"type": "json_schema", "schema": {"type": "object"}}

    it.client.post(PATH, json={**ASKED, "output_config": {"format": form, "effort": "low"}})

    assert sent_by(it)["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert sent_by(it)["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("finish", "beside", "reason"),
    [
        ("length", {}, "max_tokens"),
        ("content_filter", {}, "refusal"),
        ("stop", {"stop_reason": "###"}, "stop_sequence"),
    ],
)
def test_why_an_answer_ended_is_told(
    through: Make, finish: str, beside: dict[str, Any], reason: str
) -> None:
    it = through(answered({"content": "Hel"}, finish, **beside))

    assert it.client.post(PATH, json=ASKED).json()["stop_reason"] == reason


def test_a_refusal_is_told_as_one(through: Make) -> None:
    it = through(answered({"refusal": "I cannot."}))

    told = it.client.post(PATH, json=ASKED).json()

    assert (told["stop_reason"], told["content"][0]["text"]) == ("refusal", "I cannot.")


STREAMED = {**ASKED, "stream": True}


def test_a_stream_becomes_the_events_of_a_message(through: Make) -> None:
    said = ("Hel\u2028", "lo \U0001f600")
    it = through(streaming({"role": "assistant", "content": ""}, *({"content": s} for s in said)))

    answer = it.client.post(PATH, json=STREAMED)

    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events_in(answer.content)
    assert [one.type for one in told] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    deltas = [one.delta.text for one in told[2:4]]  # type: ignore[union-attr]
    assert tuple(deltas) == said
    end: Any = told[5]
    assert (end.delta.stop_reason, end.usage.input_tokens, end.usage.output_tokens) == (
        "end_turn",
        15,
        7,
    )
    assert it.log.events[0].usage is not None


@pytest.mark.parametrize("interleaved", [False, True])
def test_streamed_calls_become_blocks_one_after_another(through: Make, interleaved: bool) -> None:
    first = [call_piece(0, "", "f"), call_piece(0, '{"a":'), call_piece(0, "0}")]
    second = [call_piece(1, "{", "g"), call_piece(1, "}")]
    mixed = [first[0], first[1], second[0], second[1], first[2]]
    it = through(
        streaming(
            {"content": "So"}, *(mixed if interleaved else first + second), finish="tool_calls"
        )
    )

    told: list[Any] = events_in(it.client.post(PATH, json={**STREAMED, "tools": [TOOL]}).content)

    blocks: dict[int, Any] = {}
    opened: list[int] = []
    for one in told:
        if one.type == "content_block_start":
            assert opened == []
            opened.append(one.index)
            blocks[one.index] = [one.content_block.type, ""]
        elif one.type == "content_block_delta":
            assert opened == [one.index]
            delta = one.delta
            blocks[one.index][1] += delta.text if delta.type == "text_delta" else delta.partial_json
        elif one.type == "content_block_stop":
            assert opened.pop() == one.index
    assert list(blocks.values()) == [["text", "So"], ["tool_use", '{"a":0}'], ["tool_use", "{}"]]
    assert told[-2].delta.stop_reason == "tool_use"
