"""What a policy bounds of a request itself: refused on every endpoint, with the field at fault."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from router.gateway import Gateway
from tests.fakes.gateway import CATALOG, fake_gateway, policy
from tests.fakes.upstream import FakeUpstream

Serve = Callable[[Gateway], TestClient]

CHAT = {"messages": [{"role": "user", "content": "Hello"}]}
SENT: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": CHAT,
    "/v1/route": CHAT,
    "/v1/completions": {"prompt": "Once"},
    "/v1/responses": {"input": "Hello"},
    "/v1/messages": {**CHAT, "max_tokens": 10},
    "/v1/messages/count_tokens": CHAT,
}
BOUNDED = {"max_answers": 2, "max_output_tokens": 100}


def client_of(serve: Serve, **limits: Any) -> TestClient:
    upstreams = {"near": FakeUpstream(), "far": FakeUpstream()}
    return serve(fake_gateway(upstreams, policies=(policy(limits=limits),), catalog_data=CATALOG))


@pytest.mark.parametrize(
    ("path", "field", "most"),
    [
        ("/v1/chat/completions", "n", 2),
        ("/v1/chat/completions", "max_tokens", 100),
        ("/v1/chat/completions", "max_completion_tokens", 100),
        ("/v1/route", "n", 2),
        ("/v1/completions", "n", 2),
        ("/v1/completions", "best_of", 2),
        ("/v1/completions", "max_tokens", 100),
        ("/v1/responses", "max_output_tokens", 100),
        ("/v1/messages", "max_tokens", 100),
        ("/v1/messages/count_tokens", "max_tokens", 100),
    ],
)
@pytest.mark.parametrize("model", ["auto", "small"])
def test_more_than_the_policy_allows_is_refused(
    serve: Serve, path: str, field: str, most: int, model: str
) -> None:
    client = client_of(serve, **BOUNDED)
    answer = client.post(path, json={"model": model, **SENT[path], field: most + 1})

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert f"Expected at most {most} under this policy, got {most + 1}." in error["message"]
    assert error.get("param", field) == field

    allowed = client.post(path, json={"model": model, **SENT[path], field: most})
    assert f"at most {most}" not in allowed.text


def test_a_bound_does_not_hide_behind_the_other_name_of_the_same_thing(serve: Serve) -> None:
    body = {"model": "auto", **CHAT, "max_completion_tokens": 5, "max_tokens": 101}

    answer = client_of(serve, **BOUNDED).post("/v1/chat/completions", json=body)

    assert answer.json()["error"]["param"] == "max_tokens"


def test_unless_a_policy_says_otherwise_answers_are_bounded_as_openai_does_and_length_is_not(
    serve: Serve,
) -> None:
    client = client_of(serve)
    body = {"model": "large", **CHAT}

    assert client.post("/v1/chat/completions", json={**body, "n": 129}).status_code == 400
    assert client.post("/v1/chat/completions", json={**body, "n": 128}).status_code == 200
    long = client.post("/v1/chat/completions", json={**body, "max_tokens": 100_000})
    assert long.status_code == 200
