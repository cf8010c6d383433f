"""What a server that speaks chat completions alone sends: for tests of translated forms."""

from collections.abc import Mapping
from typing import Any

from tests.fakes.scripted_upstream import DONE, Script, event, plain, streamed

USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 7,
    "total_tokens": 27,
    "prompt_tokens_details": {"cached_tokens": 5},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


def tool_call(at: int, name: str, arguments: str) -> dict[str, Any]:
    """A whole call."""
    function = {"name": name, "arguments": arguments}
    return {"id": f"call_{at}", "type": "function", "function": function}


def answered(message: Mapping[str, Any], finish: str = "stop", **choice: Any) -> Script:
    """A plain answer of one choice."""
    told = {"role": "assistant", "content": None, **message}
    first = {"index": 0, "message": told, "finish_reason": finish, **choice}
    head = {"id": "c1", "object": "chat.completion", "created": 7, "model": "m-1"}
    return plain({**head, "choices": [first], "usage": USAGE})


def chunks(*deltas: Mapping[str, Any], finish: str = "stop") -> tuple[bytes, ...]:
    """A stream's events, the usage and `[DONE]` last."""
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m-1"}
    choices: list[dict[str, Any]]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    told = [event({**head, "choices": [choice]}) for choice in choices]
    return (*told, event({**head, "choices": [], "usage": USAGE}), DONE)


def streaming(*deltas: Mapping[str, Any], finish: str = "stop") -> Script:
    """The same as an answer."""
    return streamed(*chunks(*deltas, finish=finish))


def call_piece(at: int, arguments: str, name: str | None = None) -> dict[str, Any]:
    """A piece of a streamed call; the first one names it."""
    piece: dict[str, Any] = {"index": at, "function": {"arguments": arguments}}
    if name:
        piece |= {"id": f"call_{at}", "type": "function"}
        piece["function"]["name"] = name
    return {"tool_calls": [piece]}
