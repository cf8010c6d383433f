"""POST /v1/messages: what cannot be translated or understood is refused with its field."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Through
from tests.fakes.chat_wire import answered

PATH = "/v1/messages"
Make = Callable[..., Through]
ASKED: dict[str, Any] = {
    "model": "small",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hi"}],
}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA"}}
TEXT = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "A"}}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"top_k": 5}, "top_k"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0]"),
        ({"mcp_servers": [{"url": "https://e.com"}]}, "mcp_servers"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
         "messages[1].role"),
        ({"messages": [{"role": "user", "content": [
            {"type": "document", "source": {"type": "file", "file_id": "f"}}]}]},
         "messages[0].content[0].source"),
        ({"messages": [{"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "t", "content": [IMAGE]}]}]},
         "messages[0].content[0].content[0]"),
        ({"messages": [{"role": "user", "content": [
            {**TEXT, "citations": {"enabled": True}}]}]},
         "messages[0].content[0].citations"),
        ({"messages": [{"role": "user", "content": [
            {"type": "document", "context": "Of 1990.", "source": IMAGE["source"]}]}]},
         "messages[0].content[0].context"),
        ({"tools": [{"name": "look", "input_schema": {}, "defer_loading": True}]},
         "tools[0].defer_loading"),
        ({"x_unknown": 1}, "x_unknown"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)  # fmt: skip
def test_what_cannot_be_translated_is_refused_with_the_field(
    through: Make, change: dict[str, Any], param: str
) -> None:
    it = through(answered({"content": "x"}), capable=["tools", "vision", "files"])

    answer = it.client.post(PATH, json={**ASKED, **change})

    assert answer.status_code == 400
    told = answer.json()
    assert (told["type"], told["error"]["type"]) == ("error", "invalid_request_error")
    assert told["error"]["param"] == param
    assert it.upstream.received == []


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [5]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0].type"),
        ({"system": [5]}, "system[0].type"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"model": ""}, "model"),
    ],
)
def test_a_field_that_makes_no_sense_is_named(
    through: Make, change: dict[str, Any], param: str
) -> None:
    answer = through().client.post(PATH, json={**ASKED, **change})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
    assert answer.json()["error"]["message"].startswith(f"{param}: ")


def test_a_thread_that_nobody_holds_is_refused_in_the_words_that_the_sdk_goes_on_by(
    through: Make,
) -> None:
    it = through(answered({"content": "x"}))

    error = it.client.post(PATH, json={**ASKED, "thread": {"type": "create"}}).json()["error"]

    assert error["param"] == "thread"
    assert error["details"] == {
        "error_code": "thread_unsupported_request",
        "unsupported": ["thread"],
    }


def test_what_shows_that_a_caller_is_anthropics_decides_the_form_of_an_error(
    through: Make,
) -> None:
    it = through(answered({"content": "x"}))

    theirs = it.client.get("/v1/files", headers={"anthropic-version": "2023-06-01"})
    others = it.client.get("/v1/files")

    assert theirs.json()["error"]["type"] == "not_found_error"
    assert theirs.headers["request-id"] == theirs.headers["x-request-id"]
    assert others.json()["error"]["type"] == "invalid_request_error"
