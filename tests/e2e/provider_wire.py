"""What a provider sends that used so much: for tests of invoices. Every text is made up."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.captured_usage import Captured
from tests.fakes.scripted_upstream import DONE, Ending, Received, Script, event, plain, streamed

TOKENS = 3
"""Pieces of an answer that come before it breaks off."""


def scripted(seen: Received, of: Mapping[str, Captured], ending: Ending) -> Script:
    """The answer to a request; which of those captured it is for stands in the body or path.

    A stream whose `ending` is not whole ends after TOKENS pieces.
    """
    body = seen.json
    if seen.path.endswith("/converse"):
        return plain(_converse(of[seen.path.split("/")[-2]].usage))
    it = of[body["model"]]
    if it.form == "cohere":
        return plain(_cohere(it.usage))
    if not body.get("stream"):
        return plain(_WHOLE[it.form](it.usage))
    pieces = _STREAM[it.form](it)
    if ending != "whole":
        cut = [at for at, piece in enumerate(pieces) if b"delta" in piece][TOKENS - 1] + 1
        pieces = pieces[:cut]
    return streamed(*pieces, ending=ending)


_HEAD = {"id": "c1", "created": 7, "model": "m-1"}


def _completion(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    message = {"role": "assistant", "content": "abc"}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**_HEAD, "object": "chat.completion", "choices": [choice], "usage": usage}


def _chunks(it: Captured) -> list[bytes]:
    head = {**_HEAD, "object": "chat.completion.chunk"}
    last: dict[str, Any] = {"index": 0, "delta": {}, "finish_reason": "stop"}
    if it.place == "choice":
        last["usage"] = it.usage
    ended = {**head, "choices": [last], **({"usage": it.usage} if it.place == "last" else {})}
    said = [{"index": 0, "delta": {"content": one}, "finish_reason": None} for one in "abc"]
    told = [event({**head, "choices": [choice]}) for choice in said]
    alone = [event({**head, "choices": [], "usage": it.usage})] if it.place == "event" else []
    # As OpenRouter does while it looks for a provider.
    return [b": PROCESSING\n\n", *told, event(ended), *alone, DONE]


def _response(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    said = {"type": "output_text", "text": "abc", "annotations": []}
    message = {"type": "message", "id": "m", "role": "assistant", "content": [said]}
    return {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "output": [message],
        "usage": usage,
    }


def _response_events(it: Captured) -> list[bytes]:
    begun = {**_response({}), "status": "in_progress", "output": [], "usage": None}
    deltas = [{"type": "response.output_text.delta", "item_id": "m", "delta": one} for one in "abc"]
    told: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message"}},
        *deltas,
        {"type": "response.completed", "response": _response(it.usage)},
    ]
    return [event(one, one["type"]) for one in told]


def _message(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m-1",
        "content": [{"type": "text", "text": "abc"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }


def _message_events(it: Captured) -> list[bytes]:
    begun = {**_message(it.began), "content": [], "stop_reason": None}
    block = {"type": "text", "text": ""}
    deltas = [{"type": "text_delta", "text": one} for one in "abc"]
    told: list[dict[str, Any]] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": block},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": one} for one in deltas),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": it.usage},
        {"type": "message_stop"},
    ]
    return [event(one, one["type"]) for one in told]


def _cohere(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    message = {"role": "assistant", "content": [{"type": "text", "text": "abc"}]}
    return {"id": "c1", "finish_reason": "COMPLETE", "message": message, "usage": usage}


def _converse(usage: Mapping[str, Any]) -> Mapping[str, Any]:
    message = {"role": "assistant", "content": [{"text": "abc"}]}
    return {
        "metrics": {"latencyMs": 1},
        "output": {"message": message},
        "stopReason": "end_turn",
        "usage": usage,
    }


_WHOLE = {"chat": _completion, "responses": _response, "messages": _message}
_STREAM = {"chat": _chunks, "responses": _response_events, "messages": _message_events}
