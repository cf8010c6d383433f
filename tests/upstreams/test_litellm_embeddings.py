"""litellm: embeddings by a provider that is reached through it."""

import json

import pytest

from router.core.catalog import LiteLLMSpec
from router.ports import UpstreamCall
from router.upstreams.connections import Connections
from router.upstreams.litellm import LiteLLM
from tests.fakes.scripted_upstream import ScriptedUpstream, plain, refusal
from tests.upstreams.calls import KEY, body_of

pytestmark = pytest.mark.filterwarnings("ignore:Item .* on TypedDict class:UserWarning")

VECTOR = {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}
TOLD = {"object": "list", "data": [VECTOR], "model": "e", "usage": {"prompt_tokens": 3}}
ASKED = {"model": "e", "input": ["Hello"], "dimensions": 2, "api_base": "http://elsewhere"}


def reached(server: ScriptedUpstream) -> LiteLLM:
    spec = LiteLLMSpec(kind="litellm", provider="jina_ai", base_url=f"{server.base_url}/embeddings")
    return LiteLLM(spec, KEY, Connections())


def call() -> UpstreamCall:
    return UpstreamCall("/embeddings", "e", json.dumps(ASKED).encode(), stream=False)


async def test_a_vector_and_its_usage_come_back() -> None:
    async with ScriptedUpstream(plain(TOLD)) as server:
        upstream = reached(server)
        reply = await upstream.open(call())
        told = json.loads(await body_of(reply))
        await upstream.close()

    assert (reply.status, told["data"][0]["embedding"]) == (200, [0.5, -1.0])
    assert told["usage"]["prompt_tokens"] == 3
    sent = server.received[0].json
    assert (sent["input"], sent["dimensions"]) == (["Hello"], 2)
    assert "api_base" not in sent


async def test_a_refusal_keeps_its_status_and_tells_no_key() -> None:
    async with ScriptedUpstream(refusal(429, {"message": f"slow down {KEY}"})) as server:
        upstream = reached(server)
        reply = await upstream.open(call())
        told = await body_of(reply)
        await upstream.close()

    assert reply.status == 429
    assert KEY.encode() not in told
