"""POST /v1/embeddings: by name, as bytes, with the same model elsewhere as the only fallback."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from router.errors import UpstreamUnreachable
from router.ports import UpstreamCall
from tests.api.conftest import Serve, Through
from tests.fakes.gateway import CATALOG, MemoryLog, fake_gateway, policy
from tests.fakes.upstream import FakeReply, FakeUpstream

PATH = "/v1/embeddings"
Make = Callable[..., Through]
ANSWER = (
    b'{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AACAPw=="}],'
    b' "model":"e","usage":{"prompt_tokens":1000,"total_tokens":1000}}'
)
PRICE = {"input_usd_per_mtok": 0.02, "output_usd_per_mtok": 0.0}


def card(upstream: str, location: str = "local", name: str = "e5") -> dict[str, Any]:
    return {
        "upstream": upstream,
        "upstream_model": name,
        "location": location,
        "speaks": ["embeddings"],
        "quality": 0.5,
        "price": PRICE,
    }


MODELS = {
    **CATALOG["models"],
    "e5": card("near"),
    "e5@far": card("far", "cloud"),
    "other": card("far", "cloud", "another"),
}
DATA = {**CATALOG, "models": MODELS}


def answering() -> FakeUpstream:
    return FakeUpstream(FakeReply([ANSWER]))


@pytest.mark.parametrize(
    "asked",
    [
        b'{ "input":"Hi","model":"e5","encoding_format":"base64" }',
        b'{ "input":["Hi","there"],"model":"e5","dimensions":2}',
        b'{ "input":[1,2,3],"model":"e5", "user":""}',
        b'{ "input":[[1],[2,3]],"model":"e5","encoding_format":"float"}',
    ],
)
def test_every_kind_of_input_passes_as_bytes_and_is_priced(serve: Serve, asked: bytes) -> None:
    near = answering()
    gateway = fake_gateway({"near": near}, catalog_data=DATA)

    answer = serve(gateway).post(PATH, content=asked)

    assert answer.content == ANSWER
    assert [(call.path, call.body) for call in near.calls] == [("/embeddings", asked)]
    assert isinstance(gateway.log, MemoryLog)
    (row,) = gateway.log.events
    assert (row.endpoint, row.decision.strategy, row.outcome) == ("embeddings", "named", "ok")
    assert row.cost_usd == pytest.approx(1000 * 0.02 / 1e6)


def test_the_same_model_elsewhere_stands_in_and_no_other_does(serve: Serve) -> None:
    down, far = FakeUpstream(UpstreamUnreachable("down")), answering()
    client = serve(fake_gateway({"near": down, "far": far}, catalog_data=DATA))

    answer = client.post(PATH, json={"model": "e5", "input": "Hi"})

    assert answer.headers["x-slm-router-model"] == "e5@far"
    assert [json.loads(call.body)["model"] for call in far.calls] == ["e5"]
    assert client.post(PATH, json={"model": "other", "input": "Hi"}).status_code == 200
    assert [json.loads(call.body)["model"] for call in far.calls] == ["e5", "another"]


@pytest.mark.parametrize("model", ["auto", "auto:default"])
def test_nothing_is_chosen_among_models_whose_vectors_do_not_fit(serve: Serve, model: str) -> None:
    answer = serve(fake_gateway({}, catalog_data=DATA)).post(
        PATH, json={"model": model, "input": "Hi"}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "model"


def test_a_model_for_conversations_makes_none_and_the_other_way_round(serve: Serve) -> None:
    client = serve(fake_gateway({}, catalog_data=DATA))

    embedding = client.post(PATH, json={"model": "large", "input": "Hi"})
    chat = client.post(
        "/v1/chat/completions", json={"model": "e5", "messages": [{"role": "user", "content": "x"}]}
    )

    for answer in (embedding, chat):
        assert answer.json()["error"]["code"] == "no_candidate"
    assert "the model makes embeddings alone" in chat.json()["error"]["message"]


def test_a_policy_that_keeps_data_local_binds_embeddings_too(serve: Serve) -> None:
    near = answering()
    local = policy(limits={"local_only": True})
    gateway = fake_gateway({"near": near, "far": near}, policies=(local,), catalog_data=DATA)
    client = serve(gateway)

    assert client.post(PATH, json={"model": "other", "input": "Hi"}).status_code == 400
    assert client.post(PATH, json={"model": "e5", "input": "Hi"}).status_code == 200
    assert isinstance(near.calls[0], UpstreamCall) and len(near.calls) == 1


def test_many_inputs_need_room_for_the_longest_alone(serve: Serve) -> None:
    e5 = {**card("near"), "context_window": 512}
    small = {**DATA, "models": {**CATALOG["models"], "e5": e5}}
    client = serve(fake_gateway({"near": answering()}, catalog_data=small))

    fits = client.post(PATH, json={"model": "e5", "input": [[7] * 500] * 3})
    too_long = client.post(PATH, json={"model": "e5", "input": [[7], [7] * 513]})

    assert fits.status_code == 200
    assert "about 513 tokens exceed its window" in too_long.json()["error"]["message"]


@pytest.mark.parametrize("given", [None, [], 5, [None], [[]], [[1], "a", 1.5]])
def test_an_input_that_is_none_is_named(serve: Serve, given: Any) -> None:
    answer = serve(fake_gateway({}, catalog_data=DATA)).post(
        PATH, json={"model": "e5", "input": given}
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("input")
