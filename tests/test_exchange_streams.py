"""Exchange: streams, which pass event by event and are never begun a second time."""

import asyncio
from typing import Any, cast

import pytest

from router.errors import (
    UpstreamBroken,
)
from tests.fakes.exchange import exchange_with, recorded
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.upstream import (
    DONE,
    SSE,
    USAGE,
    FakeReply,
    FakeUpstream,
    event,
    streamed_reply,
)


async def test_a_stream_passes_event_by_event_and_is_recorded_before_done() -> None:
    gateway = fake_gateway({"near": FakeUpstream(streamed_reply())})
    log = cast(MemoryLog, gateway.log)
    exchange = await exchange_with(gateway, stream=True)
    await exchange.open()

    seen = []
    async for part in exchange.events():
        seen.append((part, len(log.events)))

    assert seen == [
        (event("Hel"), 0),
        (event("lo"), 0),
        (event(finish="stop"), 0),
        (DONE, 1),
    ]
    assert recorded(gateway).usage is not None


async def test_a_stream_that_fails_before_its_first_event_falls_back_unnoticed() -> None:
    first = FakeReply([b": hello\n"], headers=SSE, then=UpstreamBroken("cut"))
    gateway = fake_gateway({"near": FakeUpstream(first), "far": FakeUpstream(streamed_reply())})
    exchange = await exchange_with(gateway, stream=True)

    await exchange.open()
    parts = [part async for part in exchange.events()]

    assert parts[-1] == DONE
    assert recorded(gateway).model == "large"


@pytest.mark.parametrize(
    "first",
    [
        FakeReply([b"<html>"], headers={"content-type": "text/html"}),
        streamed_reply(b'data: {"error": {"message": "overloaded"}}\n\n'),
    ],
    ids=["html", "error first"],
)
async def test_an_answer_that_is_no_stream_falls_back(first: FakeReply) -> None:
    gateway = fake_gateway({"near": FakeUpstream(first), "far": FakeUpstream(streamed_reply())})
    exchange = await exchange_with(gateway, stream=True)

    await exchange.open()

    assert exchange.trace.model == "large"
    assert [part async for part in exchange.events()][-1] == DONE


async def test_a_stream_that_breaks_midway_is_told_and_never_begun_again() -> None:
    far = FakeUpstream(streamed_reply())
    breaking = streamed_reply(event("Hel"), then=UpstreamBroken("cut"))
    gateway = fake_gateway({"near": FakeUpstream(breaking), "far": far})
    exchange = await exchange_with(gateway, stream=True)
    await exchange.open()

    parts = []
    with pytest.raises(UpstreamBroken):
        async for part in exchange.events():
            parts.append(part)

    row = recorded(gateway)
    assert (parts, far.calls) == ([event("Hel")], [])
    assert (row.outcome, row.usage_estimated) == ("broken", True)


async def test_what_came_with_an_error_is_passed_on_before_it_is_told() -> None:
    error = b'data: {"error": {"message": "overloaded"}}\n\n'
    reply = streamed_reply(event("Hel"), event("lo") + event("!") + error)
    exchange = await exchange_with(fake_gateway({"near": FakeUpstream(reply)}), stream=True)
    await exchange.open()

    parts = []
    with pytest.raises(UpstreamBroken):
        async for part in exchange.events():
            parts.append(part)

    assert parts == [event("Hel"), event("lo") + event("!")]


async def test_events_that_came_together_go_on_together() -> None:
    reply = streamed_reply(event("Hel") + event("lo"), event("!") + event(finish="stop") + DONE)
    exchange = await exchange_with(fake_gateway({"near": FakeUpstream(reply)}), stream=True)
    await exchange.open()

    parts = [part async for part in exchange.events()]

    assert parts == [event("Hel") + event("lo"), event("!") + event(finish="stop"), DONE]


async def test_a_caller_who_leaves_a_stream_lets_the_upstream_go_and_is_recorded() -> None:
    reply = streamed_reply(event("Hel"), event("lo"), USAGE, DONE)
    gateway = fake_gateway({"near": FakeUpstream(reply)})
    exchange = await exchange_with(gateway, stream=True)
    await exchange.open()

    events = exchange.events()
    await anext(events)
    await events.aclose()
    for _ in range(3):
        await asyncio.sleep(0)

    row = recorded(gateway)
    assert reply.closed
    assert (row.outcome, row.status) == ("cancelled", 499)
    assert row.cost_usd is not None


@pytest.mark.parametrize(
    "first",
    [
        streamed_reply(b": OPENROUTER PROCESSING\n\n", b'data: {"error": {"message": "x"}}\n\n'),
        streamed_reply(b": OPENROUTER PROCESSING\n\n"),
        FakeReply([], headers=SSE),
    ],
    ids=["comment then error", "comment alone", "empty"],
)
async def test_a_stream_that_never_began_falls_back(first: FakeReply) -> None:
    gateway = fake_gateway({"near": FakeUpstream(first), "far": FakeUpstream(streamed_reply())})
    exchange = await exchange_with(gateway, stream=True)

    await exchange.open()

    assert exchange.trace.model == "large"


async def test_a_mistake_of_ours_neither_keeps_the_upstream_nor_loses_the_record() -> None:
    reply = FakeReply([b"{}"])
    reply.headers = cast(Any, None)
    gateway = fake_gateway({"near": FakeUpstream(reply)})
    exchange = await exchange_with(gateway, stream=True)

    with pytest.raises(AttributeError):
        await exchange.open()

    assert reply.closed
    assert recorded(gateway).outcome == "broken"


async def test_an_answer_that_our_shutdown_cut_off_is_not_put_down_to_the_caller() -> None:
    gateway = fake_gateway({"near": FakeUpstream(streamed_reply())})
    exchange = await exchange_with(gateway, stream=True)
    await exchange.open()
    events = exchange.events()
    await anext(events)

    exchange.has_left = lambda: False
    await events.aclose()
    for _ in range(3):
        await asyncio.sleep(0)

    assert recorded(gateway).outcome == "broken"
