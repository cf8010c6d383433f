"""POST /v1/responses where several upstreams keep state: to the one that does, or to nobody."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from router.app import create_app
from router.core.stats import Observation
from router.gateway import Gateway
from router.settings import Settings
from tests.api.conftest import runtime_of
from tests.fakes.conversations import events
from tests.fakes.gateway import CATALOG, fake_gateway, policy
from tests.fakes.keys import a_keyring
from tests.fakes.scripted_upstream import event
from tests.fakes.upstream import SSE, FakeReply, FakeUpstream

Serve = Callable[[Gateway], TestClient]
PATH = "/v1/responses"
SPEAKS = {"speaks": ["chat", "responses"]}
BOTH = {
    "upstreams": {name: {**it, **SPEAKS} for name, it in CATALOG["upstreams"].items()},
    "models": CATALOG["models"] | {"larger": {**CATALOG["models"]["large"], "quality": 0.99}},
}
USAGE = {"input_tokens": 12, "output_tokens": 3}


def plain(id: str, **fields: Any) -> FakeReply:
    told = {"id": id, "output": [], "usage": USAGE, **fields}
    return FakeReply([json.dumps(told).encode()])


def streamed(id: str) -> FakeReply:
    opened = {"type": "response.created", "response": {"id": id, "usage": None}}
    ended = {"type": "response.completed", "response": {"id": id, "usage": USAGE, "store": True}}
    told = b"".join(event(it, str(it["type"])) for it in (opened, ended))
    return FakeReply([told], headers=SSE)


def keeping(near: FakeReply, far: FakeReply, data: Any = BOTH, **changes: Any) -> Gateway:
    return fake_gateway(
        {"near": FakeUpstream(near), "far": FakeUpstream(far)},
        policies=(policy(**changes),),
        catalog_data=data,
    )


def asked(client: TestClient, model: str, **fields: Any) -> Any:
    return client.post(PATH, json={"model": model, "input": "Hello", **fields})


@pytest.mark.parametrize("reply", [plain, streamed])
@pytest.mark.parametrize("stick", ["off", "cost"])
def test_what_goes_on_with_an_answer_goes_to_the_model_that_gave_it(
    serve: Serve, reply: Callable[[str], FakeReply], stick: str
) -> None:
    gateway = keeping(plain("resp_near"), reply("resp_far"), sessions={"stick": stick})
    client = serve(gateway)
    first = asked(client, "large", stream=reply is streamed)
    assert first.status_code == 200 and b"resp_far" in first.content

    answer = asked(client, "auto", stream=reply is streamed, previous_response_id="resp_far")

    assert answer.headers["x-slm-router-model"] == "large"
    decision = events(gateway)[1].decision
    assert decision.reason == "this model's upstream keeps the conversation"
    # Others of its upstream know it as well, and stand in; those of another do not.
    assert set(decision.models) == {"large", "larger"}
    assert [(it.model, it.code) for it in decision.rejected] == [("small", "lacks_state")]


def test_a_chain_may_branch_at_any_of_its_answers(serve: Serve) -> None:
    gateway = keeping(plain("resp_near"), plain("resp_far"))
    client = serve(gateway)
    for model in ("large", "small"):
        asked(client, model)
    for id in ("resp_far", "resp_near", "resp_far"):
        asked(client, "auto", previous_response_id=id)

    assert [it.model for it in events(gateway)][2:] == ["large", "small", "large"]


@pytest.mark.parametrize(
    ("field", "status", "code"),
    [
        ("previous_response_id", 400, "previous_response_not_found"),
        ("conversation", 404, "conversation_not_found"),
    ],
)
def test_what_nobody_is_known_to_keep_is_refused_and_nobody_is_asked(
    serve: Serve, field: str, status: int, code: str
) -> None:
    gateway = keeping(plain("resp_near"), plain("resp_far"))

    answer = asked(serve(gateway), "auto", **{field: "unheard_of"})

    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, field)
    assert error["type"] == "invalid_request_error"
    assert not events(gateway)


@pytest.mark.parametrize("named", ["conv_1", {"id": "conv_1"}])
def test_a_conversation_is_known_once_a_named_model_has_answered_in_it(
    serve: Serve, named: Any
) -> None:
    gateway = keeping(plain("resp_near"), plain("resp_far"))
    client = serve(gateway)
    asked(client, "large", conversation=named)

    assert asked(client, "auto", conversation="conv_1").status_code == 200
    assert [it.model for it in events(gateway)] == ["large", "large"]


@pytest.mark.parametrize("unkept", [{"store": False}, {"id": None}, {"id": 5}])
def test_what_the_upstream_does_not_keep_is_not_remembered(serve: Serve, unkept: Any) -> None:
    gateway = keeping(plain("resp_near"), plain(**{"id": "resp_far", **unkept}))
    client = serve(gateway)
    asked(client, "large")

    assert asked(client, "auto", previous_response_id="resp_far").status_code == 400


def test_a_model_of_another_upstream_is_refused_and_one_of_the_same_is_not(serve: Serve) -> None:
    client = serve(keeping(plain("resp_near"), plain("resp_far")))
    asked(client, "large")

    same = asked(client, "larger", previous_response_id="resp_far")
    other = asked(client, "small", previous_response_id="resp_far")

    assert same.status_code == 200
    assert (other.status_code, other.json()["error"]["param"]) == (400, "previous_response_id")
    assert "large" in other.json()["error"]["message"]


def test_where_one_upstream_alone_keeps_anything_it_is_asked_whatever_is_known(
    serve: Serve,
) -> None:
    upstreams = {**BOTH["upstreams"], "near": CATALOG["upstreams"]["near"]}
    gateway = keeping(plain("resp_near"), plain("resp_far"), {**BOTH, "upstreams": upstreams})

    answer = asked(serve(gateway), "auto", previous_response_id="resp_from_before")

    assert answer.status_code == 200
    assert answer.headers["x-slm-router-model"] in ("large", "larger")


def test_limits_win_over_state_and_say_so(serve: Serve) -> None:
    client = serve(keeping(plain("resp_near"), plain("resp_far")))
    asked(client, "large")

    answer = client.post(
        PATH,
        json={"model": "auto", "input": "Hello", "previous_response_id": "resp_far"},
        headers={"x-slm-router-allowed-models": "small"},
    )

    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, "no_candidate")
    assert error["param"] == "previous_response_id"
    assert "is kept by the upstream far" in error["message"]


def test_a_control_drawn_by_lot_does_not_leave_the_upstream_that_knows(serve: Serve) -> None:
    gateway = keeping(plain("resp_near"), plain("resp_far"), control=0.9, baseline="small")
    client = serve(gateway)
    asked(client, "large")
    for _ in range(20):
        asked(client, "auto", previous_response_id="resp_far")

    assert {it.model for it in events(gateway)} == {"large"}


@pytest.mark.parametrize("field", ["previous_response_id", "conversation"])
def test_an_id_that_is_no_text_is_refused_with_its_field(serve: Serve, field: str) -> None:
    answer = asked(serve(keeping(plain("a"), plain("b"))), "large", **{field: 5})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, field)


@pytest.mark.parametrize("model", ["auto", "large"])
def test_an_answer_is_known_to_the_key_that_it_was_given_to_and_to_no_other(model: str) -> None:
    upstreams = {**BOTH["upstreams"], "near": CATALOG["upstreams"]["near"]}
    gateway = keeping(plain("resp_near"), plain("resp_far"), {**BOTH, "upstreams": upstreams})
    runtime = runtime_of(gateway)
    runtime.settings = Settings(require_keys=True)
    runtime.keyring = a_keyring(ours=frozenset({"call"}), theirs=frozenset({"call"}))
    client = TestClient(create_app(runtime))

    def told(key: str, **fields: Any) -> Any:
        body = {"model": model, "input": "Hello", **fields}
        return client.post(PATH, json=body, headers={"authorization": f"Bearer secret-{key}"})

    first = told("ours")
    ours = told("ours", previous_response_id=first.json()["id"])
    theirs = told("theirs", previous_response_id=first.json()["id"])

    assert (first.status_code, ours.status_code, theirs.status_code) == (200, 200, 400)
    assert theirs.json()["error"]["code"] == "previous_response_not_found"


THREADS = {
    **BOTH,
    "upstreams": {
        name: {**it, "speaks": ["messages"]} for name, it in CATALOG["upstreams"].items()
    },
}


def message(id: str, stream: bool) -> FakeReply:
    told = {"id": id, "type": "message", "content": [], "usage": USAGE}
    if not stream:
        return FakeReply([json.dumps(told).encode()])
    opened = {"type": "message_start", "message": told}
    events = (opened, {"type": "message_stop"})
    return FakeReply([b"".join(event(it, str(it["type"])) for it in events)], headers=SSE)


@pytest.mark.parametrize("stream", [False, True])
def test_a_thread_of_anthropics_goes_on_where_it_is_kept_or_is_not_found(
    serve: Serve, stream: bool
) -> None:
    gateway = keeping(message("msg_near", stream), message("msg_far", stream), THREADS)
    client = serve(gateway)

    def said(model: str, **thread: str) -> Any:
        turns = [{"role": "user", "content": "Hello"}]
        body = {"model": model, "max_tokens": 5, "messages": turns, "stream": stream}
        return client.post("/v1/messages", json={**body, "thread": thread})

    said("large", type="create")
    known = said("auto", type="continue", previous_message_id="msg_far")
    unknown = said("auto", type="continue", previous_message_id="msg_of_nobody")

    assert known.headers["x-slm-router-model"] == "large"
    assert unknown.status_code == 404
    # The SDK sends the whole conversation again when it reads this.
    assert unknown.json()["error"]["details"] == {"error_code": "thread_not_found"}


def test_where_the_model_is_out_of_order_another_of_its_upstream_goes_on(serve: Serve) -> None:
    gateway = keeping(plain("resp_near"), plain("resp_far"), control=0.9, baseline="small")
    client = serve(gateway)
    asked(client, "large")
    for _ in range(5):
        gateway.stats.observe("large", Observation(ok=False, upstream="far", server_ok=True))

    answers = [asked(client, "auto", previous_response_id="resp_far") for _ in range(10)]

    assert {it.headers["x-slm-router-model"] for it in answers} == {"larger"}
