"""Errors: OpenAI's form everywhere, the upstream's own words where they are for the caller, and
nothing of what lies between us and the upstream."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import KEY, Serve, Through
from tests.fakes.gateway import fake_gateway
from tests.fakes.scripted_upstream import Script, cut_in_two, hanging_up, page, plain, refusal
from tests.fakes.upstream import FakeReply, FakeUpstream

PATH = "/v1/chat/completions"
HELLO = {"model": "small", "messages": [{"role": "user", "content": "Hello"}]}
Make = Callable[..., Through]

OURS = {"message", "type", "param", "code"}


@pytest.mark.parametrize("status", [400, 409, 413, 422, 451])
def test_an_upstreams_refusal_of_the_request_comes_back_as_it_is(
    through: Make, status: int
) -> None:
    said = b'{"error": {"message":"Bad n","type":"x","param":"n","code":"bad","extra":0}}'
    it = through(plain(said, status, retry_after="3", x_ratelimit_limit_tokens="9"))

    answer = it.client.post(PATH, json=HELLO)

    assert (answer.status_code, answer.content) == (status, said)
    assert answer.headers["retry-after"] == "3"
    assert answer.headers["x-ratelimit-limit-tokens"] == "9"
    assert answer.headers["x-request-id"].startswith("dec_")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"detail":"Field required"}', "Field required"),
        (b'{"object":"error","message":"too long","type":"B","code":400}', "too long"),
        (b'{"error":"model is busy"}', "model is busy"),
        (b'{"type":"error","error":{"type":"invalid_request_error","message":"no"}}', "no"),
        (b'{"detail":[{"loc":["body"]}]}', "The upstream answered with status 422."),
        (b"<html>nginx</html>", "The upstream answered with status 422."),
        (b"", "The upstream answered with status 422."),
    ],
)
def test_a_refusal_in_another_form_is_told_in_openais(
    through: Make, body: bytes, message: str
) -> None:
    answer = through(Script(422, pieces=(body,) if body else ())).client.post(PATH, json=HELLO)

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert set(error) == OURS
    assert error["message"] == message


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 407])
def test_a_refusal_of_our_key_or_account_is_our_fault_and_says_nothing_of_it(
    through: Make, status: int
) -> None:
    said = {"message": f"Incorrect key {KEY} for account 42", "code": "invalid_api_key"}
    it = through(refusal(status, said, www_authenticate="Bearer", retry_after="9"))

    answer = it.client.post(PATH, json=HELLO)

    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "upstream_refused"
    assert "42" not in answer.json()["error"]["message"] and "canary" not in answer.text
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_load_and_faults_keep_the_upstreams_code_words_and_time_to_wait(
    through: Make, status: int
) -> None:
    said = {"message": "slow down", "type": "tokens", "param": "n", "code": "tpm"}
    it = through(refusal(status, said, retry_after="7", retry_after_ms="6500"))

    answer = it.client.post(PATH, json=HELLO)

    assert answer.status_code == {429: 429, 503: 503, 529: 503}.get(status, 502)
    assert answer.json()["error"] == said
    assert (answer.headers["retry-after"], answer.headers["retry-after-ms"]) == ("7", "6500")


@pytest.mark.parametrize("status", [400, 500])
def test_an_address_or_a_key_in_an_upstreams_text_is_blotted_out(
    through: Make, status: int
) -> None:
    it = through(plain(b"{}"))
    address = f"127.0.0.1:{it.upstream.port}"
    it.upstream.script = refusal(status, {"message": f"POST http://{address}/v1 with {KEY} failed"})

    answer = it.client.post(PATH, json=HELLO)

    assert answer.json()["error"]["message"] == "POST http://***/v1 with *** failed"


@pytest.mark.parametrize(
    "script",
    [
        hanging_up(),
        hanging_up("reset"),
        Script(head=False, pieces=(b"SSH-2.0-OpenSSH_9.6\r\n",), ending="cut"),
        cut_in_two(b'{"choices": []}'),
        cut_in_two(b'{"choices": []}', "reset"),
        page(),
        plain(b'{"choices": ['),
        plain(b"[1, 2]"),
        Script(204),
        Script(307, {"location": "http://127.0.0.1:9/"}),
        Script(304),
    ],
    ids=lambda script: f"{script.status} {script.ending} {script.pieces[:1]}",
)
def test_what_is_no_answer_is_a_fault_of_the_upstreams(through: Make, script: Script) -> None:
    it = through(script)

    answer = it.client.post(PATH, json=HELLO)

    assert answer.status_code == 502
    assert set(answer.json()["error"]) == OURS
    assert str(it.upstream.port) not in answer.text
    assert it.log.events[0].outcome == "upstream_error"


def bodies() -> dict[str, bytes]:
    return {"list": b"[1,2]", "null": b"null", "nan": b"NaN", "none": b"", "half": b'{"a":'}


@pytest.mark.parametrize("body", bodies().values(), ids=bodies())
def test_a_body_that_is_no_object_is_the_callers_mistake(serve: Serve, body: bytes) -> None:
    answer = serve(fake_gateway({})).post(PATH, content=body)

    assert answer.status_code == 400
    assert set(answer.json()["error"]) == OURS


def test_a_body_that_is_compressed_is_told_to_be_so(serve: Serve) -> None:
    body = gzip.compress(json.dumps(HELLO).encode())

    answer = serve(fake_gateway({})).post(PATH, content=body)

    assert answer.status_code == 400
    assert "compressed" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/messages/x/y", 404),
        ("DELETE", PATH, 405),
        ("POST", PATH, 400),
        ("GET", "/v1/models", 200),
        ("GET", "/healthz", 200),
        ("GET", "/metrics", 200),
    ],
)
def test_every_answer_has_a_request_id(serve: Serve, method: str, path: str, status: int) -> None:
    answer = serve(fake_gateway({})).request(method, path)

    assert answer.status_code == status
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_crash_has_a_request_id_too(serve: Serve) -> None:
    class Crashing(FakeUpstream):
        async def open(self, call: object) -> FakeReply:
            raise ZeroDivisionError

    answer = serve(fake_gateway({"near": Crashing()})).post(PATH, json=HELLO)

    assert answer.status_code == 500
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_wrong_method_is_told_which_are_right(serve: Serve) -> None:
    answer = serve(fake_gateway({})).delete(PATH)

    assert answer.headers["allow"] == "POST"
    assert answer.json()["error"]["message"] == f"{PATH} takes no DELETE."


def test_an_unknown_model_is_not_found_and_nobody_is_asked(through: Make) -> None:
    it = through(plain(b"{}"))

    answer = it.client.post(PATH, json={**HELLO, "model": "gpt-9"})

    assert answer.status_code == 404
    error: dict[str, Any] = answer.json()["error"]
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert it.upstream.received == []


def test_an_error_event_of_a_stream_that_breaks_is_an_error_object(through: Make) -> None:
    chunk = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
    it = through(Script(headers={"content-type": "text/event-stream"}, pieces=(chunk,)))

    content = it.client.post(PATH, json={**HELLO, "stream": True}).content

    assert content.startswith(chunk)
    told = json.loads(content.removeprefix(chunk)[6:])
    assert set(told["error"]) == OURS
