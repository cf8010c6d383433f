"""What had to stay local is sent to no cloud judge and no cloud shadow, whatever kept it here."""

from typing import Any

import pytest
from msgspec.structs import replace

from router.core.limits import Limits
from tests.fakes.gateway import FixedSignal
from tests.fakes.upstream import streamed_reply
from tests.judging.made import BOTH, JUDGING, MODELS, SMALL_ONLY, World

LOCAL: dict[str, Any] = {"local_only": True}
PRIVATE = {
    "name": "private",
    "when": {"signal": "pii", "is": True},
    "limits": LOCAL,
    "strategy": SMALL_ONLY,
}
HERE = {**PRIVATE, "limits": {}, "candidates": {"location": "local"}}
FREE = {"strategy": SMALL_ONLY}
SHADOWED = {**JUDGING, "shadow": 1.0}
AT_HOME = {**SHADOWED, "model": "home-judge"}
ALL: dict[str, dict[str, Any]] = {
    "the policy's limits": {"limits": LOCAL},
    "the policy's list of models": {"limits": {"allowed_models": ["small", "home-judge"]}},
    "the default's limits": {"default": {**FREE, "limits": LOCAL}},
    "local candidates": {"default": {**FREE, "candidates": {"location": "local"}}},
    "a list of local candidates": {"default": {**FREE, "candidates": ["small", "home-judge"]}},
    "a rule on private data": {"rules": [PRIVATE], "signals": FixedSignal({"pii": True})},
    "a rule that sends it here": {"rules": [HERE], "signals": FixedSignal({"pii": True})},
    "a rule whose signal is missing": {"rules": [PRIVATE], "signals": FixedSignal({})},
    "a rule whose signal failed": {"rules": [PRIVATE], "signals": FixedSignal(OSError("x"))},
    "a route here whose signal failed": {"rules": [HERE], "signals": FixedSignal(OSError("x"))},
    "the caller": {"asked": Limits(local_only=True)},
    "the caller's list of models": {"asked": Limits(allowed_models=("small", "home-judge"))},
}


def world(judging: dict[str, Any], way: dict[str, Any]) -> tuple[World, Limits | None]:
    changes = {name: value for name, value in way.items() if name not in ("signals", "asked")}
    learned = FixedSignal({"complexity": 0.2, "difficulty": 0.0})
    signals = {"learned": learned, "private": way["signals"]} if "signals" in way else None
    return World(judging, signals, **changes), way.get("asked")


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize("way", ALL)
async def test_a_request_bound_local_never_reaches_a_cloud_judge_or_shadow(
    way: str, stream: bool
) -> None:
    it, limits = world(SHADOWED, ALL[way])
    if stream:
        it.near._script = [streamed_reply()]

    results = await it.reviewed(BOTH, limits=limits, stream=stream)

    assert len(it.near.calls) == 1
    assert it.bench.calls == it.far.calls == []
    assert results == [("judge", "not_allowed")]
    assert it.log.reviews == [] and it.counts.calls == []


@pytest.mark.parametrize("way", ALL)
async def test_a_local_judge_judges_it_and_the_cloud_baseline_is_still_not_asked(way: str) -> None:
    it, limits = world(AT_HOME, ALL[way])

    results = await it.reviewed(BOTH, limits=limits)

    assert len(it.home.calls) == 1
    assert it.bench.calls == it.far.calls == []
    assert results == [("shadow", "not_allowed"), ("judge", "judged")]


@pytest.mark.parametrize("signals", [None, FixedSignal({"pii": False})])
async def test_a_request_that_may_leave_reaches_both(signals: FixedSignal | None) -> None:
    """Without which the tests above would prove nothing."""
    way: dict[str, Any] = {} if signals is None else {"rules": [PRIVATE], "signals": signals}
    it, _ = world(SHADOWED, way)

    results = await it.reviewed()

    assert (len(it.bench.calls), len(it.far.calls)) == (2, 1)
    assert results == [("judge", "judged"), ("shadow", "judged")]


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_cost_usd=1e-4),
        Limits(min_quality=0.93),
        Limits.model_validate({"max_latency": "10ms"}),
    ],
    ids=["cost", "quality", "latency"],
)
async def test_every_bound_of_a_request_binds_its_judge(limits: Limits) -> None:
    quick = {"first_token": "1ms", "tokens_per_second": 1e9}
    small = {**MODELS["small"], "quality": 0.95, "latency": quick}
    it = World(SHADOWED, models={**MODELS, "small": small})

    results = await it.reviewed(limits=limits)

    assert len(it.near.calls) == 1 and it.bench.calls == []
    assert results == [("judge", "not_allowed")]


async def test_what_was_decided_to_stay_stays_also_where_the_rules_would_let_it_go_now() -> None:
    """The decision as it was made binds: a plan that finds otherwise is no reason to send it."""
    it, limits = world(SHADOWED, {"asked": Limits(local_only=True)})
    trace = await it.answered(limits=limits)
    free = replace(trace.routed.request, limits=Limits())
    trace.routed = replace(trace.routed, request=free)

    it.reviewer.submit(trace)
    await it.reviewer.drain(5.0)

    assert it.bench.calls == it.far.calls == []
    assert it.counts.results == [("judge", "not_allowed")]


async def test_a_simulated_judge_judges_no_real_answer() -> None:
    """Its scores are made up: among real ones they would pass for judgements."""
    it = World(SHADOWED)
    in_force = it.gateway.default
    object.__setattr__(in_force, "_simulated", {**in_force._simulated, "judge": True})

    assert await it.reviewed() == [("judge", "not_allowed")]
    assert it.bench.calls == []
