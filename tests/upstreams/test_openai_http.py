"""openai_http: bytes through both ways, and a closed list of headers."""

import json

import pytest

from router import __version__
from router.errors import UpstreamBroken
from router.ports import UpstreamCall
from router.upstreams import openai_http
from router.upstreams.connections import Connections
from router.upstreams.openai_http import OpenAIHTTP
from tests.fakes.openai_server import DONE, FakeOpenAIServer, Fault, events
from tests.upstreams.calls import KEY, PATH, body_of, call, http_spec


async def test_the_body_reaches_the_server_byte_for_byte(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    body = (
        b'{ "model":"m",\n "messages" : [],"temperature":1.0,"unknown":0e0, "u":"\\u2028\xc3\xa9"}'
    )
    await body_of(await upstream.open(UpstreamCall(PATH, "m", body, stream=False)))
    assert server.received[0].body == body


@pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions"])
async def test_a_path_with_and_without_version_reaches_the_same_place(
    server: FakeOpenAIServer, upstream: OpenAIHTTP, path: str
) -> None:
    await body_of(await upstream.open(call(path=path)))
    assert server.received[0].path == "/v1/chat/completions"


async def test_only_our_own_headers_go_up(server: FakeOpenAIServer, upstream: OpenAIHTTP) -> None:
    await body_of(await upstream.open(call()))
    sent = dict(server.received[0].headers)
    assert sent.pop("host") == f"127.0.0.1:{server.port}"
    assert sent.pop("content-length") == str(len(call().body))
    assert sent == {
        "authorization": f"Bearer {KEY}",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": f"slm-router/{__version__}",
    }


async def test_without_a_key_no_authorization_is_sent(server: FakeOpenAIServer) -> None:
    upstream = OpenAIHTTP(http_spec(server.base_url), None, Connections())
    await body_of(await upstream.open(call()))
    await upstream.close()
    assert "authorization" not in server.received[0].headers


async def test_only_allowed_headers_come_down(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    reply = await upstream.open(call())
    await body_of(reply)
    assert dict(reply.headers) == {
        "content-type": "application/json",
        "openai-processing-ms": "7",
        "x-ratelimit-remaining-requests": "59",
        "x-upstream-request-id": "req_fake",
    }


async def test_a_stream_arrives_byte_for_byte(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    made = call(stream=True, stream_options={"include_usage": True})
    received = await body_of(await upstream.open(made))
    assert received == b"".join(events(json.loads(made.body)))
    assert received.endswith(DONE)


async def test_chunks_arrive_while_the_server_is_still_writing(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    server.fault = Fault("stall_stream")
    reply = await upstream.open(call(stream=True))
    first = await anext(aiter(reply.chunks()))
    await reply.close()
    assert first.startswith(b"data: ")


async def test_one_connection_serves_calls_in_turn(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    for stream in (False, True, False):
        await body_of(await upstream.open(call(stream=stream)))
    assert {seen.connection for seen in server.received} == {0}


async def test_a_refusal_passes_with_status_headers_and_body(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    body = b'{"error":{"message":"slow down","code":"rate_limit_exceeded","param":null}}'
    server.fault = Fault("status", status=429, headers={"retry-after": "7"}, body=body)
    reply = await upstream.open(call(stream=True))
    assert (reply.status, reply.headers["retry-after"]) == (429, "7")
    assert await body_of(reply) == body


async def test_a_key_quoted_in_a_refusal_is_hidden(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    quoting = f'{{"error":{{"message":"Incorrect API key provided: {KEY}"}}}}'.encode()
    server.fault = Fault("status", status=401, body=quoting)
    assert b"provided: ***" in await body_of(await upstream.open(call()))


async def test_a_redirect_is_not_followed(server: FakeOpenAIServer, upstream: OpenAIHTTP) -> None:
    server.fault = Fault("redirect")
    reply = await upstream.open(call())
    await body_of(reply)
    assert reply.status == 307
    assert "location" not in reply.headers


async def test_a_giant_answer_is_a_fault(
    server: FakeOpenAIServer, upstream: OpenAIHTTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openai_http, "MAX_PLAIN_BYTES", 1_000_000)
    server.fault = Fault("giant", size=1_000_001)
    with pytest.raises(UpstreamBroken, match="too large"):
        await body_of(await upstream.open(call()))


async def test_proxies_named_in_the_environment_are_not_used(
    server: FakeOpenAIServer, upstream: OpenAIHTTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    reply = await upstream.open(call())
    await body_of(reply)
    assert reply.status == 200


async def test_the_pool_stays_open_until_its_last_holder_lets_go(server: FakeOpenAIServer) -> None:
    connections = Connections()
    old, new = (OpenAIHTTP(http_spec(server.base_url), None, connections) for _ in range(2))
    await body_of(await old.open(call()))
    await old.close()
    await body_of(await new.open(call()))
    assert {seen.connection for seen in server.received} == {0}
    pool = connections.pool
    await new.close()
    assert pool.closed
