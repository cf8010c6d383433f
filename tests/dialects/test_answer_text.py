"""What an answer says, read back from the bytes that its caller had."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.dialects.answer_text import CHAT, COMPLETIONS, MESSAGES, RESPONSES, text_of
from router.dialects.messages_answer import MessagesWriter, message
from router.dialects.responses_answer import ResponsesWriter, response
from router.dialects.translation import TranslatedEvents

CALL = {"tool_call": "get_weather", "arguments": {"city": "Köln"}}


def sse(*events: Any) -> bytes:
    return b"".join(b"data: " + json.dumps(it).encode() + b"\n\n" for it in events)


def delta(**fields: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": fields, "finish_reason": None}]}


def chat(**message: Any) -> bytes:
    told = {"role": "assistant", **message}
    choice = {"index": 0, "message": told, "finish_reason": "stop"}
    return json.dumps({"id": "c", "choices": [choice]}).encode()


def call_deltas() -> list[dict[str, Any]]:
    function = {"name": "get_weather", "arguments": '{"city"'}
    rest = {"arguments": ': "Köln"}'}
    return [
        delta(content="Wait."),
        delta(tool_calls=[{"index": 0, "id": "c1", "function": function}]),
        delta(tool_calls=[{"index": 0, "function": rest}]),
    ]


TOOL = {"id": "c1", "function": {"name": "get_weather", "arguments": '{"city": "Köln"}'}}
PLAIN: dict[str, tuple[str, Any]] = {
    "chat": (CHAT, json.loads(chat(content="Wait.", tool_calls=[TOOL]))),
    "responses": (
        RESPONSES,
        {
            "output": [
                {"type": "reasoning", "content": [{"text": "secret thought"}]},
                {"type": "message", "content": [{"type": "output_text", "text": "Wait."}]},
                {"type": "function_call", "name": "get_weather", "arguments": '{"city": "Köln"}'},
            ]
        },
    ),
    "messages": (
        MESSAGES,
        {
            "content": [
                {"type": "thinking", "thinking": "secret thought", "signature": "x"},
                {"type": "text", "text": "Wait."},
                {"type": "tool_use", "name": "get_weather", "input": {"city": "Köln"}},
            ]
        },
    ),
}


@pytest.mark.parametrize("form", PLAIN)
def test_texts_and_calls_of_a_plain_answer_are_read_in_every_dialect(form: str) -> None:
    endpoint, body = PLAIN[form]

    text = text_of(endpoint, False, json.dumps(body).encode())

    assert text is not None
    said, called = text.split("\n\n")
    assert (said, json.loads(called)) == ("Wait.", CALL)


def test_a_streamed_chat_completion_is_read_with_its_calls() -> None:
    text = text_of(CHAT, True, sse(*call_deltas()) + b"data: [DONE]\n\n")

    assert text is not None and json.loads(text.split("\n\n")[1]) == CALL


@pytest.mark.parametrize("endpoint", [MESSAGES, RESPONSES])
def test_what_a_translated_stream_says_is_what_the_plain_answer_says(endpoint: str) -> None:
    chunks = [{"id": "c", "model": "m", **it} for it in call_deltas()]
    chunks.append({"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    writer = MessagesWriter() if endpoint == MESSAGES else ResponsesWriter({})
    reader = TranslatedEvents(writer)
    body = b"".join(reader.feed(sse(*chunks) + b"data: [DONE]\n\n")) + reader.end()
    answer = json.loads(chat(content="Wait.", tool_calls=[TOOL]))
    whole = message(answer) if endpoint == MESSAGES else response(answer, {})

    text = text_of(endpoint, True, body)

    assert text == text_of(endpoint, False, json.dumps(whole).encode())
    assert text is not None and "Wait." in text and "Köln" in text


def test_a_stream_of_responses_is_read_also_where_its_last_event_is_empty() -> None:
    item = {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]}
    events = (
        {"type": "response.created", "response": {"output": []}},
        {"type": "response.output_item.done", "item": item},
        {"type": "response.completed", "response": {"status": "completed"}},
    )

    assert text_of(RESPONSES, True, sse(*events)) == "Hello"


def test_anthropics_own_stream_is_read_without_its_thoughts() -> None:
    blocks = [{"type": "thinking", "thinking": ""}, {"type": "text", "text": ""}]
    said = [{"type": "thinking_delta", "thinking": "hidden"}, {"type": "text_delta", "text": "Hi"}]
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {"content": []}}]
    for at, (block, piece) in enumerate(zip(blocks, said, strict=True)):
        events.append({"type": "content_block_start", "index": at, "content_block": block})
        events.append({"type": "content_block_delta", "index": at, "delta": piece})
        events.append({"type": "content_block_stop", "index": at})

    assert text_of(MESSAGES, True, sse(*events, {"type": "message_stop"})) == "Hi"


def test_completions_are_read() -> None:
    body = json.dumps({"choices": [{"index": 0, "text": " a text"}]}).encode()
    events = sse({"choices": [{"text": "a "}]}, {"choices": []}, {"choices": [{"text": "text"}]})

    assert text_of(COMPLETIONS, False, body) == "a text"
    assert text_of(COMPLETIONS, True, events) == "a text"


@pytest.mark.parametrize(
    "message",
    [
        {"content": "42", "reasoning_content": "hidden"},
        {"content": "42", "reasoning": "hidden"},
        {"content": "<think>hidden</think>\n\n42"},
        {"content": "\n<think>\nhidden\n</think>42"},
        {"content": "hidden, for the mark stood in the prompt</think>\n42"},
        {"content": [{"type": "thinking", "text": "hidden"}, {"type": "text", "text": "42"}]},
    ],
)
def test_what_was_thought_aloud_is_no_part_of_an_answer(message: dict[str, Any]) -> None:
    assert text_of(CHAT, False, chat(**message)) == "42"


def test_who_was_cut_off_while_thinking_has_said_nothing() -> None:
    assert text_of(CHAT, False, chat(content="<think>hidden, and then")) == ""


def test_who_writes_of_the_marks_of_thinking_is_read_whole() -> None:
    said = "Use <think> and </think>."

    assert text_of(CHAT, False, chat(content=said)) == said


def test_a_refusal_is_an_answer() -> None:
    assert text_of(CHAT, False, chat(content=None, refusal="I cannot.")) == "I cannot."


def test_halves_of_a_character_meet_across_tokens() -> None:
    pair = '{"choices": [{"index": 0, "delta": {"content": "%s"}}]}'
    events = [pair % half for half in ("\\ud83d", "\\ude00")]
    body = "".join(f"data: {it}\n\n" for it in events).encode()

    assert text_of(CHAT, True, body) == "\U0001f600"


def test_bytes_of_a_character_meet_across_tokens() -> None:
    """As some servers write that send a token as soon as it is there, whole or not."""
    whole = "ö€".encode()
    head, tail = b'data: {"choices": [{"index": 0, "delta": {"content": "', b'"}}]}\n\n'
    body = b"".join(head + whole[at : at + 1] + tail for at in range(len(whole)))

    assert text_of(CHAT, True, body) == "ö€"


@settings(max_examples=40)
@given(st.text(max_size=30), st.integers(1, 5))
def test_a_text_is_the_same_however_its_stream_was_cut(said: str, size: int) -> None:
    units = said.encode("utf-16-le", "surrogatepass")
    cut = [units[at : at + 2 * size] for at in range(0, len(units), 2 * size)]
    pieces = [it.decode("utf-16-le", "surrogatepass") for it in cut]
    body = sse(*(delta(content=piece) for piece in pieces))

    assert text_of(CHAT, True, body) == text_of(CHAT, False, chat(content=said))


@pytest.mark.parametrize("endpoint", [CHAT, COMPLETIONS, RESPONSES, MESSAGES])
@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"3", b'{"choices": []}', b'{"content": 3}', b"{" * 5000]
)
def test_what_is_no_answer_is_told_as_such(endpoint: str, body: bytes) -> None:
    assert text_of(endpoint, False, body) is None


def test_a_lone_half_of_a_character_is_replaced() -> None:
    assert text_of(CHAT, False, chat(content="a\ud83d")) == "a\ufffd"


def test_a_lone_half_of_a_character_in_a_call_is_replaced() -> None:
    function = {"name": "f\ud83d", "arguments": '{"a": "\\ud83d"}'}

    text = text_of(CHAT, False, chat(content=None, tool_calls=[{"function": function}]))

    assert text is not None and text.encode() and json.loads(text)["arguments"] == {"a": "\ufffd"}


def test_sound_cannot_be_read() -> None:
    assert text_of(CHAT, False, chat(content=None, audio={"data": "UklGRg=="})) is None


@given(st.binary(max_size=200))
@settings(max_examples=60)
def test_no_bytes_make_it_raise(body: bytes) -> None:
    for endpoint in (CHAT, COMPLETIONS, RESPONSES, MESSAGES):
        for streamed in (True, False):
            assert text_of(endpoint, streamed, body) is None or streamed
