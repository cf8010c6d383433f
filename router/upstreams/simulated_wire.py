"""simulated_wire: Answers in the form of OpenAI's chat completions, plain and as events. Pure."""

import time
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import msgspec

from router.upstreams.simulated_answer import Answer, Answers

Fields = dict[str, Any]


def _head(told: Answers, kind: str) -> Fields:
    return {
        "id": told.id,
        "object": kind,
        "created": int(time.time()),
        "model": told.model,
        "system_fingerprint": "simulated",
    }


def completion(told: Answers) -> Fields:
    """The plain answer."""
    choices = [
        {
            "index": index,
            "message": _message(choice),
            "logprobs": None,
            "finish_reason": choice.finish_reason,
        }
        for index, choice in enumerate(told.choices)
    ]
    return {**_head(told, "chat.completion"), "choices": choices, "usage": told.usage}


def _message(choice: Answer) -> Fields:
    call = choice.tool_call
    if call is None:
        return {"role": "assistant", "content": choice.text, "refusal": None}
    function = {"name": call.name, "arguments": call.arguments}
    calls = [{"id": call.id, "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "refusal": None, "tool_calls": calls}


def events(told: Answers) -> Iterator[tuple[bytes, bool]]:
    """Every event of the stream, `[DONE]` last, each with whether it takes a token's time."""
    head = _head(told, "chat.completion.chunk")
    if told.include_usage:
        head["usage"] = None
    for choice, is_token in _deltas(told):
        yield _event({**head, "choices": [choice]}), is_token
    if told.include_usage:
        yield _event({**head, "choices": [], "usage": told.usage}), False
    yield b"data: [DONE]\n\n", False


def _event(fields: Fields) -> bytes:
    return b"data: " + msgspec.json.encode(fields) + b"\n\n"


def _deltas(told: Answers) -> Iterator[tuple[Fields, bool]]:
    """The answers side by side, as a server writes them."""
    for index, choice in enumerate(told.choices):
        yield _delta(index, _opening(choice)), False
    for row in zip_longest(*(choice.pieces() for choice in told.choices)):
        for index, piece in enumerate(row):
            if piece is not None:
                yield _delta(index, _said(told.choices[index], piece)), index == 0
    for index, choice in enumerate(told.choices):
        yield _delta(index, {}, choice.finish_reason), False


def _delta(index: int, delta: Fields, finish: str | None = None) -> Fields:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}


def _opening(choice: Answer) -> Fields:
    call = choice.tool_call
    if call is None:
        return {"role": "assistant", "content": ""}
    function = {"name": call.name, "arguments": ""}
    calls = [{"index": 0, "id": call.id, "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def _said(choice: Answer, piece: str) -> Fields:
    if choice.tool_call is None:
        return {"content": piece}
    return {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
