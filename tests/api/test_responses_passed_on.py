"""POST /v1/responses where responses are spoken, and its errors: bytes through, state too."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Through
from tests.fakes.chat_wire import answered, chunks
from tests.fakes.scripted_upstream import event, plain, refusal, streamed

PATH = "/v1/responses"
Make = Callable[..., Through]
ASKED: dict[str, Any] = {"model": "small", "input": "Hi"}
NATIVE: dict[str, Any] = {"speaks": ["responses", "chat"]}


ANSWER = (
    b'{ "id":"resp_1","object":"response","status":"completed","output":[{"type":"web_search_call",'
    b'"id":"ws","status":"completed"}],"store":true,"usage":{"input_tokens":9,"output_tokens":3,'
    b'"input_tokens_details":{"cached_tokens":4},"total_tokens":12},"x":0.0 }'
)


def test_where_responses_are_spoken_both_ways_are_bytes_and_state_is_the_upstreams(
    through: Make,
) -> None:
    it = through(plain(ANSWER), **NATIVE)
    body = (
        b'{ "model":"small","input":"Hi","previous_response_id":"resp_0","store":true,'
        b'"conversation":null,"tools":[{"type":"web_search"}] }'
    )

    answer = it.client.post(PATH, content=body)

    assert answer.content == ANSWER
    (seen,) = it.upstream.received
    assert (seen.path, seen.body) == ("/v1/responses", body.replace(b'"small"', b'"small:3b"'))
    usage = it.log.events[0].usage
    assert usage is not None and (usage.input_tokens, usage.cached_input_tokens) == (9, 4)


def native_events(last: str, **response: Any) -> tuple[bytes, ...]:
    usage = {"input_tokens": 9, "output_tokens": 3}
    opened = {"type": "response.created", "response": {"usage": None, "error": None}}
    said = {"type": "response.output_text.delta", "delta": 'say "usage"'}
    ended = {"type": last, "response": {"usage": usage, **response}}
    return tuple(event(told, str(told["type"])) for told in (opened, said, ended))


@pytest.mark.parametrize(
    ("last", "outcome"),
    [("response.completed", "ok"), ("response.incomplete", "ok"), ("response.failed", "broken")],
)
def test_where_responses_are_spoken_a_stream_is_bytes_too(
    through: Make, last: str, outcome: str
) -> None:
    events = native_events(last)
    it = through(streamed(*events), **NATIVE)

    assert it.client.post(PATH, json={**ASKED, "stream": True}).content == b"".join(events)
    (row,) = it.log.events
    assert (row.outcome, row.usage and row.usage.input_tokens) == (outcome, 9)


@pytest.mark.parametrize("speaks", ["responses", "chat"])
@pytest.mark.parametrize("stream", [False, True])
def test_half_an_emoji_in_an_answer_breaks_none(through: Make, speaks: str, stream: bool) -> None:
    if speaks == "responses":
        whole, events = ANSWER.replace(b"ws", b"X"), native_events("response.completed", x="X")
    else:
        (whole,), events = answered({"content": "X"}).pieces, chunks({"content": "X"})
    odd = [piece.replace(b"X", b"\\ud83d") for piece in (events if stream else [whole])]
    it = through(streamed(*odd) if stream else plain(b"".join(odd)), speaks=[speaks])

    answer = it.client.post(PATH, json={**ASKED, "stream": stream})

    assert answer.status_code == 200
    (row,) = it.log.events
    assert (row.outcome, row.usage_estimated) == ("ok", False)


def test_a_stream_that_breaks_ends_in_an_error_that_clients_raise(through: Make) -> None:
    it = through(streamed(*native_events("response.completed")[:2]), **NATIVE)

    content = it.client.post(PATH, json={**ASKED, "stream": True}).content

    name, data = content.strip().split(b"\n\n")[-1].split(b"\n")
    told = json.loads(data[6:])
    assert (name, told["type"], told["code"]) == (b"event: error", "error", "upstream_broken")
    assert told["error"]["message"] == told["message"]


def test_a_translated_stream_that_is_cut_is_told_to_be(through: Make) -> None:
    it = through(streamed(*chunks({"content": "Hel"})[:1]))

    content = it.client.post(PATH, json={**ASKED, "stream": True}).content

    assert b"response.completed" not in content
    assert b"event: error" in content


def test_an_answer_that_failed_is_a_fault_of_the_upstreams(through: Make) -> None:
    failed = {"status": "failed", "error": {"code": "server_error", "message": "Sorry"}}
    it = through(plain(failed), **NATIVE)

    answer = it.client.post(PATH, json=ASKED)

    assert answer.status_code == 502
    assert answer.json()["error"]["message"] == "Sorry"


def test_an_upstreams_refusal_keeps_its_words(through: Make) -> None:
    said = {"message": "not found", "param": "previous_response_id", "code": "p_not_found"}
    it = through(refusal(400, said), **NATIVE)

    answer = it.client.post(PATH, json={**ASKED, "previous_response_id": "resp_9"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "p_not_found"


MISSING = {"message": "Response with id 'resp_9' not found.", "type": "invalid_request_error"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"previous_response_id": "resp_9"}, {"param": None, "code": 404}),
        ({"input": [{"type": "item_reference", "id": "rs_9"}]}, {"param": "input", "code": None}),
    ],
)
def test_that_the_upstream_does_not_know_what_is_gone_on_with_is_the_callers_to_hear(
    through: Make, fields: dict[str, Any], said: dict[str, Any]
) -> None:
    it = through(refusal(404, {**MISSING, **said}), **NATIVE)

    # As often as would have opened the model's circuit.
    answers = [it.client.post(PATH, json={**ASKED, **fields}) for _ in range(6)]

    assert {answer.status_code for answer in answers} == {404}
    assert answers[-1].json()["error"]["message"] == MISSING["message"]
    assert [event.outcome for event in it.log.events] == ["refused"] * 6


@pytest.mark.parametrize(
    "said",
    [{"code": "model_not_found"}, {"param": "model", "code": 404}],
)
def test_that_it_does_not_know_the_model_is_our_catalogs_fault(
    through: Make, said: dict[str, Any]
) -> None:
    it = through(refusal(404, {**MISSING, **said}), **NATIVE)

    answer = it.client.post(PATH, json={**ASKED, "previous_response_id": "resp_9"})

    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "upstream_refused"
