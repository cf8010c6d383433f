"""POST /v1/responses: as bytes where it is spoken, else by way of chat; state is never invented."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from openai.types.responses import Response, ResponseStreamEvent

from tests.api.conftest import Through
from tests.fakes.chat_wire import answered, call_piece, streaming, tool_call

PATH = "/v1/responses"
Make = Callable[..., Through]
ASKED: dict[str, Any] = {"model": "small", "input": "Hi"}
EVENTS = {
    get_args(kind.model_fields["type"].annotation)[0]: kind
    for kind in get_args(get_args(ResponseStreamEvent)[0])
}
"""OpenAI's own types of events by their names."""


def events_in(content: bytes) -> list[Any]:
    """The events, named, numbered and of OpenAI's shape."""
    told = []
    for block in content.removesuffix(b"\n\n").split(b"\n\n"):
        name, data = block.split(b"\n")
        told_type = json.loads(data[6:])["type"]
        parsed = EVENTS[told_type].model_validate_json(data[6:])
        assert name == f"event: {parsed.type}".encode()
        told.append(parsed)
    assert [one.sequence_number for one in told] == list(range(len(told)))
    return told


def sent_by(it: Through) -> Any:
    return it.upstream.received[-1].json


def test_a_text_becomes_a_chat_completion_and_its_answer_a_response(through: Make) -> None:
    it = through(answered({"content": "Hello", "reasoning_content": "hm"}))
    asked = {**ASKED, "instructions": "Be terse.", "max_output_tokens": 9, "temperature": 0}

    answer = it.client.post(PATH, json={**asked, "store": False, "metadata": {"a": "b"}})

    assert it.upstream.received[0].path == "/v1/chat/completions"
    assert sent_by(it) == {
        "model": "small:3b",
        "max_tokens": 9,
        "temperature": 0,
        "messages": [
            {"role": "system", "content": "Be terse."},
            {"role": "user", "content": "Hi"},
        ],
    }
    told = Response.model_validate_json(answer.content)
    assert told.output_text == "Hello"
    assert [item.type for item in told.output] == ["reasoning", "message"]
    assert (told.status, told.error, told.instructions) == ("completed", None, "Be terse.")
    assert told.metadata == {"a": "b"}
    assert answer.json()["store"] is False
    assert told.usage is not None
    assert (told.usage.input_tokens, told.usage.input_tokens_details.cached_tokens) == (20, 5)
    assert told.usage.output_tokens_details.reasoning_tokens == 2
    (row,) = it.log.events
    assert (row.endpoint, row.outcome) == ("responses", "ok")


ITEMS: list[dict[str, Any]] = [
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "Look"},
            {"type": "input_image", "image_url": "data:image/png;base64,AA", "detail": "low"},
            {"type": "input_file", "file_data": "AA", "filename": "a.pdf"},
        ],
    },
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "AA"},
    {
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "id": "msg_1",
        "content": [{"type": "output_text", "text": "Calling", "annotations": []}],
    },
    {"type": "function_call", "id": "fc", "call_id": "c1", "name": "f", "arguments": "{}"},
    {"type": "function_call", "call_id": "c2", "name": "g", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "fine"},
    {
        "type": "function_call_output",
        "call_id": "c2",
        "output": [{"type": "input_text", "text": "no"}],
    },
    {"role": "developer", "content": "Go on"},
]


def test_items_of_every_kind_find_their_place(through: Make) -> None:
    it = through(answered({"content": "ok"}), capable=["tools", "vision", "files"])

    it.client.post(PATH, json={**ASKED, "input": ITEMS, "include": ["reasoning.encrypted_content"]})

    calls = [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]
    image = {"url": "data:image/png;base64,AA", "detail": "low"}
    assert sent_by(it)["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Look"},
                {"type": "image_url", "image_url": image},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "AA"}},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "Calling"}],
            "tool_calls": calls,
        },
        {"role": "tool", "tool_call_id": "c1", "content": "fine"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "no"}]},
        {"role": "developer", "content": "Go on"},
    ]


TOOL: dict[str, Any] = {
    "type": "function",
    "name": "f",
    "description": None,
    "parameters": {},
    "strict": False,
}


def test_tools_and_schemas_are_put_into_the_older_form(through: Make) -> None:
    it = through(
        answered({"tool_calls": [tool_call(0, "f", "{}")]}, "tool_calls"),
        capable=["tools", "json_schema"],
    )
    form = {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}
    choice = {"type": "function", "name": "f"}

    answer = it.client.post(
        PATH,
        json={
            **ASKED,
            "tools": [TOOL],
            "tool_choice": choice,
            "text": {"format": form, "verbosity": "low"},
            "reasoning": {"effort": "low", "summary": "auto"},
        },
    )

    sent = sent_by(it)
    function = {"name": "f", "parameters": {}, "strict": False}
    assert sent["tools"] == [{"type": "function", "function": function}]
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert sent["response_format"]["json_schema"] == {
        n: form[n] for n in ("name", "schema", "strict")
    }
    assert (sent["verbosity"], sent["reasoning_effort"]) == ("low", "low")
    told = Response.model_validate_json(answer.content)
    call: Any = told.output[0]
    assert (call.type, call.call_id, call.name, call.arguments) == (
        "function_call",
        "call_0",
        "f",
        "{}",
    )


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "max_output_tokens"), ("content_filter", "content_filter")]
)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_was_cut_is_incomplete(
    through: Make, finish: str, reason: str, stream: bool
) -> None:
    it = through(
        streaming({"content": "Hel"}, finish=finish)
        if stream
        else answered({"content": "Hel"}, finish)
    )

    content = it.client.post(PATH, json={**ASKED, "stream": stream}).content

    told: Any = Response.model_validate_json(content) if not stream else None
    told = told or events_in(content)[-1].response
    assert (told.status, told.incomplete_details.reason) == ("incomplete", reason)


def test_a_stream_becomes_the_events_of_a_response(through: Make) -> None:
    it = through(
        streaming({"reasoning_content": "h"}, {"reasoning_content": "m"}, {"content": "Hel\u2028"},
                  {"content": "lo"}, call_piece(0, "{", "f"), call_piece(1, "{}", "g"),
                  call_piece(0, "}"), finish="tool_calls")
    )  # fmt: skip

    told = events_in(it.client.post(PATH, json={**ASKED, "tools": [TOOL], "stream": True}).content)

    kinds = [one.type.removeprefix("response.") for one in told]
    assert kinds[:2] == ["created", "in_progress"]
    assert kinds[-1] == "completed"
    assert kinds.count("output_item.added") == kinds.count("output_item.done") == 4
    texts = [one.delta for one in told if one.type == "response.output_text.delta"]
    assert "".join(texts) == "Hel\u2028lo"
    final = told[-1].response
    assert final.output_text == "Hel\u2028lo"
    assert [item.type for item in final.output] == [
        "reasoning",
        "message",
        "function_call",
        "function_call",
    ]
    assert [item.arguments for item in final.output[2:]] == ["{}", "{}"]
    done = [one.item for one in told if one.type == "response.output_item.done"]
    assert [item.model_dump() for item in done] == [item.model_dump() for item in final.output]
    assert final.usage.total_tokens == 27


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"store": True}, "store"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"tools": [{"type": "web_search"}]}, "tools[0]"),
        ({"tool_choice": {"type": "mcp"}}, "tool_choice"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0]"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]},
         "input[0].content[0]"),
        ({"truncation": "auto"}, "truncation"),
        ({"include": ["message.output_text.logprobs"]}, "include"),
        ({"reasoning": {"summary": "detailed"}}, "reasoning.summary"),
        ({"max_tool_calls": 2}, "max_tool_calls"),
        ({"background": True}, "background"),
        ({"x_unknown": 0}, "x_unknown"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)  # fmt: skip
def test_what_cannot_be_translated_is_refused_with_the_field(
    through: Make, change: dict[str, Any], param: str
) -> None:
    it = through(answered({"content": "x"}), capable=["tools", "vision", "files"])

    answer = it.client.post(PATH, json={**ASKED, **change})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert it.upstream.received == []


def test_who_asks_for_state_is_told_what_to_send_instead(through: Make) -> None:
    answer = through().client.post(PATH, json={**ASKED, "previous_response_id": "resp_1"})

    assert "send the whole conversation" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": [5]}, "input[0]"),
        ({"input": [{"content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": 5}]}, "input[0].content"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(
    through: Make, change: dict[str, Any], param: str
) -> None:
    answer = through().client.post(PATH, json={**ASKED, **change})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
