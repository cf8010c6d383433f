"""One POST over a connection of aiohttp's pool."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest
from yarl import URL

from router.upstreams.connections import Connections
from router.upstreams.posting import Answer, ClientRequest, HttpProcessingError, head_of, post

WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """Says what it is told to, once a request has come whole; keeps what it heard."""

    def __init__(self, says: Sequence[bytes]) -> None:
        self.says = says
        self.heard: list[bytes] = []
        self.connections = 0
        self.asked, self.closed = asyncio.Event(), asyncio.Event()
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.rpartition(b"content-length: ")[2])
                self.heard.append(head + await reader.readexactly(size))
                self.asked.set()
                for part in self.says:
                    writer.write(part)
                    await writer.drain()
        except asyncio.IncompleteReadError:
            self.closed.set()
        finally:
            writer.close()


@asynccontextmanager
async def serving(*says: bytes) -> AsyncIterator[tuple[Server, Connections]]:
    told = Server(says)
    listening = await asyncio.start_server(told.serve, "127.0.0.1", 0)
    told.port = listening.sockets[0].getsockname()[1]
    connections = Connections()
    connections.hold()
    try:
        yield told, connections
    finally:
        await connections.release()
        listening.close()


async def posted(server: Server, connections: Connections, body: bytes = b"{}") -> Answer:
    url = URL(f"http://127.0.0.1:{server.port}/v1/x?a=b")
    head = head_of(url.raw_path_qs, {"host": "127.0.0.1"})
    route, limits = ClientRequest("POST", url), aiohttp.ClientTimeout(total=None)
    return await post(connections.pool, route, limits, head, body)


async def test_a_request_is_its_head_its_length_and_its_body() -> None:
    async with serving(WHOLE) as (server, connections):
        answer = await posted(server, connections, b'{"a": 1}')
        assert (answer.status, await answer.content.read()) == (200, b"ok")
    [heard] = server.heard
    assert heard == (
        b'POST /v1/x?a=b HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 8\r\n\r\n{"a": 1}'
    )


async def test_a_connection_whose_answer_is_whole_serves_the_next_request() -> None:
    async with serving(WHOLE) as (server, connections):
        for _ in range(3):
            answer = await posted(server, connections)
            await answer.content.read()
            answer.close()
    assert (server.connections, len(server.heard)) == (1, 3)


async def test_heads_that_only_announce_an_answer_are_passed_by() -> None:
    hints = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n"
    async with serving(hints, WHOLE) as (server, connections):
        answer = await posted(server, connections)
        assert (answer.status, await answer.content.read()) == (200, b"ok")
        assert "link" not in answer.headers


async def test_an_answer_without_a_body_is_whole_at_once() -> None:
    async with serving(b"HTTP/1.1 204 No Content\r\n\r\n") as (server, connections):
        for _ in range(2):
            answer = await posted(server, connections)
            assert (answer.status, await answer.content.read()) == (204, b"")
    assert server.connections == 1


async def test_closing_early_drops_the_connection_and_tells_who_waits_for_more() -> None:
    beginning = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"
    async with serving(beginning) as (server, connections):
        answer = await posted(server, connections)
        assert await answer.content.read(4) == b"half"
        waiting = asyncio.create_task(answer.content.read(1))
        await asyncio.sleep(0)
        answer.close()
        answer.close()
        with pytest.raises(aiohttp.ClientConnectionError):
            await waiting
        await asyncio.wait_for(server.closed.wait(), 5)


async def test_who_waits_no_longer_drops_the_connection() -> None:
    async with serving() as (server, connections):
        waiting = asyncio.create_task(posted(server, connections))
        await asyncio.wait_for(server.asked.wait(), 5)
        waiting.cancel()
        await asyncio.wait([waiting])
        await asyncio.wait_for(server.closed.wait(), 5)


async def test_what_is_no_http_is_said_to_be_none() -> None:
    async with serving(b"SSH-2.0-OpenSSH_9.9\r\n") as (server, connections):
        with pytest.raises(HttpProcessingError):
            await posted(server, connections)


@pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\rb", "a\0b"])
def test_a_header_stays_one_line(value: str) -> None:
    with pytest.raises(ValueError, match="end of a line"):
        head_of("/", {"x-key": value})
