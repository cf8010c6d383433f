"""Billing: what a request leaves in the ledger, whichever way it went."""

import asyncio
import json
from dataclasses import replace
from typing import Any, cast

import pytest
from msgspec import structs

from router.core.bill import OwnCall
from router.core.cost import Usage
from router.core.event import RoutingEvent
from router.core.ledger import nano
from router.errors import UpstreamBroken, UpstreamRefused, UpstreamTimeout, UpstreamUnreachable
from router.gateway import Gateway
from tests.fakes.clock import FakeClock
from tests.fakes.exchange import exchange_with, recorded
from tests.fakes.gateway import CATALOG, catalog, fake_gateway, policy
from tests.fakes.upstream import SSE, FakeReply, FakeUpstream, plain_reply

PER_HOUR = {"usd_per_hour": 3.6}


def with_card(gateway: Gateway, model: str, **changes: Any) -> Gateway:
    """The gateway with another card for one of its models, which alone is asked."""
    models = {**CATALOG["models"], model: {**CATALOG["models"][model], **changes}}
    alone = {"candidates": [model], "strategy": {"kind": "best_quality"}}
    in_force = replace(
        gateway.default,
        catalog=catalog({**CATALOG, "models": models}),
        policy=policy(default=alone),
    )
    return replace(gateway, policies={gateway.default_policy: in_force})


async def answered(gateway: Gateway, **asked: Any) -> RoutingEvent:
    exchange = await exchange_with(gateway, **asked)
    try:
        await exchange.open()
        if exchange.streams:
            [_ async for _ in exchange.events()]
    except (UpstreamBroken, UpstreamUnreachable, UpstreamTimeout, UpstreamRefused):
        pass
    return recorded(gateway)


async def test_an_answer_is_priced_by_the_usage_that_its_upstream_told() -> None:
    event = await answered(fake_gateway({"near": FakeUpstream(plain_reply(prompt=1000))}))
    assert event.cost_usd == pytest.approx(1003 * 0.1e-6)
    assert event.bill.baseline is not None
    assert event.baseline_usd == pytest.approx((1000 * 2.5 + 3 * 10) * 1e-6)
    [attempt] = event.attempts
    assert (attempt.usage, attempt.cost_usd, attempt.paid) == (event.usage, event.cost_usd, True)


async def test_an_answer_that_broke_off_is_paid_for_beside_the_one_that_came() -> None:
    cut = FakeReply([b'{"choices": ['], then=UpstreamBroken("cut"))
    event = await answered(
        fake_gateway({"near": FakeUpstream(cut), "far": FakeUpstream(plain_reply())})
    )
    failed, good = event.attempts
    assert (failed.paid, good.model) == (True, "large")
    assert failed.usage is not None and failed.cost_usd is not None and failed.cost_usd > 0
    assert event.bill.escalation_usd == failed.cost_usd
    assert event.spend_usd == pytest.approx(failed.cost_usd + (event.cost_usd or 0))


@pytest.mark.parametrize(
    "fault",
    [UpstreamUnreachable("no connection"), UpstreamTimeout("no answer"), FakeReply([], status=503)],
)
async def test_calls_that_were_never_accepted_cost_nothing(fault: Any) -> None:
    gateway = fake_gateway({"near": FakeUpstream(fault), "far": FakeUpstream(plain_reply())})
    event = await answered(gateway)
    assert (event.bill.escalation_usd, event.unpriced) == (0.0, None)


async def test_a_refusal_of_the_callers_own_request_costs_nothing_and_saves_nothing() -> None:
    event = await answered(fake_gateway({"near": FakeUpstream(FakeReply([b"{}"], status=400))}))
    assert (event.outcome, event.cost_usd, event.was_paid, event.unpriced) == (
        "refused",
        None,
        False,
        None,
    )


async def test_a_caller_who_left_before_the_answer_leaves_a_request_without_a_price() -> None:
    class Never(FakeUpstream):
        async def open(self, call: object) -> FakeReply:
            await asyncio.Event().wait()
            raise AssertionError

    gateway = fake_gateway({"near": Never()})
    exchange = await exchange_with(gateway)
    task = asyncio.ensure_future(exchange.open())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.01)
    event = recorded(gateway)
    # The upstream may charge for it all the same, and nobody can tell how much.
    assert (event.outcome, event.unpriced, event.spend_usd) == ("cancelled", "no_usage", None)


def chunk(text: str) -> bytes:
    body = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"


async def test_a_stream_that_was_cut_is_priced_by_what_was_received() -> None:
    cut = FakeReply([chunk("a"), chunk("b"), chunk("c")], 200, SSE, then=UpstreamBroken("cut"))
    event = await answered(fake_gateway({"near": FakeUpstream(cut)}), stream=True)
    assert (event.outcome, event.usage_estimated) == ("broken", True)
    assert event.usage is not None and event.usage.output_tokens == 3
    assert event.cost_usd is not None and event.cost_usd > 0


async def test_a_usage_told_at_the_start_of_a_cut_stream_is_not_taken_for_the_whole() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply())})
    exchange = await exchange_with(gateway)
    await exchange.open()
    trace = replace(exchange.trace, recorded=False)
    # As Anthropic tells it: the input, and one token of output to begin with.
    trace.usage, trace.received_tokens = Usage(800, 1, cached_input_tokens=500), 40
    await trace.record("cancelled", 499)
    event = cast(Any, gateway.log).events[-1]
    assert event.usage == Usage(800, 40, cached_input_tokens=500)
    assert event.usage_estimated


async def test_a_later_price_leaves_history_alone() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply(prompt=1000))})
    early = await exchange_with(gateway)
    dearer = with_card(
        gateway, "small", price={"input_usd_per_mtok": 900.0, "output_usd_per_mtok": 900.0}
    )
    late = await exchange_with(dearer)
    await early.open()
    await late.open()
    first, second = cast(Any, gateway.log).events
    # The first was decided before the price changed, and answered after.
    assert first.cost_usd == pytest.approx(1003 * 0.1e-6)
    assert second.cost_usd == pytest.approx(1003 * 900e-6)
    assert first.bill.priced_by.id != second.bill.priced_by.id
    assert json.loads(first.bill.priced_by.prices)["small"]["input_usd_per_mtok"] == 0.1


async def test_a_machine_by_the_hour_is_charged_for_the_time_it_was_busy() -> None:
    class Working(FakeUpstream):
        async def open(self, call: object) -> FakeReply:
            cast(FakeClock, gateway.clock).advance(5.0)
            return plain_reply()

    gateway = with_card(fake_gateway({"near": Working()}), "small", price=PER_HOUR, power_watts=72)
    event = await answered(gateway)
    assert event.cost_usd == pytest.approx(0.005)
    assert event.bill.footprint is not None
    assert event.bill.footprint.low_wh == pytest.approx(0.1)


async def test_requests_side_by_side_share_what_their_machine_costs() -> None:
    began, go = asyncio.Event(), asyncio.Event()

    class Working(FakeUpstream):
        async def open(self, call: Any) -> FakeReply:
            self.calls.append(call)
            if len(self.calls) == 2:
                began.set()
            await go.wait()
            return plain_reply()

    gateway = with_card(fake_gateway({"near": Working()}), "small", price=PER_HOUR)
    both = [asyncio.ensure_future((await exchange_with(gateway)).open()) for _ in range(2)]
    await began.wait()
    cast(FakeClock, gateway.clock).advance(10.0)
    go.set()
    await asyncio.gather(*both)
    costs = [event.cost_usd for event in cast(Any, gateway.log).events]
    assert costs == pytest.approx([0.005, 0.005])


async def test_a_model_without_a_price_is_never_free() -> None:
    gateway = with_card(fake_gateway({"near": FakeUpstream(plain_reply())}), "small", price=None)
    event = await answered(gateway)
    assert (event.cost_usd, event.unpriced, event.spend_usd) == (None, "no_price", None)


async def test_the_routers_own_calls_are_on_the_bill() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply())})
    exchange = await exchange_with(gateway)
    exchange.trace.own += [
        OwnCall("judge", "large", Usage(10, 1), 0.002),
        OwnCall("shadow", "large", Usage(10, 1), 0.003),
    ]
    await exchange.open()
    event = recorded(gateway)
    assert event.bill.own_usd == pytest.approx(0.005)
    assert nano(event.spend_usd) == nano(0.005) + nano(event.cost_usd)


async def test_lost_prompt_cache_is_that_of_the_model_which_answered() -> None:
    gateway = fake_gateway({"near": FakeUpstream(plain_reply())})
    exchange = await exchange_with(gateway)
    decision = exchange.routed.decision
    candidates = tuple(
        structs.replace(it, switch_cost_usd=0.01 if it.model == "small" else 0.5)
        for it in decision.candidates
    )
    exchange.trace.routed = structs.replace(
        exchange.routed, decision=structs.replace(decision, candidates=candidates)
    )
    await exchange.open()
    assert recorded(gateway).bill.cache_loss_usd == 0.01


async def test_a_control_request_really_goes_to_the_baseline_and_teaches_its_verbosity() -> None:
    upstreams = {
        "near": FakeUpstream(plain_reply(completion=30)),
        "far": FakeUpstream(plain_reply(completion=60)),
    }
    gateway = fake_gateway(upstreams)
    for share in (1.0, 1e-9):
        in_force = replace(gateway.default, policy=policy(control=share))
        drawn = replace(gateway, policies={gateway.default_policy: in_force})
        await (await exchange_with(drawn)).open()
    control, treated = cast(Any, gateway.log).events
    assert (control.model, control.decision.arm, control.propensity) == ("large", "control", 1.0)
    assert (treated.model, treated.decision.arm) == ("small", "treated")
    assert control.baseline_usd == control.cost_usd
    compared = gateway.stats.snapshot().of("small").measured.beside("large")
    assert (compared.control.total, compared.own.total) == (60, 30)
