"""Tries: what one request may spend in all, and what its calls tell of health."""

import asyncio
from typing import cast

import pytest

from router.errors import (
    CircuitOpen,
    RefusedInStream,
    UpstreamBroken,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from router.exchange import all_recorded
from router.ports import Reply, UpstreamCall
from router.tries import MOST_CALLS, server_ok
from router.upstreams.retrying import Retrying
from tests.fakes.clock import FakeClock
from tests.fakes.exchange import exchange_with, recorded
from tests.fakes.gateway import CATALOG, MemoryLog, fake_gateway
from tests.fakes.upstream import FakeReply, FakeUpstream, plain_reply

DOWN = UpstreamUnreachable("down")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UpstreamUnreachable("x"), False),
        (UpstreamTimeout("x"), False),
        (UpstreamRefused("x", 503), False),
        (RefusedInStream("x", 502), False),
        (UpstreamRefused("x", 500), None),
        (UpstreamBroken("x"), None),
        (UpstreamRefused("x", 429), True),
        (UpstreamRefused("x", 404), True),
    ],
)
def test_a_fault_of_one_model_is_not_put_down_to_its_server(
    error: UpstreamError, told: bool | None
) -> None:
    assert server_ok(error) is told


async def no_wait(seconds: float) -> None:
    pass


def retried(*script: FakeReply | BaseException, retries: int = 1) -> tuple[FakeUpstream, Retrying]:
    inner = FakeUpstream(*script)
    return inner, Retrying(inner, retries, 600.0, sleep=no_wait)


async def test_every_call_is_an_attempt_in_its_order() -> None:
    _, near = retried(DOWN)
    _, far = retried(FakeReply([b"{}"], 503), plain_reply())
    gateway = fake_gateway({"near": near, "far": far})

    await (await exchange_with(gateway)).open()

    row = recorded(gateway)
    assert [(one.model, one.status, one.error) for one in row.attempts] == [
        ("small", None, "UpstreamUnreachable"),
        ("small", None, "UpstreamUnreachable"),
        ("large", 503, "UpstreamRefused"),
        ("large", 200, None),
    ]
    assert (row.model, row.fallbacks, row.outcome) == ("large", 1, "ok")


async def test_a_wait_between_calls_is_no_work_of_ours_and_no_part_of_a_call() -> None:
    clock: FakeClock

    async def wait(seconds: float) -> None:
        clock.advance(3.0)

    inner = FakeUpstream(FakeReply([b"{}"], 503), plain_reply())
    far = Retrying(inner, 1, 600.0, sleep=wait)
    gateway = fake_gateway({"near": FakeUpstream(DOWN), "far": far})
    clock = cast(FakeClock, gateway.clock)

    await (await exchange_with(gateway)).open()

    row = recorded(gateway)
    assert [one.seconds for one in row.attempts] == [0.0, 0.0, 0.0]
    assert row.timings.overhead_s == 0.0
    assert row.timings.total_s == 3.0


async def test_who_leaves_while_the_next_call_waits_has_made_one_call() -> None:
    begun = asyncio.Event()

    async def wait(seconds: float) -> None:
        begun.set()
        await asyncio.Event().wait()

    far = Retrying(FakeUpstream(FakeReply([b"{}"], 503)), 1, 600.0, sleep=wait)
    gateway = fake_gateway({"near": FakeUpstream(FakeReply([b"{}"], 500)), "far": far})
    asking = asyncio.create_task((await exchange_with(gateway)).open())
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await all_recorded()

    row = recorded(gateway)
    assert [(one.model, one.status) for one in row.attempts] == [("small", 500), ("large", 503)]
    assert (row.outcome, row.status) == ("cancelled", 499)


async def test_no_candidate_is_asked_after_the_requests_time() -> None:
    clock: FakeClock

    class Late(FakeUpstream):
        async def open(self, call: UpstreamCall) -> FakeReply:
            clock.advance(600.0)
            raise UpstreamTimeout("late")

    far = FakeUpstream()
    gateway = fake_gateway({"near": Late(), "far": far})
    clock = cast(FakeClock, gateway.clock)

    with pytest.raises(UpstreamTimeout):
        await (await exchange_with(gateway)).open()
    assert far.calls == []


async def test_a_request_makes_six_calls_at_most_however_many_candidates_it_has() -> None:
    models = {f"m{n}": {**CATALOG["models"]["small"]} for n in range(9)}
    inner, near = retried(DOWN)
    gateway = fake_gateway({"near": near}, catalog_data={**CATALOG, "models": models})
    object.__setattr__(gateway.default.policy, "baseline", None)

    with pytest.raises(UpstreamUnreachable):
        await (await exchange_with(gateway)).open()
    assert len(inner.calls) == MOST_CALLS
    assert len(recorded(gateway).attempts) == MOST_CALLS


class Refusing:
    """Satisfies router.ports.Upstream: calls nobody."""

    async def open(self, call: UpstreamCall) -> Reply:
        raise CircuitOpen(10.0)

    async def close(self) -> None:
        pass


async def test_whom_nobody_called_is_no_attempt_and_hides_no_real_failure() -> None:
    refusal = FakeReply([b'{"error": {"message": "slow down"}}'], 429)
    gateway = fake_gateway({"near": FakeUpstream(refusal), "far": Refusing()})
    with pytest.raises(UpstreamRefused):
        await (await exchange_with(gateway)).open()
    assert len(recorded(gateway).attempts) == 1

    gateway = fake_gateway({"near": Refusing(), "far": Refusing()})
    with pytest.raises(CircuitOpen):
        await (await exchange_with(gateway)).open()
    (row,) = cast(MemoryLog, gateway.log).events
    assert (row.attempts, row.outcome, row.status) == ((), "unavailable", 503)
