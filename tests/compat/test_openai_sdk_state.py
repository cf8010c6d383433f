"""OpenAI's SDK goes on with stored responses, over two upstreams that keep them and two workers."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.fakes.process import GatewayProcess, running_gateway
from tests.fakes.scripted_upstream import (
    Received,
    Script,
    event,
    plain,
    refusal,
    scripted_process_wide,
    streamed,
)


def keeping(name: str) -> Callable[[Received], Script]:
    """A server that keeps its answers, and knows no others."""
    numbers, kept = count(), set[str]()

    def answer(seen: Received) -> Script:
        asked = seen.json
        before = asked.get("previous_response_id")
        if before is not None and before not in kept:
            return refusal(400, {"code": "previous_response_not_found", "param": before})
        id = f"resp_{name}_{next(numbers)}"
        kept.add(id)
        part = {"type": "output_text", "text": f"Said by {name}.", "annotations": []}
        message = {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}
        told = {
            "id": id,
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": asked["model"],
            "output": [{**message, "status": "completed"}],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": {
                "input_tokens": 9,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": 3,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": 12,
            },
        }
        return _streamed(told) if asked.get("stream") else plain(told)

    return answer


def _streamed(told: dict[str, Any]) -> Script:
    opened = {**told, "status": "in_progress", "output": [], "usage": None}
    events = (
        {"type": "response.created", "response": opened, "sequence_number": 0},
        {"type": "response.completed", "response": told, "sequence_number": 1},
    )
    return streamed(*(event(it, str(it["type"])) for it in events))


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(scripted_process_wide(keeping(name)))
            for name in ("near", "far")
        }
        content = {
            "name": "state",
            "upstreams": {
                name: {
                    "kind": "openai_http",
                    "base_url": it.base_url,
                    "speaks": ["chat", "responses"],
                }
                for name, it in servers.items()
            },
            "models": {
                name: {
                    "upstream": name,
                    "location": "cloud",
                    "quality": 0.9,
                    "price": {"input_usd_per_mtok": price, "output_usd_per_mtok": price},
                }
                for name, price in (("near", 1.0), ("far", 9.0))
            },
            "default": {"strategy": {"kind": "cheapest_good_enough", "min_quality": 0.1}},
        }
        file = tmp_path_factory.mktemp("policy") / "policy.yaml"
        # What is JSON is YAML.
        file.write_text(json.dumps(content), "utf-8")
        yield file


def ask(gateway: GatewayProcess, model: str, **fields: Any) -> Any:
    """Over a connection of its own: either worker may answer."""
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="x", max_retries=0) as client:
        told = client.responses.create(model=model, input="Hello", **fields)
        if not fields.get("stream"):
            return told
        (last,) = [it.response for it in told if it.type == "response.completed"]
        return last


def test_an_answers_id_finds_who_keeps_it_by_any_worker_and_after_a_restart(
    tmp_path: Path, policy: Path
) -> None:
    with running_gateway(tmp_path, "--policy", str(policy), "--workers", "2") as gateway:
        told = ask(gateway, "far")
        for stream in (False, True) * 4:
            told = ask(gateway, "auto", previous_response_id=told.id, stream=stream)
            assert told.output_text == "Said by far."

    with running_gateway(tmp_path, "--policy", str(policy)) as gateway:
        again = ask(gateway, "auto", previous_response_id=told.id)
        with pytest.raises(openai.BadRequestError) as unknown:
            ask(gateway, "auto", previous_response_id="resp_of_nobody")

    assert again.output_text == "Said by far."
    assert unknown.value.code == "previous_response_not_found"
    assert unknown.value.param == "previous_response_id"
    assert unknown.value.request_id is not None
