"""Headers pass by allow-list in both directions, whatever a caller or an upstream puts there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.openai_server import FakeOpenAIServer, Fault
from tests.hostile.gateways import KEY, caller, whole_gateway

CHAT = "/v1/chat/completions"
HELLO = {"model": "near", "messages": [{"role": "user", "content": "Hello"}]}

UP = {"authorization", "content-type", "accept", "accept-encoding", "user-agent", "host"}
"""What an upstream may get, beside the length of the body."""

DOWN = {"content-type", "content-length", "retry-after", "openai-processing-ms", "x-request-id"}
OURS = ("x-slm-router-", "x-ratelimit-", "x-upstream-request-id", "cache-control")

HOSTILE = {
    "authorization": "Bearer callers-own",
    "cookie": "session=callers",
    "x-api-key": "callers-own",
    "openai-organization": "org-callers",
    "openai-beta": "callers",
    "anthropic-version": "callers",
    "x-forwarded-for": "10.0.0.1",
    "x-forwarded-host": "evil.example",
    "forwarded": "for=10.0.0.1",
    "via": "1.1 callers",
    "user-agent": "callers/1.0",
    "accept": "callers/accept",
    "accept-encoding": "callers",
    "content-encoding": "identity",
    "te": "trailers",
    "connection": "keep-alive, authorization",
    "proxy-authorization": "Basic callers",
    "traceparent": "callers",
    "referer": "https://callers.example",
    "x-request-id": "callers-own-id",
    "x-slm-router-session": "callers",
}


@asynccontextmanager
async def through(tmp_path: Path, server: FakeOpenAIServer) -> AsyncIterator[Any]:
    upstream = {"kind": "openai_http", "base_url": server.base_url, "api_key_env": "CANARY_KEY"}
    async with whole_gateway(tmp_path, {"near": upstream}) as app, caller(app) as client:
        yield client


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeOpenAIServer]:
    monkeypatch.setenv("CANARY_KEY", KEY)
    async with FakeOpenAIServer() as made:
        yield made


@pytest.mark.parametrize("stream", [False, True])
async def test_of_a_callers_headers_none_goes_up(
    server: FakeOpenAIServer, tmp_path: Path, stream: bool
) -> None:
    async with through(tmp_path, server) as client:
        answer = await client.post(CHAT, json={**HELLO, "stream": stream}, headers=HOSTILE)

    assert answer.status_code == 200
    (seen,) = server.received
    assert set(seen.headers) - UP == {"content-length"}
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert "callers" not in str(dict(seen.headers))
    assert answer.headers["x-request-id"] != "callers-own-id"


LEAKING = {
    "set-cookie": "upstream=1",
    "server": "upstream-host",
    "x-powered-by": "upstream",
    "via": "1.1 upstream",
    "location": "http://upstream.internal/",
    "access-control-allow-origin": "*",
    "content-security-policy": "upstream",
    "strict-transport-security": "upstream",
    "openai-organization": "org-upstream",
    "x-slm-router-model": "upstream-says",
    "x-slm-router-decision": "upstream-says",
    "x-request-id": "req_1",
    "x-ratelimit-remaining-requests": "7",
    "x-ratelimit-odd": "caf\N{LATIN SMALL LETTER E WITH ACUTE} \u4f60",
    "retry-after": "3",
    "refresh": "0; url=http://upstream.internal/",
    "www-authenticate": "upstream",
    "alt-svc": "upstream",
}


@pytest.mark.parametrize("status", [200, 400, 429])
async def test_of_an_upstreams_headers_only_the_listed_come_down(
    server: FakeOpenAIServer, tmp_path: Path, status: int
) -> None:
    server.fault = Fault("status", status=status, headers=LEAKING, body=b'{"choices":[]}')
    async with through(tmp_path, server) as client:
        answer = await client.post(CHAT, json=HELLO)

    others = {n for n in answer.headers if n not in DOWN and not n.startswith(OURS)}
    assert others == set()
    told = str(dict(answer.headers))
    assert "upstream-says" not in told and "upstream.internal" not in told
    assert "org-" not in told and "x-ratelimit-odd" not in told
    assert answer.status_code == status


RAW = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n%s\r\n\r\n{}"


@pytest.mark.parametrize(
    "line",
    [
        b"x-ratelimit-a: 1\r\n set-cookie: folded=1",
        b"x-ratelimit-a: \xff\xfe\x80",
        b"x-ratelimit-a: " + b"9" * 5000,
        b"retry-after: 1\x0bset-cookie: a=1",
        b"x-request-id: \xe4\xbd\xa0",
        b"content-type: text/html; charset=\xff",
        b"x-ratelimit-a: 1\rset-cookie: a=1",
        b"openai-processing-ms: \x7f",
        b"x-ratelimit-" + b"a" * 200 + b": 1",
    ],
)
async def test_no_header_of_an_upstream_breaks_an_answer_or_adds_a_line(
    tmp_path: Path, line: bytes
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(RAW % line)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    upstream = {"kind": "openai_http", "base_url": f"http://127.0.0.1:{port}/v1"}
    async with listening, whole_gateway(tmp_path, {"near": upstream}) as app, caller(app) as client:
        got = await client.post(CHAT, json=HELLO)

    # Either it was HTTP, and the odd header is gone, or it was none, and the upstream is at fault.
    assert got.status_code in (200, 502)
    assert "set-cookie" not in got.headers
    assert all(value.isprintable() and len(value) <= 1000 for value in got.headers.values())


@pytest.mark.parametrize(
    "model",
    ["a\r\nset-cookie: a=1", "a\nb", "\u4f60\u597d", "a" * 256, "a\x00b", "\ud83d", "%0d%0aa"],
)
async def test_no_word_of_a_caller_becomes_a_header_line(
    server: FakeOpenAIServer, tmp_path: Path, model: str
) -> None:
    async with through(tmp_path, server) as client:
        body = b'{"model":%s,"messages":[{"role":"user","content":"x"}]}'
        name = ("".join(f"\\u{ord(c):04x}" for c in model)).encode()
        for path in (CHAT, "/v1/route"):
            answer = await client.post(path, content=body % (b'"' + name + b'"'))
            assert answer.status_code in (400, 404)
            assert "set-cookie" not in answer.headers


async def test_a_key_that_an_upstream_quotes_is_blotted_out(
    server: FakeOpenAIServer, tmp_path: Path
) -> None:
    quoting = f'{{"error":{{"message":"Bad key {KEY}.","type":"t","param":"{KEY}"}}}}'.encode()
    async with through(tmp_path, server) as client:
        for status in (400, 401, 403, 404, 422, 429, 500, 503):
            server.fault = Fault("status", status=status, body=quoting)
            answer = await client.post(CHAT, json=HELLO)
            assert answer.status_code >= 400
            assert KEY not in answer.text + str(dict(answer.headers))
