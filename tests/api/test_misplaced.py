"""A base_url without /v1, or with two of them: told, and never served."""

import pytest

from tests.api.conftest import Serve
from tests.fakes.gateway import fake_gateway

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.mark.parametrize("path", ["/chat/completions", "/embeddings", "/responses", "/messages"])
def test_a_base_url_without_v1_is_told_where_the_path_lives(serve: Serve, path: str) -> None:
    answer = serve(fake_gateway({})).post(path, json=HELLO)

    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert answer.json()["error"]["message"] == (
        f"There is no POST {path}. It is POST /v1{path}. Set base_url to http://host:port/v1."
    )


def test_a_base_url_with_v1_twice_is_told_so(serve: Serve) -> None:
    client = serve(fake_gateway({}))
    twice = client.post("/v1/v1/chat/completions", json=HELLO)
    looked_up = client.get("/v1/v1/models/small")

    assert twice.status_code == looked_up.status_code == 404
    assert "It is POST /v1/chat/completions, with one /v1." in twice.json()["error"]["message"]
    assert "It is GET /v1/models/small, with one /v1." in looked_up.json()["error"]["message"]


def test_anthropics_clients_put_it_there_themselves(serve: Serve) -> None:
    given = {"anthropic-version": "2023-06-01"}
    answer = serve(fake_gateway({})).post("/v1/v1/messages", json=HELLO, headers=given)

    assert (answer.status_code, answer.json()["type"]) == (404, "error")
    assert answer.json()["error"]["message"].endswith(
        "Set base_url to http://host:port: Anthropic's clients put /v1 behind it themselves."
    )


@pytest.mark.parametrize("path", ["/nowhere", "/v1/nowhere", "/v1/v1/nowhere", "/v1/v1/"])
def test_a_path_that_lives_nowhere_is_told_nothing_more(serve: Serve, path: str) -> None:
    answer = serve(fake_gateway({})).post(path, json=HELLO)

    assert answer.json()["error"]["message"] == f"There is no POST {path}."
