"""Conversations stay with their models over HTTP: tool loops, helpers, streams and records."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from router.gateway import Gateway
from tests.fakes.conversations import CALL, CHAT, FIRST, NEXT, RESULT, SAID, asked, events
from tests.fakes.gateway import CATALOG, fake_gateway, policy
from tests.fakes.upstream import FakeReply, FakeUpstream, plain_reply, streamed_reply

Serve = Callable[[Gateway], TestClient]


def small_then_large(upstream: FakeReply | None = None, **sticking: Any) -> Gateway:
    """A gateway whose policy sends the first turn to small and later ones to large."""
    late = {
        "name": "late",
        "when": {"signal": "turns", "at_least": 2},
        "candidates": ["large"],
        "strategy": {"kind": "best_quality"},
    }
    near = FakeUpstream() if upstream is None else FakeUpstream(upstream)
    upstreams = {"near": near, "far": FakeUpstream()}
    ours = policy(rules=[late], sessions=sticking)
    return fake_gateway(upstreams, {"shape": Turns()}, (ours,))


class Turns:
    """Satisfies router.ports.Signal."""

    async def extract(self, request: Any) -> dict[str, float]:
        return {"turns": float(len(request.turns)), "difficulty": 0.0}


LOOP = [asked(FIRST), asked(FIRST, CALL, RESULT), asked(FIRST, CALL, RESULT, CALL, RESULT)]


@pytest.mark.parametrize(
    ("stick", "answered"),
    [("off", "small large large large"), ("tool_loops", "small small small large")],
)
def test_a_tool_loop_stays_with_its_model_and_the_next_question_is_free(
    serve: Serve, stick: str, answered: str
) -> None:
    gateway = small_then_large(stick=stick)
    client = serve(gateway)
    for body in (*LOOP, asked(FIRST, CALL, RESULT, SAID, NEXT)):
        client.post(CHAT, json=body)

    assert [event.model for event in events(gateway)] == answered.split()


OTHER_FORMS: dict[str, tuple[dict[str, Any], str, list[Any]]] = {
    "/v1/messages": (
        {"max_tokens": 50},
        "messages",
        [
            {"role": "assistant", "content": [
                {"type": "tool_use", "id": "c1", "name": "weather", "input": {}}
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "4 degrees"},
                {"type": "text", "text": "<system-reminder>Be brief.</system-reminder>"},
            ]},
        ],
    ),
    "/v1/responses": (
        {},
        "input",
        [
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "4 degrees"},
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", OTHER_FORMS)
def test_a_tool_loop_is_one_in_every_form(serve: Serve, path: str) -> None:
    fields, said, loop = OTHER_FORMS[path]
    gateway = small_then_large()
    client = serve(gateway)
    for turns in ([FIRST], [FIRST, *loop], [FIRST, *loop, *loop]):
        answer = client.post(path, json={"model": "auto", **fields, said: turns})
        assert answer.status_code == 200, answer.text

    assert [event.model for event in events(gateway)] == ["small"] * 3
    assert [event.decision.strategy for event in events(gateway)][1:] == ["session"] * 2


def test_what_was_held_is_in_the_record_and_the_decision_replays_from_it(serve: Serve) -> None:
    gateway = small_then_large()
    client = serve(gateway)
    for body in LOOP[:2]:
        client.post(CHAT, json=body)

    first, second = events(gateway)
    assert first.held is None
    assert second.held is not None
    assert (second.held.model, second.held.tokens) == ("small", 12)
    assert second.decision.strategy == "session"
    assert second.draw == first.draw


def test_streamed_answers_are_held_too(serve: Serve) -> None:
    gateway = fake_gateway(
        {
            "near": FakeUpstream(streamed_reply()),
            "far": FakeUpstream(),
        }
    )
    client = serve(gateway)
    for body in LOOP[:2]:
        client.post(CHAT, json={**body, "stream": True})

    assert [event.held is not None for event in events(gateway)] == [False, True]


def test_two_helpers_within_one_session_do_not_take_each_others_models(serve: Serve) -> None:
    gateway = small_then_large()
    client = serve(gateway)
    session = {"x-slm-router-session": "7"}
    client.post(CHAT, json=asked(FIRST), headers=session)
    client.post(CHAT, json=asked(NEXT, SAID, FIRST), headers=session)  # another, by large
    client.post(CHAT, json=LOOP[1], headers=session)

    first, other, third = events(gateway)
    assert first.session == other.session == third.session
    assert [event.model for event in (first, other, third)] == ["small", "large", "small"]


def test_a_named_session_outlives_a_change_of_its_instructions(serve: Serve) -> None:
    gateway = small_then_large()
    client = serve(gateway)
    for system, body in zip(("It is noon.", "It is one."), LOOP[:2], strict=True):
        messages = [{"role": "system", "content": system}, *body["messages"]]
        client.post(CHAT, json={**body, "messages": messages, "user": "bob", "session_id": "7"})

    assert events(gateway)[1].held is not None


def test_a_provider_that_says_that_it_caches_nothing_is_believed(serve: Serve) -> None:
    gateway = small_then_large()
    client = serve(gateway)
    for body in LOOP:
        client.post(CHAT, json=body)

    assert [event.held and event.held.tokens for event in events(gateway)] == [None, 12, 0]


def test_an_upstream_that_counts_nothing_says_nothing_of_its_cache(serve: Serve) -> None:
    uncounted = FakeReply([b'{"choices": [{"message": {"content": "Hello there"}}]}'])
    gateway = small_then_large(upstream=uncounted)
    client = serve(gateway)
    for body in LOOP:
        client.post(CHAT, json=body)

    first, second, third = (event.held for event in events(gateway))
    assert first is None
    assert second is not None and third is not None
    assert 0 < second.tokens < third.tokens


def test_a_request_that_was_refused_leaves_nothing_behind(serve: Serve) -> None:
    refusing = FakeUpstream(FakeReply([b'{"error": {"message": "no"}}'], 400), plain_reply())
    gateway = fake_gateway({"near": refusing, "far": FakeUpstream()})
    client = serve(gateway)
    for body in LOOP[:2]:
        client.post(CHAT, json=body)

    assert [event.held for event in events(gateway)] == [None, None]


def test_route_tells_what_is_held_and_holds_nothing(serve: Serve) -> None:
    client = serve(small_then_large())
    assert client.post("/v1/route", json=LOOP[0]).json()["held"] is None
    assert client.post("/v1/route", json=LOOP[1]).json()["held"] is None

    client.post(CHAT, json=LOOP[0])

    told = client.post("/v1/route", json=LOOP[1]).json()
    assert told["held"]["model"] == told["model"] == "small"
    assert told["candidates"][0]["switch_cost_usd"] == 0.0


RESPONSES = {
    "upstreams": {
        "near": {**CATALOG["upstreams"]["near"], "speaks": ["chat", "responses"]},
        "far": {**CATALOG["upstreams"]["far"], "speaks": ["chat", "responses"]},
    },
    "models": CATALOG["models"],
}


def test_a_conversation_kept_by_its_upstream_stays_there(serve: Serve) -> None:
    told = {"id": "r", "output": [], "usage": {"input_tokens": 12, "output_tokens": 3}}
    upstreams = {
        name: FakeUpstream(FakeReply([json.dumps(told).encode()])) for name in ("near", "far")
    }
    gateway = fake_gateway(upstreams, catalog_data=RESPONSES)
    client = serve(gateway)
    body = {"model": "large", "input": "Hello", "conversation": "conv_1"}
    client.post("/v1/responses", json=body)
    client.post("/v1/responses", json={**body, "model": "auto", "input": "Go on"})

    assert [event.model for event in events(gateway)] == ["large", "large"]
    assert events(gateway)[1].decision.reason == "this model's upstream keeps the conversation"


def test_completions_are_no_conversation(serve: Serve) -> None:
    gateway = fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()})
    client = serve(gateway)
    for user in ({}, {"user": "bob"}):
        client.post("/v1/completions", json={"model": "auto", "prompt": "Once", **user})

    unnamed, named = (event.session for event in events(gateway))
    assert unnamed is None and named is not None
