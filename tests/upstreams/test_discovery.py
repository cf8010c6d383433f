"""discovery: what is found, what is not mistaken for a model server, and what stays uncontacted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from router.upstreams.discovery import KNOWN_SERVERS, Discovery, KnownServer, discover
from tests.fakes.openai_server import FakeOpenAIServer
from tests.fakes.ports import unused_port


def known(port: int, name: str = "ollama") -> KnownServer:
    return KnownServer(name, name.title(), port)


async def found(
    answer: Any, environment: dict[str, str] | None = None, name: str = "ollama"
) -> Discovery:
    """What is discovered where one server gives `answer` to the list of models."""
    async with FakeOpenAIServer() as server:
        server.models_answer = answer
        return await discover(environment or {}, [known(server.port, name)])


def listed(*models: str, **fields: Any) -> dict[str, Any]:
    data = [{"id": m, "object": "model", "owned_by": "library", **fields} for m in models]
    return {"object": "list", "data": data}


def test_only_well_known_ports_of_this_machine_are_looked_at() -> None:
    assert {s.base_url for s in KNOWN_SERVERS} == {
        f"http://127.0.0.1:{port}/v1" for port in (11434, 8000, 8080, 1234)
    }


async def test_a_server_becomes_an_upstream_and_its_models_become_cards() -> None:
    discovery = await found(listed("llama3.1:8b", "qwen2.5-coder:7b"))
    assert list(discovery.catalog.models) == ["llama3.1:8b", "qwen2.5-coder:7b"]
    assert list(discovery.catalog.upstreams) == ["ollama"]
    assert {card.location for card in discovery.catalog.models.values()} == {"local"}
    assert not discovery.simulated
    assert "2 models" in discovery.notes[0]


async def test_no_local_model_is_taken_for_free() -> None:
    discovery = await found(listed("llama3.1:8b"))
    price = discovery.catalog.models["llama3.1:8b"].price
    assert price is not None
    assert price.usd_per_hour


async def test_names_that_nobody_could_ask_for_are_left_out() -> None:
    discovery = await found(listed("auto", "auto:best", "x\ny", "llama3.2:3b"))
    assert list(discovery.catalog.models) == ["llama3.2:3b"]


async def test_embedders_are_served_by_name_and_whatever_else_is_left_out() -> None:
    discovery = await found(listed("nomic-embed-text", "whisper-large", "llama3.2:3b"))
    catalog = discovery.catalog
    assert {name: catalog.speaks(name) for name in catalog.models} == {
        "llama3.2:3b": ("chat", "completions"),
        "nomic-embed-text": ("embeddings",),
    }
    assert discovery.notes[0].endswith("1 model, and by name nomic-embed-text.")


async def test_where_only_vectors_are_made_simulated_models_answer() -> None:
    discovery = await found(listed("nomic-embed-text"))
    assert discovery.simulated
    assert discovery.notes[0].endswith("no model for chat yet.")


@pytest.mark.parametrize(
    "answer",
    [
        {"models": ["a"]},
        {"object": "list", "data": "llama"},
        {"object": "list", "data": [{"id": "a"}]},
        {"object": "list", "data": [{"id": 7, "object": "model"}]},
        {"object": "list", "data": [{"id": "a" * 257, "object": "model"}]},
        ["llama3.1:8b"],
        "llama3.1:8b",
        None,
    ],
)
async def test_another_service_on_the_port_is_not_a_model_server(answer: Any) -> None:
    discovery = await found(answer)
    assert discovery.servers == ()
    assert discovery.simulated


async def test_a_gateway_of_ours_is_not_its_own_upstream() -> None:
    answer = listed("llama3.1:8b")
    answer["data"].append({"id": "auto", "object": "model", "owned_by": "slm-router"})
    assert (await found(answer)).servers == ()


async def test_a_server_without_models_is_told_of_and_not_routed_to() -> None:
    discovery = await found({"object": "list", "data": None})
    assert discovery.simulated
    assert "no model for chat yet" in discovery.notes[0]


@asynccontextmanager
async def page(handler: Any) -> AsyncIterator[int]:
    """A web server whose list of models is whatever `handler` answers."""
    app = web.Application()
    app.router.add_get("/v1/models", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _html(request: web.Request) -> web.Response:
    return web.Response(text="<html>Airflow</html>", content_type="text/html")


async def _elsewhere(request: web.Request) -> web.Response:
    raise web.HTTPFound("http://127.0.0.1:9/v1/models")


async def _locked(request: web.Request) -> web.Response:
    return web.json_response(listed("llama3.1:8b"), status=401)


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"[" * 65536)


@pytest.mark.parametrize("handler", [_html, _elsewhere, _locked, _endless])
async def test_a_page_a_redirect_a_refusal_and_a_flood_are_no_model_server(handler: Any) -> None:
    async with page(handler) as port:
        assert (await discover({}, [known(port)])).servers == ()


async def _silent(request: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    raise AssertionError


async def test_a_silent_or_closed_port_hides_no_other_server() -> None:
    async with FakeOpenAIServer() as server, unused_port() as closed, page(_silent) as silent:
        servers = [known(closed), known(silent, "lm-studio"), known(server.port, "vllm")]
        discovery = await discover({}, servers)
    assert [one.server.name for one in discovery.servers] == ["vllm"]


@pytest.mark.parametrize(
    ("fields", "window"),
    [
        ({"max_model_len": 16_384}, 16_384),
        ({"meta": {"n_ctx_train": 32_768}}, 32_768),
        ({"max_context_length": 131_072, "loaded_context_length": 8_192}, 8_192),
        ({"max_model_len": True}, None),
        ({}, None),
    ],
)
async def test_the_window_is_the_one_the_server_tells(
    fields: dict[str, Any], window: int | None
) -> None:
    discovery = await found(listed("some-model-7b", **fields), name="vllm")
    assert discovery.catalog.models["some-model-7b"].context_window == window


@pytest.mark.parametrize(
    ("told", "window"), [({}, 4096), ({"OLLAMA_CONTEXT_LENGTH": "32768"}, 32_768)]
)
async def test_ollama_tells_none_so_its_default_or_the_operators_holds(
    told: dict[str, str], window: int
) -> None:
    discovery = await found(listed("llama3.1:8b"), told)
    assert discovery.catalog.models["llama3.1:8b"].context_window == window


async def test_a_model_on_two_servers_is_two_models() -> None:
    async with (
        FakeOpenAIServer(("llama-3.1-8b",)) as one,
        FakeOpenAIServer(("llama-3.1-8b",)) as two,
    ):
        discovery = await discover({}, [known(one.port), known(two.port, "lm-studio")])
    assert list(discovery.catalog.models) == ["llama-3.1-8b", "llama-3.1-8b@lm-studio"]
    assert discovery.catalog.models["llama-3.1-8b@lm-studio"].upstream_model == "llama-3.1-8b"


async def test_a_key_brings_a_small_and_a_large_model_and_is_itself_not_kept() -> None:
    discovery = await discover({"ANTHROPIC_API_KEY": "sk-ant-canary", "OPENAI_API_KEY": " "}, [])
    assert len(discovery.catalog.models) == 2
    assert {card.location for card in discovery.catalog.models.values()} == {"cloud"}
    assert [provider.name for provider in discovery.providers] == ["anthropic"]
    assert "sk-ant-canary" not in repr(discovery)


async def test_providers_with_the_same_model_keep_both() -> None:
    discovery = await discover({"GROQ_API_KEY": "a", "TOGETHER_API_KEY": "b"}, [])
    names = set(discovery.catalog.models)
    assert {"openai/gpt-oss-120b", "openai/gpt-oss-120b@together_ai"} <= names


async def test_where_nothing_is_found_simulated_models_answer() -> None:
    async with unused_port() as port:
        discovery = await discover({}, [known(port)])
    assert discovery.simulated
    assert discovery.notes == ()
    assert set(discovery.catalog.models) == {"sim-small", "sim-large"}
