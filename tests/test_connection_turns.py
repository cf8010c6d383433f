"""A connection runs its requests one after another, in one task, and rests between them."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from router.connection import Bounds
from tests.fakes.served import Served, served
from tests.test_connection import GET, HEAD_BYTES, PATIENCE_S, POST, App


@pytest.fixture
async def server() -> AsyncIterator[Served]:
    async with served(App(), Bounds(HEAD_BYTES, PATIENCE_S, linger_s=PATIENCE_S)) as made:
        yield made


async def test_a_connection_that_is_idle_for_too_long_is_closed_and_no_other(
    server: Served,
) -> None:
    idle, busy = await server.peer(GET), await server.peer(GET)
    assert (await idle.answer()).status == (await busy.answer()).status == 200
    for connection in server.connections:
        connection.timeout_keep_alive = PATIENCE_S

    async def keep_asking() -> list[int]:
        statuses = []
        for _ in range(8):
            await asyncio.sleep(PATIENCE_S / 4)
            await busy.send(GET)
            statuses.append((await busy.answer()).status)
        return statuses

    asked = asyncio.create_task(keep_asking())

    assert await asyncio.wait_for(idle.rest(), 10) == b""
    assert await asked == [200] * 8


async def test_an_answer_that_takes_longer_than_a_connection_may_be_idle_arrives(
    server: Served,
) -> None:
    peer = await server.peer(GET.replace(b"/small", b"/slow"))
    for connection in server.connections:
        connection.timeout_keep_alive = PATIENCE_S / 4

    assert (await asyncio.wait_for(peer.answer(), 10)).status == 200


async def test_a_connection_is_at_work_while_it_answers_and_leaves_no_task_behind(
    server: Served,
) -> None:
    before = len(asyncio.all_tasks())
    peer = await server.peer(GET.replace(b"/small", b"/slow"))
    await asyncio.sleep(PATIENCE_S / 4)
    assert server.at_work == 1
    for _ in range(3):
        assert (await peer.answer()).status == 200
        await asyncio.sleep(0)
        assert server.at_work == 0
        await peer.send(GET)
    await peer.answer()
    assert len(asyncio.all_tasks()) == before + 1

    peer.leave()
    async with asyncio.timeout(5):
        while server.connections or len(asyncio.all_tasks()) > before:  # noqa: ASYNC110  no event tells
            await asyncio.sleep(0.01)


async def test_a_request_behind_one_that_crashed_is_answered(server: Served) -> None:
    peer = await server.peer(GET.replace(b"/small", b"/crash"))
    assert (await peer.answer()).status == 500

    peer = await server.peer(GET.replace(b"/small", b"/late"))
    assert (await peer.answer()).status == 200
    for _ in range(2):
        await peer.send(GET)
        assert (await peer.answer()).status == 200


OFFER = b"connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"content-length: 5\r\n\r\nabcde",
        b"transfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    ],
    ids=["of a known size", "in chunks"],
)
@pytest.mark.parametrize("apart", [False, True], ids=["with its head", "behind its head"])
async def test_a_body_is_read_whatever_other_protocol_its_head_offers(
    server: Served, body: bytes, apart: bool
) -> None:
    head, end, behind = (POST + OFFER + body).partition(b"\r\n\r\n")
    peer = await server.peer(head + end + (b"" if apart else behind + GET))
    if apart:
        await asyncio.sleep(0.02)
        await peer.send(behind + GET)

    assert (await peer.answer()).body == b"5"
    assert (await peer.answer()).body == b"0"


async def test_an_offer_of_web_sockets_is_passed_over(server: Served) -> None:
    peer = await server.peer(GET[:-2] + b"connection: upgrade\r\nupgrade: websocket\r\n\r\n" + GET)

    assert [(await peer.answer()).status for _ in range(2)] == [200, 200]
