"""The registry: one adapter for each upstream of a catalog, with its key, without contact."""

import pytest

from router.core.catalog import Catalog, UpstreamSpec
from router.upstreams import UPSTREAMS, Connections, build, missing_keys
from tests.fakes.openai_server import FakeOpenAIServer
from tests.upstreams.calls import body_of, call


def catalog(base_url: str = "http://127.0.0.1:9/v1") -> Catalog:
    http = {"kind": "openai_http", "base_url": base_url}
    return Catalog.model_validate(
        {
            "upstreams": {
                "local": http,
                "openai": {**http, "api_key_env": "OPENAI_API_KEY"},
                "anthropic": {
                    "kind": "litellm",
                    "provider": "anthropic",
                    "api_key_env": "ANTHROPIC_API_KEY",
                },
                "sim": {"kind": "simulated"},
            },
            "models": {},
        }
    )


def test_every_kind_that_a_catalog_can_name_is_registered() -> None:
    specs = UpstreamSpec.__origin__.__args__  # type: ignore[attr-defined]
    assert set(UPSTREAMS) == {
        kind for spec in specs for kind in spec.model_fields["kind"].annotation.__args__
    }


async def test_each_upstream_is_built_under_its_name() -> None:
    built = build(catalog(), {})
    assert list(built) == list(catalog().upstreams)
    for upstream in built.values():
        await upstream.close()


@pytest.mark.parametrize(
    ("environment", "missing"),
    [
        ({}, ["ANTHROPIC_API_KEY", "OPENAI_API_KEY"]),
        ({"OPENAI_API_KEY": "sk", "ANTHROPIC_API_KEY": " "}, ["ANTHROPIC_API_KEY"]),
        ({"OPENAI_API_KEY": "sk", "ANTHROPIC_API_KEY": "sk"}, []),
    ],
)
def test_missing_keys_are_told_by_the_names_of_their_variables(
    environment: dict[str, str], missing: list[str]
) -> None:
    assert missing_keys(catalog(), environment) == missing


async def test_a_key_goes_to_the_upstream_that_names_it_and_to_no_other() -> None:
    async with FakeOpenAIServer() as server:
        built = build(catalog(server.base_url), {"OPENAI_API_KEY": " sk-1\n"})
        for name in ("openai", "local"):
            await body_of(await built[name].open(call()))
        for upstream in built.values():
            await upstream.close()
    keys = [seen.headers.get("authorization") for seen in server.received]
    assert keys == ["Bearer sk-1", None]


async def test_connections_carried_over_a_reload_stay_open() -> None:
    connections = Connections()
    async with FakeOpenAIServer() as server:
        old = build(catalog(server.base_url), {}, connections)
        await body_of(await old["local"].open(call()))
        new = build(catalog(server.base_url), {}, connections)
        for upstream in old.values():
            await upstream.close()
        await body_of(await new["local"].open(call()))
        for upstream in new.values():
            await upstream.close()
    assert {seen.connection for seen in server.received} == {0}
