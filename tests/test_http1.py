"""HTTP/1 as RFC 9112 has it: callers of 1.0 get no chunks, those of 1.1 name one host."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from router.connection import Bounds
from tests.fakes.served import Served, served

PIECES = (b"one, ", b"two, ", b"three")


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers in pieces of no known length; /small with a length."""
    headers = [(b"Content-Length", b"4")] if scope["path"] == "/small" else []
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for piece in (b"a", b"ll.") if headers else PIECES:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    async with served(app, Bounds()) as made:
        yield made


async def test_a_caller_of_http_1_0_gets_no_chunks_and_the_connection_ends_the_answer(
    server: Served,
) -> None:
    peer = await server.peer(b"GET /large HTTP/1.0\r\n\r\n")
    head = (await peer.reader.readuntil(b"\r\n\r\n")).lower()
    body = await peer.rest()

    assert b"transfer-encoding" not in head and b"connection: close" in head
    assert body == b"".join(PIECES)


async def test_a_length_that_is_known_is_told_to_a_caller_of_http_1_0(server: Served) -> None:
    peer = await server.peer(b"POST /small HTTP/1.0\r\ncontent-length: 2\r\n\r\nhi")

    answer = await peer.answer()
    assert (answer.status, answer.body, await peer.rest()) == (200, b"all.", b"")


@pytest.mark.parametrize("lines", [b"", b"accept: */*\r\n", b"x-host: a\r\n"])
async def test_a_request_of_http_1_1_without_its_host_is_refused(
    server: Served, lines: bytes
) -> None:
    peer = await server.peer(b"GET /small HTTP/1.1\r\n" + lines + b"\r\n")

    answer = await peer.answer()
    assert answer.status == 400 and "`Host`" in answer.json["error"]["message"]
    assert await peer.rest() == b""


async def test_the_host_may_stand_anywhere_in_the_head(server: Served) -> None:
    peer = await server.peer(b"GET /small HTTP/1.1\r\naccept: */*\r\nHOST: localhost\r\n\r\n")

    assert (await peer.answer()).status == 200


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
async def test_a_request_that_names_several_hosts_is_refused(
    server: Served, version: bytes
) -> None:
    lines = b"host: a\r\naccept: */*\r\nHost: b\r\n"
    peer = await server.peer(b"GET /small HTTP/" + version + b"\r\n" + lines + b"\r\n")

    answer = await peer.answer()
    assert answer.status == 400 and "several headers `Host`" in answer.json["error"]["message"]
    assert await peer.rest() == b""
