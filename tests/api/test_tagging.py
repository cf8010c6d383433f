"""What a request is said to be for: taken from a header or from metadata, and kept to ourselves."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from router.gateway import Gateway
from tests.api.conftest import Through
from tests.fakes.chat_wire import answered
from tests.fakes.conversations import CHAT, FIRST, asked, events
from tests.fakes.gateway import fake_gateway, policy
from tests.fakes.upstream import FakeUpstream

Serve = Callable[[Gateway], TestClient]

TAGS = "x-slm-router-tags"
ENDPOINTS: dict[str, dict[str, Any]] = {
    CHAT: asked(FIRST),
    "/v1/completions": {"model": "small", "prompt": "Hi"},
    "/v1/embeddings": {"model": "small", "input": "Hi"},
    "/v1/responses": {"model": "auto", "input": "Hi"},
    "/v1/messages": {"model": "auto", "max_tokens": 9, "messages": [FIRST]},
}

REFUSED = (
    *("", " ", "a,,b", "a,", "two words", "x" * 65, "someone@example.com", "a;b", "=SUM(A1)"),
    *("caf\u00e9", "a,b,c,d,e,f,g,h,i"),
)


def tagged(
    serve: Serve,
    headers: list[tuple[str, str]] | dict[str, str] | None = None,
    path: str = CHAT,
    tags_from: tuple[str, ...] = (),
    **fields: Any,
) -> tuple[str, ...]:
    """The tags of one request in the log."""
    upstreams = {"near": FakeUpstream(), "far": FakeUpstream()}
    gateway = fake_gateway(upstreams, policies=(policy(tags_from=tags_from),))
    body = {**ENDPOINTS[path], **fields}
    serve(gateway).post(path, json=body, headers=headers)
    (event,) = events(gateway)
    return event.tags


@pytest.mark.parametrize("path", ENDPOINTS)
def test_a_header_tags_a_request_at_every_endpoint(serve: Serve, path: str) -> None:
    assert tagged(serve, {TAGS: "checkout, team=search"}, path) == ("checkout", "team=search")


def test_a_header_that_stands_twice_counts_twice_and_a_tag_once(serve: Serve) -> None:
    assert tagged(serve, [(TAGS, "a,b"), (TAGS, "b ,\tc")]) == ("a", "b", "c")


@pytest.mark.parametrize("value", REFUSED)
@pytest.mark.parametrize("path", [CHAT, "/v1/route", "/v1/messages"])
def test_any_other_header_is_refused_with_its_name(serve: Serve, value: str, path: str) -> None:
    near = FakeUpstream()
    gateway = fake_gateway({"near": near, "far": near})
    body = ENDPOINTS.get(path, asked(FIRST))

    answer = serve(gateway).post(path, json=body, headers={TAGS.encode(): value.encode("latin-1")})

    assert answer.status_code == 400
    error = answer.json()["error"]
    assert "1 to 8 tags" in error["message"] and not near.calls and not events(gateway)
    assert error["type"] == "invalid_request_error"
    if path != "/v1/messages":
        assert error["param"] == TAGS


@pytest.mark.parametrize("path", ENDPOINTS)
def test_metadata_tags_where_the_policy_names_its_keys(serve: Serve, path: str) -> None:
    metadata = {"team": "search", "user_id": "u-1", "feature": "two words"}

    found = tagged(serve, {TAGS: "a"}, path, ("team", "feature"), metadata=metadata)

    assert found == ("a", "team=search")


@pytest.mark.parametrize("metadata", [None, "x", {"team": 1}, {}])
def test_metadata_that_says_nothing_is_no_fault(serve: Serve, metadata: object) -> None:
    assert tagged(serve, None, tags_from=("team",), metadata=metadata) == ()


def test_metadata_tags_nothing_by_itself(serve: Serve) -> None:
    assert tagged(serve, metadata={"team": "search", "tags": "a", "user_id": "u-1"}) == ()


def test_an_upstream_gets_the_metadata_and_never_the_tags(
    through: Callable[..., Through],
) -> None:
    it = through(answered({"content": "Hello"}))

    body = asked(FIRST, model="small", metadata={"team": "search"})
    assert it.client.post(CHAT, json=body, headers={TAGS: "canary-tag"}).status_code == 200

    (seen,) = it.upstream.received
    assert seen.json["metadata"] == {"team": "search"}
    assert TAGS not in seen.headers and "canary-tag" not in str(seen)
    assert it.log.events[0].tags == ("canary-tag",)
