"""An answer that is there at once goes out in one piece, and just as it would by the usual way."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from router.api.whole import WholeAnswer, header_lines
from router.connection import Bounds
from tests.fakes.served import Served, served

GET = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"
BODY = b"x" * 100_000


async def app(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    value = {"/odd": "caf\u00e9", "/split": "a\r\nset-cookie: b"}.get(scope["path"], "plain")
    await WholeAnswer(200, {"x-told": value}, BODY)(scope, receive, send)


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    async with served(app, Bounds()) as made:
        yield made


async def test_every_server_gives_the_same_answer(server: Served) -> None:
    elsewhere = TestClient(app).get("/")
    peer = await server.peer(GET)
    answer = await peer.answer()

    assert (answer.status, answer.body) == (elsewhere.status_code, elsewhere.content) == (200, BODY)
    assert answer.headers == dict(elsewhere.headers)
    assert answer.headers == {"x-told": "plain", "content-length": str(len(BODY))}


class Counting:
    """A transport that counts how often it is written to."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.writes = 0

    def __getattr__(self, name: str) -> Any:
        self.writes += name in ("write", "writelines")
        return getattr(self._transport, name)


async def test_head_and_body_go_out_in_one_write(server: Served) -> None:
    peer = await server.peer(GET)
    await peer.answer()
    (connection,) = server.connections
    counting = connection.transport = Counting(connection.transport)
    await peer.send(GET)

    assert (await peer.answer()).body == BODY
    assert counting.writes == 1


async def test_a_body_that_is_not_wanted_is_not_sent(server: Served) -> None:
    peer = await server.peer(GET.replace(b"GET", b"HEAD"))
    head = await peer.reader.readuntil(b"\r\n\r\n")
    await peer.send(GET)

    assert b"content-length: %d" % len(BODY) in head
    assert (await peer.answer()).body == BODY


async def test_a_connection_is_kept_or_closed_as_the_caller_asks(server: Served) -> None:
    peer = await server.peer()
    for _ in range(3):
        await peer.send(GET)
        assert (await peer.answer()).body == BODY
    await peer.send(GET[:-2] + b"connection: close\r\n\r\n")

    answer = await peer.answer()

    assert answer.headers["connection"] == "close"
    assert answer.body == BODY
    assert await asyncio.wait_for(peer.rest(), 5) == b""


async def test_requests_behind_each_other_are_answered_in_their_order(server: Served) -> None:
    peer = await server.peer(GET * 20, limit=2**24)

    assert [(await peer.answer()).body for _ in range(20)] == [BODY] * 20


async def test_a_header_that_is_not_plain_is_left_to_the_server(server: Served) -> None:
    odd = await server.peer(GET.replace(b"/ ", b"/odd "))
    split = await server.peer(GET.replace(b"/ ", b"/split "))

    assert (await odd.answer()).headers["x-told"] == "caf\u00e9"
    assert await asyncio.wait_for(split.rest(), 5) == b""


@pytest.mark.parametrize("value", ["a\r\nb: c", "a\nb", "tab\there", "caf\u00e9", "\x00"])
def test_no_line_is_made_of_what_could_be_two(value: str) -> None:
    assert header_lines({"x-plain": "1", "x-told": value}) is None


async def test_a_request_that_is_over_is_let_go_of_without_the_garbage_collector(
    server: Served,
) -> None:
    peer = await server.peer(GET)
    await peer.answer()
    (connection,) = server.connections
    over = weakref.ref(connection.cycle)
    gc.disable()
    try:
        await peer.send(GET)
        await peer.answer()
        assert over() is None
    finally:
        gc.enable()
