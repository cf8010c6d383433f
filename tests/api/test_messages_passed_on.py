"""POST /v1/messages where messages are spoken, and its errors: bytes through."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import KEY, Through
from tests.fakes.chat_wire import chunks
from tests.fakes.scripted_upstream import event, plain, refusal, streamed

PATH = "/v1/messages"
Make = Callable[..., Through]
ASKED: dict[str, Any] = {
    "model": "small",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hi"}],
}
STREAMED = {**ASKED, "stream": True}
NATIVE: dict[str, Any] = {"speaks": ["messages"]}


ANSWER = (
    b'{ "id":"msg_1","type":"message","role":"assistant","model":"m","content":[{"type":"thinking",'
    b'"thinking":"","signature":"s"}],"stop_reason":"pause_turn","stop_sequence":null,"usage":'
    b'{"input_tokens":10,"output_tokens":3,"cache_read_input_tokens":90,"service_tier":"x"},"x":0}'
)


def test_where_messages_are_spoken_both_ways_are_bytes(through: Make) -> None:
    it = through(plain(ANSWER), **NATIVE)
    body = (
        b'{ "model":"small","max_tokens":5,"thinking":{"type":"adaptive"},"top_k":1.0,'
        b'"messages":[ {"role":"user","content":"x"}]}'
    )

    headers = {
        "anthropic-beta": "b-1",
        "x-api-key": "the-callers",
        "anthropic-version": "2024-01-01",
    }
    answer = it.client.post(PATH, content=body, headers=headers)

    assert answer.content == ANSWER
    (seen,) = it.upstream.received
    assert (seen.path, seen.body) == ("/v1/messages", body.replace(b'"small"', b'"small:3b"'))
    assert seen.headers["x-api-key"] == KEY
    assert "authorization" not in seen.headers
    assert seen.headers["anthropic-beta"] == "b-1"
    assert seen.headers["anthropic-version"] == "2024-01-01"
    usage = it.log.events[0].usage
    assert usage is not None
    assert (usage.input_tokens, usage.cached_input_tokens, usage.output_tokens) == (100, 90, 3)


_TOLD: tuple[dict[str, Any], ...] = (
    {"type": "message_start", "message": {"usage": {"input_tokens": 9, "output_tokens": 1}}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta"}},
    {"type": "message_delta", "delta": {"stop_reason": "x"}, "usage": {"output_tokens": 4}},
    {"type": "message_stop"},
)
NATIVE_EVENTS = tuple(event(told, told["type"]) for told in _TOLD)
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def test_where_messages_are_spoken_a_stream_is_bytes_too(through: Make) -> None:
    it = through(streamed(*NATIVE_EVENTS), **NATIVE)

    assert it.client.post(PATH, json=STREAMED).content == b"".join(NATIVE_EVENTS)
    usage = it.log.events[0].usage
    assert usage is not None and (usage.input_tokens, usage.output_tokens) == (9, 4)


@pytest.mark.parametrize("last", [(), (event(OVERLOADED, "error"),)], ids=["cut", "error"])
def test_a_stream_that_breaks_ends_in_an_error_of_anthropics_form(
    through: Make, last: tuple[bytes, ...]
) -> None:
    it = through(streamed(*NATIVE_EVENTS[:3], *last), **NATIVE)

    content = it.client.post(PATH, json=STREAMED).content

    name, data = content.removeprefix(b"".join(NATIVE_EVENTS[:3])).strip().split(b"\n")
    assert name == b"event: error"
    told = json.loads(data[6:])
    assert told["type"] == "error"
    assert told["error"]["type"] in ("api_error", "overloaded_error")
    assert it.log.events[0].outcome == "broken"


def test_a_translated_stream_that_is_cut_is_told_to_be(through: Make) -> None:
    it = through(streamed(*chunks({"content": "Hel"})[:1]))

    content = it.client.post(PATH, json=STREAMED).content

    assert b"message_stop" not in content
    assert b"event: error" in content


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, "invalid_request_error"), (429, "rate_limit_error"), (500, "api_error"),
     (529, "overloaded_error"), (401, "api_error")],
)  # fmt: skip
def test_errors_take_anthropics_form(through: Make, status: int, kind: str) -> None:
    it = through(refusal(status, {"message": "said", "code": "c"}, retry_after="4"))

    answer = it.client.post(PATH, json=ASKED)

    told = answer.json()
    assert told["type"] == "error"
    assert told["error"]["type"] == kind
    assert answer.headers["x-request-id"]
    if status != 401:
        assert (told["error"]["message"], answer.headers["retry-after"]) == ("said", "4")


def test_unknown_paths_below_messages_are_told_in_anthropics_form(through: Make) -> None:
    answer = through().client.get("/v1/messages/batches")

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "not_found_error"


def test_counting_tokens_teaches_nothing_of_how_long_answers_are(through: Make) -> None:
    it = through(plain(ANSWER), **NATIVE)
    asked = {name: ASKED[name] for name in ("model", "messages")}
    it.client.post(PATH, json=ASKED)
    before = it.stats.snapshot().of("small").output_tokens

    it.upstream.script = plain(b'{"input_tokens": 42}')
    for _ in range(3):
        it.client.post(f"{PATH}/count_tokens", json=asked)

    assert before == 3 and it.stats.snapshot().of("small").output_tokens == before


def test_tokens_are_counted_by_the_model_or_estimated(through: Make) -> None:
    counting = through(plain(b'{"input_tokens": 42}'), **NATIVE)
    guessing = through(plain(b"{}"))
    asked = {name: ASKED[name] for name in ("model", "messages")}

    counted = counting.client.post(f"{PATH}/count_tokens", json=asked)
    guessed = guessing.client.post(f"{PATH}/count_tokens", json=asked)

    assert counted.json() == {"input_tokens": 42}
    assert counting.upstream.received[0].path == "/v1/messages/count_tokens"
    (row,) = counting.log.events
    assert (row.cost_usd, row.baseline, row.unpriced) == (0, None, None)
    assert guessed.json()["input_tokens"] > 0
    assert guessed.headers["x-slm-router-estimated"] == "true"
    assert guessing.upstream.received == []
