"""How a request learns that its caller has gone, where the connection tells it."""

import asyncio
import contextlib
import json
from typing import cast

import pytest

from router.api.leaving import Leaving
from router.app import create_app
from router.connection import Bounds
from router.errors import CallerLeft
from tests.api.conftest import runtime_of
from tests.api.test_caller import HELLO, PATH, Endless
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.served import served
from tests.fakes.upstream import FakeUpstream


def nobody_interrupts(really: bool) -> None:
    raise AssertionError("not interrupted")


async def test_work_that_ends_gives_its_result() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await Leaving().unless_left(work(), nobody_interrupts) == "done"


async def test_an_error_of_the_work_passes_through() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        await Leaving().unless_left(work(), nobody_interrupts)


@pytest.mark.parametrize("before", [True, False])
async def test_work_is_cancelled_when_the_caller_leaves(before: bool) -> None:
    leaving, ended = Leaving(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    if before:
        leaving.leave()
    else:
        asyncio.get_running_loop().call_soon(leaving.leave)
    with pytest.raises(CallerLeft):
        await leaving.unless_left(work(), nobody_interrupts)

    assert ended.is_set()
    task = asyncio.current_task()
    assert task is not None and not task.cancelling()
    await asyncio.sleep(0)  # no cancellation is left over


async def test_a_time_limit_of_the_work_itself_is_no_interruption() -> None:
    told = list[bool]()

    async def work() -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        await asyncio.sleep(0)
        return "going on"

    assert await Leaving().unless_left(work(), told.append) == "going on"
    assert told == [True, False]


async def test_another_cancellation_is_told_to_the_work_after_it_was_called_an_interruption() -> (
    None
):
    leaving, told = Leaving(), list[str]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    task = asyncio.create_task(
        leaving.unless_left(work(), lambda really: told.append("interrupted"))
    )
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert told == ["interrupted", "cancelled"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_caller_that_hangs_up_lets_the_upstream_go(stream: bool) -> None:
    reply = Endless()
    if not stream:
        reply.headers = {"content-type": "application/json"}
    gateway = fake_gateway({"near": FakeUpstream(reply)})
    body = json.dumps({**HELLO, "stream": stream}).encode()
    head = f"POST {PATH} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
    async with served(create_app(runtime_of(gateway)), Bounds()) as server:
        peer = await server.peer(head.encode() + body)
        if stream:
            await peer.reader.readuntil(b"Hel")
        else:
            await asyncio.sleep(0.05)
        peer.leave()
        async with asyncio.timeout(5):
            while not cast(MemoryLog, gateway.log).events:  # noqa: ASYNC110  tells nobody
                await asyncio.sleep(0.01)

    assert reply.closed
    (row,) = cast(MemoryLog, gateway.log).events
    assert (row.outcome, row.status) == ("cancelled", 499)
