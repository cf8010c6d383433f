"""Exchange: who is asked, when the next one is, and that everything is recorded once."""

import asyncio
import json
from typing import cast

import pytest

from router.core.limits import Limits
from router.errors import (
    ModelsUnavailable,
    NoCandidate,
    UpstreamBroken,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from tests.fakes.exchange import exchange_with, recorded
from tests.fakes.gateway import MemoryLog, fake_gateway
from tests.fakes.upstream import (
    FakeReply,
    FakeUpstream,
    plain_reply,
    streamed_reply,
)


async def test_the_first_candidate_answers_under_the_name_its_upstream_knows() -> None:
    near, far = FakeUpstream(plain_reply("Hi")), FakeUpstream()
    gateway = fake_gateway({"near": near, "far": far})
    exchange = await exchange_with(gateway)

    await exchange.open()

    assert near.bodies[0]["model"] == "small:3b"
    assert far.calls == []
    assert json.loads(exchange.body)["choices"][0]["message"]["content"] == "Hi"


async def test_an_answer_that_has_come_whole_is_taken_at_once() -> None:
    class WholeReply(FakeReply):
        def at_hand(self) -> bytes:
            return b'{"choices": []}'

    reply = WholeReply([], then=AssertionError("read all the same"))
    exchange = await exchange_with(fake_gateway({"near": FakeUpstream(reply)}))

    await exchange.open()

    assert exchange.body == b'{"choices": []}'
    assert reply.closed


async def test_a_request_is_priced_with_the_upstreams_own_count_beside_the_baseline() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply(prompt=1000, completion=500))})

    await (await exchange_with(gateway)).open()

    row = recorded(gateway)
    assert row.cost_usd == pytest.approx(1500 * 0.1 / 1e6)
    assert row.baseline == "always:large"
    assert row.baseline_cost_usd == pytest.approx((1000 * 2.5 + 500 * 10) / 1e6)
    assert (row.outcome, row.status, row.propensity) == ("ok", 200, 1.0)


@pytest.mark.parametrize(
    "failure",
    [
        UpstreamUnreachable("no connection"),
        UpstreamTimeout("no answer"),
        FakeReply([b"{}"], 429),
        FakeReply([b"{}"], 500),
        FakeReply([b"{}"], 503),
        FakeReply([b"{}"], 401),
        FakeReply([b"{}"], 404),
        FakeReply([b"<html>"], 200),
        FakeReply([b'{"usage"'], 200),
        FakeReply([b'{"id'], 200, then=UpstreamBroken("cut")),
    ],
    ids=lambda told: str(getattr(told, "status", type(told).__name__)),
)
async def test_the_next_candidate_is_asked_when_one_fails(
    failure: FakeReply | UpstreamError,
) -> None:
    far = FakeUpstream(plain_reply("From the cloud."))
    gateway = fake_gateway({"near": FakeUpstream(failure), "far": far})
    exchange = await exchange_with(gateway)

    await exchange.open()

    row = recorded(gateway)
    assert b"From the cloud." in exchange.body
    assert (row.model, row.fallbacks, row.outcome) == ("large", 1, "ok")
    assert [attempt.model for attempt in row.attempts] == ["small", "large"]
    assert not isinstance(failure, FakeReply) or failure.closed


@pytest.mark.parametrize("status", [400, 409, 413, 422])
async def test_the_callers_own_mistake_is_passed_on_and_nobody_else_is_asked(status: int) -> None:
    told = b'{"error": {"message": "temperature must be at most 2", "param": "temperature"}}'
    far = FakeUpstream()
    gateway = fake_gateway({"near": FakeUpstream(FakeReply([told], status)), "far": far})
    exchange = await exchange_with(gateway)

    await exchange.open()

    assert (exchange.status, exchange.body, far.calls) == (status, told, [])
    row = recorded(gateway)
    assert (row.outcome, row.cost_usd) == ("refused", None)


async def test_when_all_fail_the_last_failure_is_told_and_recorded() -> None:
    refusing = FakeReply([b"{}"], 429, {"retry-after": "7"})
    gateway = fake_gateway(
        {"near": FakeUpstream(UpstreamTimeout("late")), "far": FakeUpstream(refusing)}
    )
    exchange = await exchange_with(gateway)

    with pytest.raises(UpstreamRefused) as error:
        await exchange.open()

    assert error.value.headers["retry-after"] == "7"
    assert recorded(gateway).outcome == "upstream_error"


async def test_nobody_to_ask_is_an_error_that_names_every_model() -> None:
    gateway = fake_gateway({})
    exchange = await exchange_with(gateway, limits=Limits(min_quality=1.0))

    with pytest.raises(NoCandidate) as error:
        await exchange.open()

    assert set(error.value.reasons) == {"small", "large"}
    assert recorded(gateway).outcome == "no_candidate"


async def test_models_that_are_only_out_of_order_make_a_passing_fault() -> None:
    down = UpstreamUnreachable("down")
    gateway = fake_gateway({"near": FakeUpstream(down), "far": FakeUpstream(down)})
    for _ in range(5):
        with pytest.raises(UpstreamUnreachable):
            await (await exchange_with(gateway)).open()

    with pytest.raises(ModelsUnavailable):
        await (await exchange_with(gateway)).open()


async def test_a_caller_who_leaves_before_the_answer_is_recorded() -> None:
    class Silent(FakeUpstream):
        async def open(self, call: object) -> FakeReply:
            await asyncio.Event().wait()
            raise AssertionError

    gateway = fake_gateway({"near": Silent()})
    exchange = await exchange_with(gateway)
    task = asyncio.create_task(exchange.open())
    await asyncio.sleep(0)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    for _ in range(3):
        await asyncio.sleep(0)

    assert recorded(gateway).outcome == "cancelled"


async def test_a_refusal_of_this_very_request_leaves_the_models_in_service() -> None:
    refusing = UpstreamRefused("The provider lacks logprobs.", 400)
    gateway = fake_gateway({"near": FakeUpstream(refusing), "far": FakeUpstream(refusing)})

    for _ in range(6):
        with pytest.raises(UpstreamRefused):
            await (await exchange_with(gateway)).open()

    rows = cast(MemoryLog, gateway.log).events
    assert {(row.outcome, row.status) for row in rows} == {("refused", 400)}


class SlowToClose(FakeReply):
    """A reply whose closing waits for the network, as a provider's may."""

    async def close(self) -> None:
        await asyncio.sleep(10)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_caller_who_leaves_while_the_reply_closes_is_recorded_all_the_same(
    stream: bool,
) -> None:
    script = streamed_reply() if stream else plain_reply()
    reply = SlowToClose(script._chunks, headers=script.headers)
    gateway = fake_gateway({"near": FakeUpstream(reply)})
    exchange = await exchange_with(gateway, stream=stream)

    async def whole() -> None:
        await exchange.open()
        async for _ in exchange.events():
            pass

    task = asyncio.create_task(whole())
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert recorded(gateway).outcome == "ok"
