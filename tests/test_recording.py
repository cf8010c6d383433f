"""Recording: what an exchange leaves in the log, whatever the upstream told."""

import asyncio
from dataclasses import replace
from typing import cast

import pytest

from router.core.event import RoutingEvent
from router.errors import DecisionLogError, UpstreamUnreachable
from router.exchange import all_recorded
from router.ports import UpstreamCall
from tests.fakes.clock import FakeClock
from tests.fakes.exchange import exchange_with, recorded
from tests.fakes.faults import EVENTS
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.upstream import SSE, FakeReply, FakeUpstream, plain_reply


async def test_tokens_that_the_upstream_did_not_count_are_estimated_and_marked() -> None:
    uncounted = FakeReply([b'{"choices": [{"message": {"content": "Hello there"}}]}'])
    gateway = fake_gateway({"near": FakeUpstream(uncounted)})

    await (await exchange_with(gateway)).open()

    row = recorded(gateway)
    assert row.usage_estimated
    # "Hello there" is two words; the envelope around them is not counted.
    assert row.usage is not None and 1 <= row.usage.output_tokens <= 5
    assert row.cost_usd is not None


async def test_content_is_recorded_only_where_asked_for() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply("Secret."))})
    await (await exchange_with(gateway)).open()
    assert recorded(gateway).content is None

    keeping = fake_gateway({"near": FakeUpstream(plain_reply("Secret."))})
    await (await exchange_with(keeping, content=True)).open()
    content = recorded(keeping).content
    assert content is not None
    assert "Hello" in content.request
    assert "Secret." in content.response


async def test_a_log_that_cannot_be_written_costs_nobody_an_answer() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply("Hi"))})
    cast(MemoryLog, gateway.log).error = DecisionLogError("disk full")
    exchange = await exchange_with(gateway)

    await exchange.open()

    assert b"Hi" in exchange.body


async def test_several_answers_to_one_request_do_not_make_a_model_look_wordy() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply(completion=30))})

    await (await exchange_with(gateway, answers=3)).open()

    assert gateway.stats.snapshot().of("small").output_tokens == 10


async def test_what_a_failed_model_said_is_not_kept_as_the_answer() -> None:
    upstreams = {
        "near": FakeUpstream(FakeReply([b"<html>garbage</html>"])),
        "far": FakeUpstream(plain_reply("Fine.")),
    }
    gateway = fake_gateway(upstreams)

    await (await exchange_with(gateway, content=True)).open()

    content = recorded(gateway).content
    assert content is not None
    assert "garbage" not in content.response
    assert "Fine." in content.response


async def test_our_own_time_is_neither_the_callers_upload_nor_the_upstreams() -> None:
    class Taking(FakeUpstream):
        async def open(self, call: object) -> FakeReply:
            clock.advance(3.0)
            return plain_reply()

    gateway = fake_gateway({"near": Taking()})
    clock = cast(FakeClock, gateway.clock)
    exchange = await exchange_with(gateway, upload_s=5.0)
    clock.advance(0.5)

    await exchange.open()

    timings = recorded(gateway).timings
    assert timings.overhead_s == pytest.approx(0.5)
    assert timings.total_s == pytest.approx(8.5)
    assert timings.first_byte_s == pytest.approx(8.5)


async def test_our_own_time_as_told_to_the_caller_includes_the_writing_of_the_record() -> None:
    class Slow(MemoryLog):
        async def record(self, event: RoutingEvent) -> None:
            clock.advance(0.25)

    gateway = replace(fake_gateway({"near": FakeUpstream()}), log=Slow())
    clock = cast(FakeClock, gateway.clock)
    exchange = await exchange_with(gateway)

    await exchange.open()

    assert exchange.trace.overhead_s == pytest.approx(0.25)


async def test_a_call_is_in_flight_until_its_model_has_failed_or_its_answer_is_over() -> None:
    seen: list[dict[str, int]] = []

    class Looking(FakeUpstream):
        async def open(self, call: UpstreamCall) -> FakeReply:
            seen.append({name: n for name, n in gateway.stats.in_flight().items() if n})
            return await super().open(call)

    near, far = Looking(UpstreamUnreachable("down")), Looking(FakeReply(EVENTS, 200, SSE))
    gateway = fake_gateway({"near": near, "far": far})
    exchange = await exchange_with(gateway, stream=True)
    await exchange.open()
    assert seen == [{"small": 1}, {"large": 1}]
    assert gateway.stats.in_flight()["large"] == 1, "its stream has begun and goes on"
    assert [event async for event in exchange.events()]
    assert set(gateway.stats.in_flight().values()) == {0}


@pytest.mark.parametrize("left", [True, False])
async def test_no_call_stays_in_flight_when_its_caller_leaves_or_nobody_answers(left: bool) -> None:
    begun = asyncio.Event()

    class Silent(FakeUpstream):
        async def open(self, call: UpstreamCall) -> FakeReply:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

    down = FakeUpstream(UpstreamUnreachable("down"))
    gateway = fake_gateway({"near": Silent() if left else down, "far": down})
    asking = asyncio.create_task((await exchange_with(gateway)).open())
    if left:
        await begun.wait()
        assert gateway.stats.in_flight() == {"small": 1}
        asking.cancel()
    await asyncio.wait([asking])
    await all_recorded()
    assert asking.cancelled() or isinstance(asking.exception(), UpstreamUnreachable)
    assert set(gateway.stats.in_flight().values()) == {0}
