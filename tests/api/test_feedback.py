"""POST /v1/feedback: what it takes, and how it refuses the rest."""

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from router.core.feedback import SCORES, Feedback
from router.errors import DecisionLogError
from tests.api.conftest import Serve
from tests.fakes.clock import FakeClock
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.upstream import FakeUpstream

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


@pytest.fixture
def client(serve: Serve, log: MemoryLog) -> TestClient:
    return serve(replace(fake_gateway({"near": FakeUpstream()}), log=log))


@pytest.fixture
def decision(client: TestClient) -> str:
    return client.post("/v1/chat/completions", json=HELLO).headers["x-slm-router-decision"]


def test_a_score_is_kept_with_the_time_and_told_back(
    client: TestClient, log: MemoryLog, decision: str
) -> None:
    answer = client.post("/v1/feedback", json={"decision": decision, "score": 0.25})

    assert answer.status_code == 200
    at = FakeClock().now()
    assert log.feedback == [Feedback(decision, "user", at, 0.25)]
    assert answer.json() == {
        "object": "feedback",
        "decision": decision,
        "source": "user",
        "at": at,
        "score": 0.25,
        "word": None,
        "cheaper_would_do": False,
    }


@pytest.mark.parametrize("word", SCORES)
def test_a_word_is_kept_with_its_score(client: TestClient, decision: str, word: str) -> None:
    told = client.post(
        "/v1/feedback", json={"decision": decision, "word": word, "source": "check"}
    ).json()

    good = word in ("good_fit", "overprovisioned")
    assert (told["word"], told["score"], told["source"]) == (word, float(good), "check")
    assert told["cheaper_would_do"] == (word == "overprovisioned")


@pytest.mark.parametrize("score", [0, 1, 0.0, 1.0, 1e-300])
def test_the_ends_of_the_scale_are_scores(client: TestClient, decision: str, score: float) -> None:
    answer = client.post("/v1/feedback", json={"decision": decision, "score": score})

    assert answer.json()["score"] == score


def test_an_unknown_decision_is_404_in_openais_form(client: TestClient) -> None:
    answer = client.post("/v1/feedback", json={"decision": "dec_nothing", "score": 1})

    assert answer.status_code == 404
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == ("decision", "decision_not_found")
    assert "x-slm-router-decision" in error["message"]


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"score": 1.01}, "score"),
        ({"score": -0.01}, "score"),
        ({"score": 10**400}, "score"),
        ({"score": True}, "score"),
        ({"score": "0.5"}, "score"),
        ({"score": "good_fit"}, "score"),
        ({"score": None}, "score"),
        ({}, "score"),
        ({"word": "great"}, "word"),
        ({"word": 1}, "word"),
        ({"word": ["failed"]}, "word"),
        ({"word": "failed", "score": 0}, "word"),
        ({"score": 1, "source": "me"}, "source"),
        ({"score": 1, "source": None}, "source"),
        ({"score": 1, "comment": "It said the capital was Lyon."}, "comment"),
        ({"score": 1, "decision": 7}, "decision"),
        ({"score": 1, "decision": ""}, "decision"),
        ({"score": 1, "decision": None}, "decision"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_with_its_field(
    client: TestClient, log: MemoryLog, decision: str, wrong: dict[str, Any], param: str
) -> None:
    answer = client.post("/v1/feedback", json={"decision": decision, **wrong})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert "Lyon" not in answer.text
    assert log.feedback == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"d1"', b"\xff"])
def test_a_body_that_is_no_object_is_400(client: TestClient, body: bytes) -> None:
    answer = client.post("/v1/feedback", content=body)

    assert answer.status_code == 400
    assert "JSON object" in answer.json()["error"]["message"]


def test_a_body_that_is_nested_too_deep_is_400(client: TestClient) -> None:
    answer = client.post("/v1/feedback", content=b"[" * 3000)

    assert answer.status_code == 400
    assert "nested" in answer.json()["error"]["message"]


def test_a_body_that_is_far_too_long_is_413(client: TestClient) -> None:
    answer = client.post("/v1/feedback", content=b"{" + b" " * 5000 + b"}")

    assert answer.status_code == 413


def test_a_log_that_cannot_be_written_is_500_and_says_so(
    client: TestClient, log: MemoryLog, decision: str
) -> None:
    log.error = DecisionLogError("The decision log is full.")

    answer = client.post("/v1/feedback", json={"decision": decision, "score": 1})

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "decision_log_error"
