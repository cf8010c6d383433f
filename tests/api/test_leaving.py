"""How a request learns that its caller has gone, where the connection tells it."""

import asyncio
import contextlib
import json
from typing import Any, cast

import pytest
from starlette.types import Message

from router.api.caller import while_caller_stays
from router.api.leaving import Leaving
from router.app import create_app
from router.connection import Bounds
from router.errors import CallerLeft
from tests.api.conftest import runtime_of
from tests.api.test_caller import HELLO, PATH, Endless
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.served import served
from tests.fakes.upstream import FakeUpstream


async def nothing_comes() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def test_work_that_ends_gives_its_result() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await Leaving().unless_left(work()) == "done"


async def test_an_error_of_the_work_passes_through() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise KeyError("its own")

    with pytest.raises(KeyError, match="its own"):
        await Leaving().unless_left(work())


@pytest.mark.parametrize("before", [True, False])
async def test_work_is_cancelled_when_the_caller_leaves(before: bool) -> None:
    scope: dict[str, Any] = {}
    leaving, found = Leaving.put_into(scope), list[bool]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            found.append(leaving.has_left())
            await asyncio.sleep(0)
            found.append(True)

    if before:
        leaving.leave()
    else:
        asyncio.get_running_loop().call_soon(leaving.leave)
    with pytest.raises(CallerLeft):
        await while_caller_stays(scope, nothing_comes, work())

    assert found == [True, True]
    task = asyncio.current_task()
    assert task is not None and not task.cancelling()
    await asyncio.sleep(0)  # no cancellation is left over


async def test_where_no_connection_tells_whoever_reads_what_comes_in_finds_out() -> None:
    scope: dict[str, Any] = {}
    leaving, found = Leaving.of(scope), list[bool]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            found.append(leaving.has_left())

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    with pytest.raises(CallerLeft):
        await while_caller_stays(scope, gone, work())

    assert found == [True]
    assert Leaving.of(scope) is leaving


async def test_a_time_limit_of_the_work_itself_ends_nothing_else() -> None:
    async def work() -> str:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        await asyncio.sleep(0)
        return "going on"

    assert await Leaving().unless_left(work()) == "going on"


@pytest.mark.parametrize("told", [True, False])
async def test_another_cancellation_is_not_put_down_to_the_caller(told: bool) -> None:
    scope: dict[str, Any] = {}
    leaving = Leaving.put_into(scope) if told else Leaving.of(scope)
    found = list[bool]()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            found.append(leaving.has_left())

    task = asyncio.create_task(while_caller_stays(scope, nothing_comes, work()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0)

    assert found == [False]


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
