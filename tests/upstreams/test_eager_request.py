"""Eager request: head and body in one piece where they are small, aiohttp's own way elsewhere."""

import asyncio
from typing import Any

import pytest

from router.errors import UpstreamUnreachable
from router.ports import UpstreamCall
from router.upstreams.connections import Connections
from router.upstreams.eager_request import AT_ONCE_BYTES, EagerRequest
from router.upstreams.openai_http import OpenAIHTTP
from tests.fakes.openai_server import FakeOpenAIServer
from tests.upstreams.calls import PATH, body_of, call, http_spec

TOO_LONG = call(user="x" * AT_ONCE_BYTES)


async def test_a_small_request_reaches_the_wire_in_one_piece() -> None:
    pieces: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pieces.append(await reader.read(1 << 20))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        upstream = OpenAIHTTP(http_spec(f"http://127.0.0.1:{port}/v1"), None, Connections())
        assert await body_of(await upstream.open(call())) == b"{}"
        await upstream.close()
    head, body = pieces[0].split(b"\r\n\r\n", 1)
    assert head.startswith(f"POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{port}".encode())
    assert body == call().body


async def test_only_a_long_request_is_written_by_a_task_of_its_own(
    upstream: OpenAIHTTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int | None] = []
    aiohttps = EagerRequest.write_bytes

    async def noted(self: EagerRequest, *how: Any) -> None:
        written.append(how[-1])
        await aiohttps(self, *how)

    monkeypatch.setattr(EagerRequest, "write_bytes", noted)
    for made in (call(), TOO_LONG):
        await body_of(await upstream.open(made))
    assert written == [len(TOO_LONG.body)]


@pytest.mark.parametrize("made", [call(user="x" * (AT_ONCE_BYTES - 200)), TOO_LONG])
async def test_a_long_request_arrives_whole_and_leaves_its_connection_usable(
    server: FakeOpenAIServer, upstream: OpenAIHTTP, made: UpstreamCall
) -> None:
    for sent in (made, call(), made):
        await body_of(await upstream.open(sent))
    assert [seen.body for seen in server.received] == [made.body, call().body, made.body]
    assert {seen.connection for seen in server.received} == {0}
    assert {int(seen.headers["content-length"]) for seen in server.received} == {
        len(made.body),
        len(call().body),
    }


async def test_an_empty_body_is_sent_as_one(server: FakeOpenAIServer, upstream: OpenAIHTTP) -> None:
    reply = await upstream.open(UpstreamCall(PATH, "m", b"", stream=False))
    await reply.close()
    assert server.received[0].headers["content-length"] == "0"


async def test_a_header_with_a_line_of_its_own_is_not_sent(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    headers = {"anthropic-beta": "a\r\nauthorization: Bearer theirs"}
    with pytest.raises(UpstreamUnreachable):
        await upstream.open(UpstreamCall(PATH, "m", b"{}", stream=False, headers=headers))
    assert not server.received


async def test_headers_of_one_call_are_not_left_for_the_next(
    server: FakeOpenAIServer, upstream: OpenAIHTTP
) -> None:
    first = UpstreamCall(PATH, "m", call().body, stream=False, headers={"anthropic-beta": "a"})
    for sent in (first, call()):
        await body_of(await upstream.open(sent))
    assert [seen.headers.get("anthropic-beta") for seen in server.received] == ["a", None]
