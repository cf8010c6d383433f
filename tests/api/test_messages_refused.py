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
