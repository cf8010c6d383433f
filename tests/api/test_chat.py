"""POST /v1/chat/completions, from the caller's side of the wire."""

import json
from typing import cast

import pytest

from router.errors import UpstreamBroken, UpstreamTimeout
from tests.api.conftest import Serve
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.upstream import (
    DONE,
    FakeReply,
    FakeUpstream,
    event,
    plain_reply,
    streamed_reply,
)

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}
PATH = "/v1/chat/completions"


def test_an_answer_comes_back_byte_for_byte(serve: Serve) -> None:
    odd = b'{ "choices":[], "usage" : null, "x_unknown": 1.0, "logprobs":0 }'
    client = serve(fake_gateway({"near": FakeUpstream(FakeReply([odd]))}))

    assert client.post(PATH, json=HELLO).content == odd


def test_the_headers_say_who_answered_and_why(serve: Serve) -> None:
    client = serve(fake_gateway({"near": FakeUpstream()}))

    headers = client.post(PATH, json=HELLO).headers

    assert headers["x-slm-router-model"] == "small"
    assert headers["x-slm-router-policy"] == "default@1a2b3c4d"
    assert headers["x-slm-router-rule"] == "default"
    assert headers["x-request-id"] == headers["x-slm-router-decision"]


def test_a_fallback_is_told(serve: Serve) -> None:
    upstreams = {"near": FakeUpstream(UpstreamTimeout("late")), "far": FakeUpstream()}

    headers = serve(fake_gateway(upstreams)).post(PATH, json=HELLO).headers

    assert headers["x-slm-router-model"] == "large"
    assert headers["x-slm-router-fallback-from"] == "small"


def test_a_stream_comes_back_byte_for_byte_but_for_the_usage_we_asked_for(serve: Serve) -> None:
    client = serve(fake_gateway({"near": FakeUpstream(streamed_reply())}))

    answer = client.post(PATH, json={**HELLO, "stream": True})

    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.content == event("Hel") + event("lo") + event(finish="stop") + DONE


def test_a_stream_that_breaks_ends_in_an_error_event_and_without_done(serve: Serve) -> None:
    breaking = streamed_reply(event("Hel"), then=UpstreamBroken("The upstream broke off."))
    client = serve(fake_gateway({"near": FakeUpstream(breaking)}))

    content = client.post(PATH, json={**HELLO, "stream": True}).content

    first, told, rest = content.split(b"\n\n")
    assert first + b"\n\n" == event("Hel")
    assert json.loads(told.removeprefix(b"data: "))["error"]["code"] == "upstream_broken"
    assert rest == b""


@pytest.mark.parametrize(
    ("refusal", "status", "type_"),
    [
        (FakeReply([b"{}"], 429, {"retry-after": "3"}), 429, "rate_limit_error"),
        (FakeReply([b"{}"], 503, {"retry-after": "3"}), 503, "server_error"),
        (FakeReply([b"{}"], 500, {"retry-after": "3"}), 502, "server_error"),
    ],
)
def test_an_overload_that_no_fallback_mends_keeps_its_retry_after(
    serve: Serve, refusal: FakeReply, status: int, type_: str
) -> None:
    client = serve(fake_gateway({"near": FakeUpstream(refusal), "far": FakeUpstream(refusal)}))

    answer = client.post(PATH, json=HELLO)

    assert answer.status_code == status
    assert answer.headers["retry-after"] == "3"
    assert answer.json()["error"]["type"] == type_


def test_no_model_is_named_that_did_not_answer(serve: Serve) -> None:
    down = FakeUpstream(UpstreamTimeout("late"))

    headers = serve(fake_gateway({"near": down, "far": down})).post(PATH, json=HELLO).headers

    assert "x-slm-router-model" not in headers
    assert headers["x-slm-router-fallback-from"] == "small,large"


def test_the_upstreams_refusal_of_our_key_is_not_the_callers(serve: Serve) -> None:
    refusal = FakeReply([b'{"error": {"message": "Incorrect API key sk-secret"}}'], 401)
    client = serve(fake_gateway({"near": FakeUpstream(refusal), "far": FakeUpstream(refusal)}))

    answer = client.post(PATH, json=HELLO)

    assert answer.status_code == 502
    assert "sk-secret" not in answer.text


def test_a_body_above_the_limit_is_refused_before_it_is_read(serve: Serve) -> None:
    client = serve(fake_gateway({}))

    answer = client.post(PATH, content=b" " * 10_001)

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"


def test_a_body_without_a_length_is_held_to_the_limit_too(serve: Serve) -> None:
    client = serve(fake_gateway({}))

    answer = client.post(PATH, content=iter([b" " * 6_000, b" " * 6_000]))

    assert answer.status_code == 413


def test_nobody_left_to_ask_names_the_reason_for_every_model(serve: Serve) -> None:
    client = serve(fake_gateway({}))
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    body = {"model": "small", "messages": [{"role": "user", "content": [image]}]}

    answer = client.post(PATH, json=body)

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "no_candidate"
    assert "small: the request needs vision" in error["message"]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-slm-router-max-cost-usd", "cheap"),
        ("x-slm-router-max-cost-usd", "-1"),
        ("x-slm-router-max-cost-usd", "nan"),
        ("x-slm-router-min-quality", "2"),
        ("x-slm-router-local-only", "yes"),
        ("x-slm-router-max-latency", "3"),
    ],
)
def test_a_header_that_makes_no_sense_is_named(serve: Serve, header: str, value: str) -> None:
    answer = serve(fake_gateway({})).post(PATH, json=HELLO, headers={header: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == header


def test_a_header_that_says_nothing_to_us_is_refused_with_the_nearest_that_does(
    serve: Serve,
) -> None:
    answer = serve(fake_gateway({})).post(PATH, json=HELLO, headers={"x-slm-router-localonly": "1"})

    assert answer.status_code == 400
    assert "x-slm-router-local-only" in answer.json()["error"]["message"]


@pytest.mark.parametrize("order", [["true", "false"], ["false", "true"]])
def test_a_limit_that_stands_twice_binds_twice(serve: Serve, order: list[str]) -> None:
    client = serve(fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()}))
    headers = [("x-slm-router-local-only", value) for value in order]

    answer = client.post(PATH, json={**HELLO, "model": "large"}, headers=headers)

    assert answer.status_code == 400


def test_what_the_provider_says_of_an_overload_reaches_the_caller(serve: Serve) -> None:
    said = {"message": "Too many tokens", "type": "tokens", "param": "p", "code": "rate_limit"}
    refusal = FakeReply([json.dumps({"error": said}).encode()], 429)
    client = serve(fake_gateway({"near": FakeUpstream(refusal), "far": FakeUpstream(refusal)}))

    assert client.post(PATH, json=HELLO).json() == {"error": said}


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"error": "no"}', b"\xff"])
def test_an_overload_told_in_another_form_is_told_in_ours(serve: Serve, body: bytes) -> None:
    refusal = FakeReply([body], 429)
    client = serve(fake_gateway({"near": FakeUpstream(refusal), "far": FakeUpstream(refusal)}))

    assert client.post(PATH, json=HELLO).json()["error"]["code"] == "upstream_refused"


def test_a_body_that_is_no_utf8_is_the_callers_mistake(serve: Serve) -> None:
    body = b'{"model":"auto","messages":[{"role":"user","content":"caf\xe9"}]}'

    answer = serve(fake_gateway({})).post(PATH, content=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "messages"


def test_the_log_knows_a_user_by_a_pseudonym_alone(serve: Serve) -> None:
    gateway = fake_gateway({"near": FakeUpstream()})
    client = serve(gateway)
    for user in ("bob@example.com", "bob@example.com", "eve@example.com"):
        client.post(PATH, json={**HELLO, "user": user})

    bob, again, eve = (row.session for row in cast(MemoryLog, gateway.log).events)
    assert bob == again != eve
    assert bob is not None and "bob" not in bob


def test_headers_take_freedom_away(serve: Serve) -> None:
    upstreams = {"near": FakeUpstream(), "far": FakeUpstream()}
    client = serve(fake_gateway(upstreams))

    asked = {
        "x-slm-router-min-quality": "0.9",
        "x-slm-router-allowed-models": "small, large",
        "x-slm-router-max-cost-usd": "1",
        "x-slm-router-max-latency": "1m",
    }
    answer = client.post(PATH, json=HELLO, headers=asked)

    assert answer.headers["x-slm-router-model"] == "large"


def test_a_crash_of_ours_tells_nothing_of_its_cause(serve: Serve) -> None:
    class Crashing(FakeUpstream):
        async def open(self, call: object) -> FakeReply:
            raise ZeroDivisionError("secret detail")

    gateway = fake_gateway({"near": Crashing()})
    answer = serve(gateway).post(PATH, json=HELLO)

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "secret" not in answer.text
    (row,) = cast(MemoryLog, gateway.log).events
    assert (row.outcome, row.status) == ("broken", 500)


def test_a_plain_answer_is_recorded_before_it_is_sent(serve: Serve) -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply())})

    serve(gateway).post(PATH, json=HELLO)

    assert len(cast(MemoryLog, gateway.log).events) == 1
