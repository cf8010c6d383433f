"""A policy applies to every route and call type: nothing private leaves in any dialect."""

from typing import Any

import pytest

from router.signals.privacy import PrivacyOptions, PrivacySignal
from tests.api.conftest import Serve
from tests.fakes.gateway import CATALOG, MemoryLog, fake_gateway, policy
from tests.fakes.upstream import FakeUpstream, plain_reply

SECRET = "DE89 3704 0044 0532 0130 00"
LOCAL_RULE = {
    "rules": [
        {
            "name": "private",
            "when": {"signal": "pii", "is": True},
            "limits": {"local_only": True},
            "strategy": {"kind": "best_quality"},
        }
    ],
    "default": {"strategy": {"kind": "best_quality"}},
}
MODELS: dict[str, Any] = {
    name: {**card, "capabilities": ["tools", "vision", "json_schema", "files"]}
    for name, card in CATALOG["models"].items()
}
NAMED = {
    kind: {**MODELS["large"], "upstream": "far", "speaks": [kind]}
    for kind in ("embeddings", "moderations", "rerank", "images", "speech")
}
SPEAKS = ["chat", "completions", "responses", "messages"]
DATA = {
    "upstreams": {name: {**spec, "speaks": SPEAKS} for name, spec in CATALOG["upstreams"].items()},
    "models": {**MODELS, **NAMED},
}

TEXT_SOURCE = {"type": "document", "source": {"type": "text", "data": SECRET}}
TOOL_RESULT = {
    "type": "tool_result",
    "tool_use_id": "t",
    "content": [{"type": "text", "text": SECRET}],
}
CALL = {"type": "tool_use", "id": "t", "name": "f", "input": {"iban": SECRET}}
HI = {"role": "user", "content": "Hi"}


def anthropic(*blocks: Any, role: str = "user", **fields: Any) -> dict[str, Any]:
    said = {"role": role, "content": list(blocks) or "Hi"}
    return {"model": "auto", "max_tokens": 5, "messages": [said, HI], **fields}


def chat(**message: Any) -> dict[str, Any]:
    return {"model": "auto", "messages": [{"role": "user", "content": "Hi", **message}]}


def asked(**fields: Any) -> dict[str, Any]:
    return {"model": "auto", **fields}


def item(kind: str, **fields: Any) -> dict[str, Any]:
    return asked(input=[{"type": kind, "call_id": "c", "name": "f", **fields}])


def part(role: str, **fields: Any) -> dict[str, Any]:
    return asked(input=[{"role": role, "content": [fields]}])


FUNCTION = {"name": "f", "description": SECRET}
CHAT_TOOL = {"type": "function", "function": FUNCTION}
THOUGHT = {"type": "thinking", "thinking": SECRET}
TEXT = {"type": "text", "text": SECRET}
PLACES: dict[str, dict[str, dict[str, Any]]] = {
    "chat/completions": {
        "content": chat(content=SECRET),
        "part": chat(content=[TEXT]),
        "tool": {**chat(), "tools": [CHAT_TOOL]},
        "default": {**chat(), "tools": [{**CHAT_TOOL, "data": f"data:{SECRET}"}]},
    },
    "completions": {
        "text": asked(prompt=SECRET),
        "list": asked(prompt=["a", SECRET]),
        "suffix": asked(prompt="a", suffix=SECRET),
        "tokens": asked(prompt=[1, 2, 3]),
    },
    "responses": {
        "text": asked(input=SECRET),
        "instructions": asked(input="a", instructions=SECRET),
        "part": part("user", type="input_text", text=SECRET),
        "refusal": part("assistant", type="refusal", refusal=SECRET),
        "call": item("function_call", arguments=SECRET),
        "result": item("function_call_output", output=SECRET),
        "tool": asked(input="a", tools=[{"type": "function", **FUNCTION}]),
    },
    "messages": {
        "text": anthropic(TEXT),
        "system": anthropic(system=SECRET),
        "system block": anthropic(system=[TEXT]),
        "document": anthropic(TEXT_SOURCE),
        "result": anthropic(TOOL_RESULT),
        "call": anthropic(CALL, role="assistant"),
        "thought": anthropic(THOUGHT, role="assistant"),
        "tool": anthropic(tools=[FUNCTION]),
    },
}
EVERY = [(path, name) for path, places in PLACES.items() for name in places]


@pytest.mark.parametrize(("path", "place"), EVERY)
def test_private_data_stays_local_wherever_it_stands(serve: Serve, path: str, place: str) -> None:
    body = PLACES[path][place]
    near, far = FakeUpstream(plain_reply()), FakeUpstream(plain_reply())
    signals = {"privacy": PrivacySignal(PrivacyOptions())}
    gateway = fake_gateway({"near": near, "far": far}, signals, (policy(**LOCAL_RULE),), DATA)

    serve(gateway).post(f"/v1/{path}", json=body)

    assert (len(near.calls), len(far.calls)) == (1, 0)
    assert isinstance(gateway.log, MemoryLog)
    (row,) = gateway.log.events
    told = path.replace("/", ".")
    assert row.endpoint == told
    if place != "tokens":
        assert (row.decision.rule, row.signals["pii"]) == ("private", True)
    else:
        assert row.decision.unknown_rules == ("private",)


@pytest.mark.parametrize(
    ("path", "model", "fields"),
    [
        ("embeddings", "embeddings", {"input": ["a", SECRET]}),
        ("moderations", "moderations", {"input": SECRET}),
        ("moderations", "moderations", {"input": [{"type": "text", "text": SECRET}]}),
        ("rerank", "rerank", {"query": SECRET, "documents": ["a"]}),
        ("rerank", "rerank", {"query": "a", "documents": ["b", SECRET]}),
        ("rerank", "rerank", {"query": "a", "documents": [{"title": "b", "body": SECRET}]}),
        ("rerank", "rerank", {"query": "a", "documents": {"content": [{"text": SECRET}]}}),
        ("rerank", "rerank", {"query": "a", "documents": [{"text": f"data: {SECRET}"}]}),
        ("rerank", "rerank", {"query": "a", "documents": [{"meta": {"data": SECRET}}]}),
        ("rerank", "rerank", {"query": "a", "documents": [{SECRET: "b"}]}),
        ("images/generations", "images", {"prompt": SECRET}),
        ("audio/speech", "speech", {"input": SECRET, "voice": "v"}),
        ("audio/speech", "speech", {"input": "a", "voice": "v", "instructions": SECRET}),
        ("audio/speech", "speech", {"input": "a", "instructions": f"data: {SECRET}"}),
    ],
)
def test_private_data_leaves_for_nothing_that_is_asked_by_name(
    serve: Serve, path: str, model: str, fields: dict[str, Any]
) -> None:
    far = FakeUpstream()
    signals = {"privacy": PrivacySignal(PrivacyOptions())}
    gateway = fake_gateway({"far": far}, signals, (policy(**LOCAL_RULE),), DATA)

    answer = serve(gateway).post(f"/v1/{path}", json={"model": model, **fields})

    assert (answer.status_code, far.calls) == (400, [])
    assert "must stay on local models" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("chat/completions", chat()),
        ("completions", {"model": "auto", "prompt": "Hi"}),
        ("responses", {"model": "auto", "input": "Hi"}),
        ("messages", anthropic()),
    ],
)
def test_what_is_not_private_may_leave_from_every_endpoint(
    serve: Serve, path: str, body: dict[str, Any]
) -> None:
    far = FakeUpstream(plain_reply())
    signals = {"privacy": PrivacySignal(PrivacyOptions())}
    gateway = fake_gateway({"far": far}, signals, (policy(**LOCAL_RULE),), DATA)

    serve(gateway).post(f"/v1/{path}", json=body)

    assert [call.path for call in far.calls] == [f"/{path}"]
