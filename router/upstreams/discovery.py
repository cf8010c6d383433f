"""discovery: the models on this machine and the providers whose keys are set.

Rule: only 127.0.0.1 is contacted, and only the ports of well-known model servers; no provider is.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from router.core.catalog import AUTO, MAX_NAME, Catalog
from router.upstreams.local_cards import LocalModel
from router.upstreams.providers import NamedModel, Provider, with_keys
from router.upstreams.simulated import simulated_catalog

MAX_BYTES = 1024 * 1024
OURSELVES = "slm-router"
"""`owned_by` of the names that a gateway of ours routes: it must not become its own upstream."""

LOCAL_FIRST_BYTE = "300s"
"""A server may have to load the model into memory first, and a plain answer comes whole."""

LOCAL_SPEAKS = ("chat", "completions")
"""What all known servers have had for years; newer endpoints only their newer versions have."""

OLLAMA_WINDOW = 4096
OLLAMA_WINDOW_VARIABLE = "OLLAMA_CONTEXT_LENGTH"
"""Ollama does not tell its window and cuts longer prompts without a word."""

_WINDOW_FIELDS = (
    "max_model_len",  # vLLM
    "loaded_context_length",  # LM Studio
    "n_ctx",  # llama.cpp
    "max_context_length",
    "context_length",
    "n_ctx_train",
)


@dataclass(frozen=True, slots=True)
class KnownServer:
    """A model server that is looked for. `name` becomes the name of its upstream."""

    name: str
    title: str
    port: int

    @property
    def base_url(self) -> str:
        """Where it serves OpenAI's API."""
        return f"http://127.0.0.1:{self.port}/v1"


KNOWN_SERVERS = (
    KnownServer("ollama", "Ollama", 11434),
    KnownServer("vllm", "vLLM", 8000),
    KnownServer("llama-cpp", "llama.cpp", 8080),
    KnownServer("lm-studio", "LM Studio", 1234),
)
"""By their default ports; several kinds of server may use one, so the title is a guess."""


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server that answered, with the models it has for conversations, and those that are asked
    for by name: embedders and rerankers."""

    server: KnownServer
    models: tuple[LocalModel, ...]
    named: tuple[LocalModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Discovery:
    """What can be routed to without any configuration, and where it comes from.

    `notes` are sentences for the operator.
    """

    catalog: Catalog
    servers: tuple[FoundServer, ...] = ()
    providers: tuple[Provider, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """Whether nothing was found, so that simulated models answer."""
        return self.catalog.is_simulated


async def discover(
    environment: Mapping[str, str],
    servers: Sequence[KnownServer] = KNOWN_SERVERS,
    timeout_s: float = 0.5,
) -> Discovery:
    """Look at this machine, for at most `timeout_s` seconds. Raises nothing: silence is absence."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    ) as session:
        asked = (_models(session, server, environment) for server in servers)
        answered = await asyncio.gather(*asked)
    found = tuple(
        FoundServer(server, *_by_use(models))
        for server, models in zip(servers, answered, strict=True)
        if models is not None
    )
    providers = with_keys(environment)
    catalog = _catalog(found, providers)
    return Discovery(catalog, found, providers, tuple(_notes(found, providers)))


async def _models(
    session: aiohttp.ClientSession, server: KnownServer, environment: Mapping[str, str]
) -> tuple[LocalModel, ...] | None:
    """The server's models that are made for something; None if it is no model server, or one of
    ours."""
    try:
        async with session.get(f"{server.base_url}/models", allow_redirects=False) as response:
            if response.status != 200:
                return None
            content = await response.content.read(MAX_BYTES)
            while len(content) < MAX_BYTES and (more := await response.content.read(MAX_BYTES)):
                content += more
        told = json.loads(content)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError, RecursionError):
        return None
    if not isinstance(told, Mapping) or told.get("object") != "list":
        return None
    entries = told.get("data") or []  # Ollama without a model answers null
    if not isinstance(entries, list) or not all(map(_is_model, entries)):
        return None
    if any(entry.get("owned_by") == OURSELVES for entry in entries):
        return None
    models = (
        LocalModel(entry["id"], server.name, _window(entry, server, environment))
        for entry in entries
        if entry["id"].isprintable() and entry["id"].partition(":")[0] != AUTO
    )
    return tuple(model for model in models if model.made_for is not None)


def _by_use(
    models: Sequence[LocalModel],
) -> tuple[tuple[LocalModel, ...], tuple[LocalModel, ...]]:
    """Those for conversations, and the others."""
    converse = tuple(model for model in models if model.made_for == "chat")
    return converse, tuple(model for model in models if model.made_for != "chat")


def _is_model(entry: object) -> bool:
    return (
        isinstance(entry, Mapping)
        and entry.get("object") == "model"
        and isinstance(entry.get("id"), str)
        and 0 < len(entry["id"]) <= MAX_NAME
    )


def _window(
    entry: Mapping[str, Any], server: KnownServer, environment: Mapping[str, str]
) -> int | None:
    meta = entry.get("meta")
    for place in (entry, meta if isinstance(meta, Mapping) else {}):
        for name in _WINDOW_FIELDS:
            value = place.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                return value
    if server.name != "ollama":
        return None
    told = environment.get(OLLAMA_WINDOW_VARIABLE, "")
    return int(told) if told.isdecimal() and int(told) > 0 else OLLAMA_WINDOW


def _catalog(found: Sequence[FoundServer], providers: Sequence[Provider]) -> Catalog:
    upstreams: dict[str, Any] = {}
    models: dict[str, Any] = {}
    for one in found:
        if one.models or one.named:
            upstreams[one.server.name] = {
                "kind": "openai_http",
                "base_url": one.server.base_url,
                "speaks": LOCAL_SPEAKS,
                "first_byte_timeout": LOCAL_FIRST_BYTE,
            }
        for model in one.models:
            name = _free(model.name, one.server.name, models)
            models[name] = model.card(one.server.name)
    for provider in providers:
        upstreams[provider.name] = provider.upstream()
        for cloud in (provider.small, provider.large):
            models[_free(cloud.name, provider.name, models)] = cloud.card(provider.name)
    if not models:
        return simulated_catalog()
    for upstream, named in _named(found, providers):
        models[_free(named.name, upstream, models)] = named.card(upstream)
    return Catalog.model_validate({"upstreams": upstreams, "models": models})


def _named(
    found: Sequence[FoundServer], providers: Sequence[Provider]
) -> Iterator[tuple[str, LocalModel | NamedModel]]:
    """What is asked for by name, behind all that may be chosen, with the name of its upstream."""
    for one in found:
        yield from ((one.server.name, model) for model in one.named)
    for provider in providers:
        yield from ((provider.name, cloud) for cloud in provider.named)


def _free(name: str, upstream: str, taken: Mapping[str, Any]) -> str:
    """`name`, with its upstream where another upstream has a model of the same name."""
    return f"{name}@{upstream}" if name in taken else name


def _notes(found: Sequence[FoundServer], providers: Sequence[Provider]) -> Iterator[str]:
    routes = bool(providers) or any(one.models for one in found)
    for one in found:
        where = f"{one.server.title} (port {one.server.port})"
        count = len(one.models)
        told = f"{count} model{'' if count == 1 else 's'}" if count else "no model for chat yet"
        # Where simulated models answer nothing else is served.
        yield f"Found {where} with {told}{_also(one.named) if routes else ''}."
    for provider in providers:
        names = f"{provider.small.name} and {provider.large.name}"
        yield f"{provider.variable} is set: {names} may be routed to{_also(provider.named)}."


def _also(named: Sequence[LocalModel | NamedModel]) -> str:
    return f", and by name {', '.join(model.name for model in named)}" if named else ""
