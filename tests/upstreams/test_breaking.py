"""Breaking: who keeps failing is not called, however many ask at once."""

import asyncio

import pytest

from router.core.circuit import FAILURES_TO_OPEN, OPEN_S
from router.core.stats import Observation
from router.errors import CircuitOpen
from router.ports import UpstreamCall
from router.stores.memory import MemoryStatsStore
from router.upstreams.breaking import Breaking
from tests.fakes.clock import FakeClock
from tests.fakes.upstream import FakeReply, FakeUpstream

CALL = UpstreamCall("/chat/completions", "small:3b", b"{}", False, card="small")
DOWN = Observation(ok=False, upstream="near", server_ok=False)


class Slow(FakeUpstream):
    async def open(self, call: UpstreamCall) -> FakeReply:
        await asyncio.sleep(0.01)
        return await super().open(call)


def opened(stats: MemoryStatsStore) -> None:
    for _ in range(FAILURES_TO_OPEN):
        stats.observe("small", DOWN)


async def test_while_the_circuit_is_closed_calls_pass() -> None:
    inner = FakeUpstream()
    await Breaking(inner, "near", MemoryStatsStore(FakeClock())).open(CALL)
    assert inner.calls == [CALL]


async def test_an_open_circuit_calls_nobody_and_says_when_to_come_again() -> None:
    inner, stats = FakeUpstream(), MemoryStatsStore(FakeClock())
    opened(stats)
    with pytest.raises(CircuitOpen) as raised:
        await Breaking(inner, "near", stats).open(CALL)
    assert (inner.calls, raised.value.retry_after_s) == ([], OPEN_S)


async def test_of_many_at_once_one_alone_is_the_probe() -> None:
    inner, clock = Slow(), FakeClock()
    stats = MemoryStatsStore(clock)
    opened(stats)
    clock.advance(OPEN_S)
    breaking = Breaking(inner, "near", stats)
    asked = await asyncio.gather(*(breaking.open(CALL) for _ in range(20)), return_exceptions=True)
    assert len(inner.calls) == 1
    assert sum(isinstance(one, CircuitOpen) for one in asked) == 19


async def test_closing_it_closes_the_upstream() -> None:
    inner = FakeUpstream()
    await Breaking(inner, "near", MemoryStatsStore(FakeClock())).close()
    assert inner.closed
