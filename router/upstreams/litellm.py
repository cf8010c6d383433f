"""litellm: every provider that does not speak OpenAI's form, through the litellm package.

Rule: the only file that imports litellm, on first use and off the event loop (it takes two
seconds and 170 MB). Only fields of OpenAI's chat completions reach it: its other arguments, such
as `api_base`, could send our key to a caller's address (CVE-2024-6587).
"""

import asyncio
import importlib
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

import msgspec
from pydantic import SecretStr

from router.core.catalog import LiteLLMSpec
from router.errors import UpstreamBroken, UpstreamError, UpstreamTimeout
from router.ports import Reply, UpstreamCall
from router.upstreams.connections import Connections
from router.upstreams.litellm_billed import COHERE, as_billed
from router.upstreams.litellm_checks import check
from router.upstreams.litellm_failure import failure
from router.upstreams.reply import EVENT_STREAM, JSON, BytesReply, error_reply

CHAT = "/chat/completions"
EMBEDDINGS = "/embeddings"
EMBEDDING_FIELDS = frozenset({"input", "dimensions", "encoding_format", "user"})

PASSED_FIELDS = frozenset(
    [
        "messages",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "functions",
        "function_call",
        "response_format",
        "temperature",
        "top_p",
        "n",
        "stop",
        "max_tokens",
        "max_completion_tokens",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "seed",
        "user",
        "reasoning_effort",
        "verbosity",
        "modalities",
        "audio",
        "prediction",
        "service_tier",
        "web_search_options",
        "stream",
        "stream_options",
        "thinking",
    ]
)
"""OpenAI's fields, and `thinking`, by which Anthropic's models are told to reason."""

_ENVIRONMENT = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it fetches its prices at import
    "LITELLM_MODE": "PRODUCTION",  # else it reads .env files
    "MAX_IMAGE_URL_DOWNLOAD_SIZE_MB": "0",  # else it fetches images that requests name
}
_opened: ContextVar[list[Any]] = ContextVar("litellm_responses")
"""The HTTP responses that the call under way has opened, for litellm's streams cannot be closed:
they let go of their response and leave it to the garbage collector."""

_transports: WeakSet[Any] = WeakSet()
"""litellm's transports in use: its own closing leaves out the client that all calls share."""

_NO_ANSWER_IN_TIME = "The provider took too long to begin its answer."
_STALLED = "The provider stopped sending in the middle of its answer."
_BROKE_OFF = "The provider broke off in the middle of its answer."


class LiteLLM:
    """One provider. `key` None leaves it to litellm to find the provider's own variables."""

    def __init__(self, spec: LiteLLMSpec, key: SecretStr | None, connections: Connections) -> None:
        self._spec = spec
        self._key = key
        self._connections = connections
        self._host = urlsplit(spec.base_url or "").netloc
        self._litellm: Any = None
        connections.hold()

    async def open(self, call: UpstreamCall) -> Reply:
        """Send the call. Raises an UpstreamError; also UpstreamRefused for what cannot be sent."""
        path = call.path.removeprefix("/v1")
        if path not in (CHAT, EMBEDDINGS):
            told = f"This provider is not reached through {call.path}."
            return error_reply(404, told, "invalid_request_error")
        if self._litellm is None:
            self._litellm = await asyncio.to_thread(_load)
            self._connections.close_too(_close_clients)
        opened: list[Any] = []
        try:
            async with asyncio.timeout(self._spec.first_byte_timeout):
                _opened.set(opened)
                if path == EMBEDDINGS:
                    return await self._embedded(call)
                return await self._answered(self._arguments(call), call.stream, opened)
        except TimeoutError:
            raise UpstreamTimeout(_NO_ANSWER_IN_TIME) from None
        except UpstreamError:
            raise
        except Exception as error:  # noqa: BLE001 - litellm raises what its providers' code raises
            return failure(error, self._hidden(), answered=bool(opened))

    async def close(self) -> None:
        """Let go; litellm's own pool closes with the shared one."""
        await self._connections.release()

    def _hidden(self) -> tuple[str, ...]:
        """What no error may quote: our key and the provider's address."""
        key = self._key.get_secret_value() if self._key else ""
        return tuple(text for text in (key, self._host) if text)

    async def _answered(
        self, arguments: Mapping[str, Any], stream: bool, opened: list[Any]
    ) -> Reply:
        answer = await self._litellm.acompletion(**arguments)
        if not stream:
            told = answer.model_dump(mode="json", exclude_none=True, warnings=False)
            for choice in told["choices"]:
                choice["message"].setdefault("content", None)
            if self._spec.provider in COHERE and opened:
                told = as_billed(told, opened[-1].content)
            return BytesReply(200, {"content-type": JSON}, msgspec.json.encode(told))
        # Some providers are only asked when the first chunk is: their refusal must show here.
        try:
            first = await anext(answer, None)
        except BaseException:
            await _drop(opened)
            raise
        return _LiteLLMStream(answer, first, opened, self._spec.idle_timeout)

    async def _embedded(self, call: UpstreamCall) -> Reply:
        body = msgspec.json.decode(call.body)
        fields = {n: v for n, v in body.items() if n in EMBEDDING_FIELDS and v is not None}
        answer = await self._litellm.aembedding(**fields, **self._common(call.model))
        told = answer.model_dump(mode="json", exclude_none=True, warnings=False)
        return BytesReply(200, {"content-type": JSON}, msgspec.json.encode(told))

    def _arguments(self, call: UpstreamCall) -> dict[str, Any]:
        body = msgspec.json.decode(call.body)
        provider = self._spec.provider
        fields = {n: v for n, v in body.items() if n in PASSED_FIELDS and v is not None}
        name = call.model.removeprefix(f"{provider}/")
        supported = self._litellm.get_supported_openai_params(
            model=name, custom_llm_provider=provider
        )
        check(fields, supported, provider)
        return {**fields, **self._common(call.model), "drop_params": True}

    def _common(self, model: str) -> dict[str, Any]:
        provider = self._spec.provider
        return {
            "model": f"{provider}/{model.removeprefix(f'{provider}/')}",
            "api_key": self._key.get_secret_value() if self._key else None,
            "api_base": self._spec.base_url,
            "timeout": self._spec.timeout,
            "max_retries": 0,
            "num_retries": 0,
        }


class _LiteLLMStream:
    """litellm's chunks as OpenAI's events."""

    def __init__(self, answer: Any, first: Any, opened: list[Any], idle_timeout: float) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {"content-type": EVENT_STREAM}
        self._answer = answer
        self._first = first
        self._opened = opened
        self._idle_timeout = idle_timeout

    def at_hand(self) -> None:
        """Never: a stream comes in pieces."""

    async def chunks(self) -> AsyncIterator[bytes]:
        """One event a chunk, `[DONE]` last. Raises UpstreamBroken or UpstreamTimeout."""
        chunk = self._first
        while chunk is not None:
            yield _event(chunk)
            try:
                async with asyncio.timeout(self._idle_timeout):
                    chunk = await anext(self._answer, None)
            except TimeoutError:
                raise UpstreamTimeout(_STALLED) from None
            except Exception:  # noqa: BLE001 - as above; its text may hold an address
                raise UpstreamBroken(_BROKE_OFF) from None
        yield b"data: [DONE]\n\n"

    async def close(self) -> None:
        """Drop the provider's stream."""
        await _drop(self._opened)


async def _drop(opened: list[Any]) -> None:
    for response in opened:
        # Closing may fail on a connection that is gone already, with whatever the provider raises.
        with suppress(Exception):
            await response.aclose()


def _event(chunk: Any) -> bytes:
    told = chunk.model_dump(mode="json", exclude_none=True, warnings=False)
    if "usage" in told:
        told["usage"].pop("cost", None)  # litellm's own reckoning; the gateway prices calls itself
        if not any(choice.get("finish_reason") for choice in told["choices"]):
            told["choices"] = []  # as OpenAI sends the usage event
    for choice in told["choices"]:
        choice.setdefault("finish_reason", None)
    return b"data: " + msgspec.json.encode(told) + b"\n\n"


@cache
def _load() -> Any:
    os.environ.update(_ENVIRONMENT)
    import litellm

    litellm.suppress_debug_info = True
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        # Its log lines hold prompts and addresses, at DEBUG whole requests.
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    _note_responses()
    return litellm


def _note_responses() -> None:
    """Have litellm's transport tell each response that it opens."""
    name = "litellm.llms.custom_httpx.aiohttp_transport"
    transport = importlib.import_module(name).LiteLLMAiohttpTransport
    handle = transport.handle_async_request

    async def noting(self: Any, request: Any) -> Any:
        _transports.add(self)
        response = await handle(self, request)
        _opened.get([]).append(response)
        return response

    transport.handle_async_request = noting


async def _close_clients() -> None:
    litellm: Any = importlib.import_module("litellm")
    await litellm.close_litellm_async_clients()
    litellm.in_memory_llm_clients_cache.flush_cache()  # else it would hand out closed ones
    for transport in tuple(_transports):
        await transport.aclose()  # it opens a new session where it is used again
