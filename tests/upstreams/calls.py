"""Calls and specs for the tests of upstreams."""

import json
from collections.abc import Mapping
from typing import Any

from router.core.catalog import OpenAIHTTPSpec
from router.ports import Reply, Upstream, UpstreamCall

PATH = "/chat/completions"
KEY = "sk-canary-0123456789"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
SAY_HELLO = [{"role": "user", "content": "Say hello."}]
ASK_WEATHER = [{"role": "user", "content": "What is the weather in Paris?"}]


def call(model: str = "fake-model", path: str = PATH, **body: Any) -> UpstreamCall:
    """A chat completion of `model`, by default one short message."""
    body = {"model": model, "messages": SAY_HELLO, **body}
    return UpstreamCall(path, model, json.dumps(body).encode(), bool(body.get("stream")))


def http_spec(base_url: str, **fields: Any) -> OpenAIHTTPSpec:
    """A spec with the usual, long timeouts: a busy machine is no fault. SHORT are for silences."""
    return OpenAIHTTPSpec.model_validate({"kind": "openai_http", "base_url": base_url, **fields})


SHORT: Mapping[str, Mapping[str, str]] = {
    "hang": {"first_byte_timeout": "300ms"},
    "stall": {"idle_timeout": "300ms"},
    "stall_stream": {"idle_timeout": "300ms"},
}
"""The timeout that ends each silence, so that it does not hold up the suite."""


async def body_of(reply: Reply) -> bytes:
    """The whole body; the reply is closed after it."""
    try:
        return b"".join([chunk async for chunk in reply.chunks()])
    finally:
        await reply.close()


async def answer(upstream: Upstream, made: UpstreamCall) -> Any:
    """The decoded body of a plain answer, which must be one."""
    reply = await upstream.open(made)
    body = await body_of(reply)
    assert reply.status == 200, body
    return json.loads(body)
