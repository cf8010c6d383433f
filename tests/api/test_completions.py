"""POST /v1/completions: as bytes where it is spoken, else by way of a chat completion."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Serve, Through
from tests.fakes.gateway import fake_gateway
from tests.fakes.scripted_upstream import DONE, event, plain, refusal, streamed

PATH = "/v1/completions"
Make = Callable[..., Through]
NATIVE: dict[str, Any] = {"speaks": ["completions", "chat"]}
ANSWER = (
    b'{"id":"c","object":"text_completion","choices":[{"text":"!","index":0,"logprobs":null,'
    b'"finish_reason":"stop"}], "usage":{"prompt_tokens":3,"completion_tokens":1},"x":0}'
)
CHAT: dict[str, Any] = {
    "id": "c",
    "object": "chat.completion",
    "created": 5,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "!"}, "finish_reason": "length"}
    ],
    "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10, "x_cost": 0},
}


@pytest.mark.parametrize("prompt", ["Say", ["Say"], ["a", "b"], [1, 2, 3], [[1, 2], [3]]])
def test_every_kind_of_prompt_passes_as_bytes(through: Make, prompt: Any) -> None:
    it = through(plain(ANSWER), **NATIVE)
    body = b'{ "model":"auto","prompt": ' + json.dumps(prompt).encode() + b',"suffix":"","echo":1}'

    answer = it.client.post(PATH, content=body)

    assert answer.content == ANSWER
    assert it.upstream.received[0].path == "/v1/completions"
    assert it.upstream.bodies == [body.replace(b'"auto"', b'"small:3b"')]
    assert (it.log.events[0].endpoint, it.log.events[0].model) == ("completions", "small")


def test_a_stream_passes_as_bytes_but_for_the_usage_we_asked_for(through: Make) -> None:
    sent = event({"choices": [{"text": "!", "index": 0, "finish_reason": "stop"}]})
    usage = event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}})
    it = through(streamed(sent, usage, DONE), **NATIVE)

    answer = it.client.post(PATH, json={"model": "small", "prompt": "Say", "stream": True})

    assert answer.content == sent + DONE
    assert it.log.events[0].usage is not None


def test_a_single_text_goes_to_a_chat_model_as_the_users_message(through: Make) -> None:
    it = through(plain(CHAT))

    asked = {"model": "auto", "prompt": ["Say"], "max_tokens": 1, "stop": ["x"], "temperature": 0}
    answer = it.client.post(PATH, json=asked)

    assert it.upstream.received[0].path == "/v1/chat/completions"
    assert it.upstream.received[0].json == {
        "model": "small:3b",
        "messages": [{"role": "user", "content": "Say"}],
        "max_tokens": 1,
        "stop": ["x"],
        "temperature": 0,
    }
    assert answer.json() == {
        "id": "c",
        "created": 5,
        "model": "m",
        "object": "text_completion",
        "choices": [{"text": "!", "index": 0, "logprobs": None, "finish_reason": "length"}],
        "usage": CHAT["usage"],
    }


@pytest.mark.parametrize("usage_asked", [True, False])
def test_a_chat_models_stream_becomes_text(through: Make, usage_asked: bool) -> None:
    def delta(text: str | None, finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
        return event({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})

    usage = event({"id": "c", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 1}})
    it = through(streamed(delta("H\u2028"), delta("i"), delta(None, "stop"), usage, DONE))
    asked: dict[str, Any] = {"model": "small", "prompt": "Say", "stream": True}
    if usage_asked:
        asked["stream_options"] = {"include_usage": True}

    content = it.client.post(PATH, json=asked).content

    assert content.endswith(DONE)
    told = [json.loads(part[6:]) for part in content.split(b"\n\n")[:-2]]
    assert {one["object"] for one in told} == {"text_completion"}
    texts = [choice["text"] for one in told for choice in one["choices"]]
    assert "".join(texts) == "H\u2028i"
    assert [one["usage"] for one in told if "usage" in one] == (
        [{"prompt_tokens": 3, "completion_tokens": 1}] if usage_asked else []
    )


@pytest.mark.parametrize(
    "field",
    [
        {"prompt": ["a", "b"]},
        {"prompt": [1, 2]},
        {"suffix": "x"},
        {"echo": True},
        {"logprobs": 2},
        {"logprobs": 0},
        {"best_of": 2},
    ],
    ids=lambda field: next(iter(field)),
)
def test_what_a_chat_model_has_no_place_for_is_refused_with_the_field(
    through: Make, field: dict[str, Any]
) -> None:
    it = through(plain(CHAT))

    answer = it.client.post(PATH, json={"model": "auto", "prompt": "Say", **field})

    (name,) = field
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("no_candidate", name)
    assert f"{name} needs completions" in error["message"]
    assert it.upstream.received == []


@pytest.mark.parametrize(
    "asked",
    [{"suffix": ""}, {"echo": False}, {"logprobs": None}, {"logprobs": False}, {"best_of": 1}],
    ids=str,
)
def test_what_asks_for_nothing_binds_to_no_endpoint(through: Make, asked: dict[str, Any]) -> None:
    it = through(plain(CHAT))

    answer = it.client.post(PATH, json={"model": "auto", "prompt": "Say", **asked})

    assert answer.status_code == 200
    assert it.upstream.received[0].json.keys() == {"model", "messages"}


@pytest.mark.parametrize("prompt", [None, [], 5, [None], [[]], [1, "a"], [True], {"a": 1}])
def test_a_prompt_that_is_none_is_named(serve: Serve, prompt: Any) -> None:
    answer = serve(fake_gateway({})).post(PATH, json={"model": "auto", "prompt": prompt})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"].startswith("prompt")


def test_an_upstreams_refusal_keeps_its_words(through: Make) -> None:
    it = through(refusal(400, {"message": "bad", "param": "prompt"}), **NATIVE)

    answer = it.client.post(PATH, json={"model": "small", "prompt": "Say"})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "prompt"
