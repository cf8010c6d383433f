"""No request can make the gateway reach an address: not by body, header, part or model name."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from router.api import ROUTES
from router.core.catalog import BY_NAME
from tests.fakes.anthropic_server import FakeAnthropicServer
from tests.fakes.openai_server import FakeOpenAIServer
from tests.hostile.gateways import KEY, caller, whole_gateway
from tests.hostile.trap import Trap, trap

HELLO = [{"role": "user", "content": "Hello"}]
PATHS = [path for method, path, _, access in ROUTES if method == "POST" and access == "call"]


def bodies(url: str) -> list[dict[str, Any]]:
    """Fields by which other gateways and client libraries were told where to go."""
    return [
        {"api_base": url},
        {"base_url": url},
        {"api_base": url, "api_key": "sk-x", "custom_llm_provider": "openai"},
        {"user_config": {"model_list": [{"litellm_params": {"api_base": url}}]}},
        {"extra_body": {"api_base": url}, "extra_headers": {"host": url}},
        {"litellm_params": {"api_base": url, "proxy": url}},
        {"provider": {"base_url": url}, "upstream": url, "endpoint": url},
        {"metadata": {"api_base": url, "webhook": url}, "callbacks": [url]},
        {"fallbacks": [{"model": "near", "api_base": url}], "num_retries": 3},
        {"tools": [{"type": "mcp", "server_label": "x", "server_url": url}]},
    ]


def headers(url: str) -> list[dict[str, str]]:
    """Headers by which other gateways were told where to go."""
    host = url.removeprefix("http://").removesuffix("/v1")
    return [
        {"x-portkey-custom-host": url, "x-portkey-provider": "openai"},
        {"x-forwarded-host": host, "x-forwarded-proto": "http", "forwarded": f"host={host}"},
        {"host": host},
        {"x-api-base": url, "openai-api-base": url, "x-litellm-api-base": url},
        {"x-original-url": url, "x-rewrite-url": url, "proxy": url, "x-target-url": url},
    ]


def parts(url: str) -> list[list[dict[str, Any]]]:
    """Content that lies elsewhere."""
    return [
        [{"type": "image_url", "image_url": {"url": f"{url}/a.png"}}],
        [{"type": "input_audio", "input_audio": {"url": f"{url}/a.wav", "format": "wav"}}],
        [{"type": "file", "file": {"file_url": f"{url}/a.pdf", "file_data": f"{url}/a.pdf"}}],
    ]


def names(url: str) -> list[str]:
    """Model names that look like an address."""
    host = url.removeprefix("http://").removesuffix("/v1")
    return [
        url,
        f"openai/{url}",
        f"near@{host}",
        f"{url}#near",
        f"near?api_base={url}",
        f"//{host}/near",
        f"near\r\nHost: {host}",
        f"../../{host}/near",
        f"huggingface/{url}/near",
    ]


def variants(url: str) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """All 27 as a body and its headers."""
    asked: dict[str, Any] = {
        "model": "near",
        "messages": HELLO,
        "input": "Hello",
        "prompt": "Hello",
    }
    asked |= {"prompt": "Hello", "max_tokens": 16, "query": "Hello", "documents": HELLO}
    made: list[tuple[dict[str, Any], dict[str, str]]] = []
    made += [(asked | more, {}) for more in bodies(url)]
    made += [(dict(asked), more) for more in headers(url)]
    made += [
        (asked | {"messages": [{"role": "user", "content": part}], "input": part}, {})
        for part in parts(url)
    ]
    return made + [(asked | {"model": name}, {}) for name in names(url)]


@pytest.fixture
async def trapped() -> AsyncIterator[Trap]:
    async with trap() as made:
        yield made


async def send_all(client: httpx2.AsyncClient, url: str) -> int:
    """Every variant for every model to every endpoint; how many were sent."""
    sent = 0
    for path in PATHS:
        for body, more in variants(url):
            for model in ("near", "foreign", "maker"):
                if body["model"] != "near" and model != "near":
                    continue
                named = body | {"model": model} if body["model"] == "near" else body
                answer = await client.post(path, json=named, headers=more)
                assert KEY not in answer.text
                sent += 1
    return sent


async def test_no_request_reaches_the_trap(
    trapped: Trap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY_KEY", KEY)
    async with FakeOpenAIServer() as near, FakeAnthropicServer() as foreign:
        upstreams = {
            "near": {"kind": "openai_http", "base_url": near.base_url},
            "maker": {"kind": "openai_http", "base_url": near.base_url, "speaks": list(BY_NAME)},
            "foreign": {
                "kind": "litellm",
                "provider": "anthropic",
                "base_url": foreign.base_url,
                "api_key_env": "CANARY_KEY",
            },
        }
        async with whole_gateway(tmp_path, upstreams) as app, caller(app) as client:
            assert await send_all(client, trapped.url) >= len(PATHS) * (27 + 18)

    assert trapped.connections == 0
    assert near.received, "nothing went through: the trap proves nothing"
    assert foreign.received


async def test_the_trap_would_have_seen_it(trapped: Trap) -> None:
    async with httpx2.AsyncClient() as client:
        with pytest.raises(httpx2.HTTPError):
            await client.get(trapped.url)

    assert trapped.connections == 1


def test_there_are_as_many_variants_as_are_promised() -> None:
    url = "http://127.0.0.1:1/v1"

    counts = [len(made) for made in (bodies(url), headers(url), parts(url), names(url))]

    assert counts == [10, 5, 3, 9]
