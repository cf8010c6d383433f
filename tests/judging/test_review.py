"""One review: who is asked what, what is booked, and what is folded into the statistics."""

import asyncio
import json
from typing import Any

import pytest

from router.core.bill import OwnCall
from router.core.cost import Usage
from router.core.judging import Lot
from router.core.review import Review, ShadowAnswer
from router.errors import UpstreamBroken, UpstreamTimeout, UpstreamUnreachable
from router.judging import asking
from router.judging.asking import MOST_BYTES
from router.ports import UpstreamCall
from tests.fakes.upstream import FakeReply, FakeUpstream, plain_reply, streamed_reply
from tests.judging.made import BOTH, JUDGING, MODELS, World, scored

ALONE = Lot(shadow=False)
JUDGED = [("judge", "judged")]
SHADOWED = [*JUDGED, ("shadow", "judged")]


def asked_of(upstream: FakeUpstream, at: int = 0) -> str:
    """All that a judge was shown."""
    body: Any = upstream.bodies[at]
    return "\n".join(message["content"] for message in body["messages"])


async def test_an_answer_is_judged_and_booked_at_the_prices_of_its_time() -> None:
    it = World()

    results = await it.reviewed(ALONE)

    usage = Usage(input_tokens=400, output_tokens=6)
    cost = (400 * 1.0 + 6 * 4.0) / 1e6
    call = OwnCall("judge", "judge", usage, cost)
    assert results == JUDGED and it.far.calls == []
    assert it.log.reviews == [Review("dec_1", it.gateway.clock.now(), (call,), 0.7)]
    assert it.counts.calls == [call]


async def test_the_judge_is_told_what_was_asked_and_answered_and_nobody_s_name() -> None:
    it = World()

    await it.reviewed(ALONE)

    told = asked_of(it.bench)
    (body,) = it.bench.bodies
    assert "2 + 2?" in told and "Four." in told
    assert body["model"] == "judge" and body["temperature"] == 0
    assert "response_format" in body and "stream" not in body
    for name in ("small", "small:3b", "large", "near", "default", "routed", "dec_1"):
        assert name not in told


async def test_a_judge_that_cannot_be_held_to_a_form_is_asked_without_it() -> None:
    it = World({**JUDGING, "model": "home-judge"})

    assert await it.reviewed(ALONE) == JUDGED
    assert "response_format" not in it.home.bodies[0]


async def test_a_shadow_is_asked_the_same_and_judged_alike_and_alone() -> None:
    it = World()
    it.bench._script = [scored(4), scored(9)]

    results = await it.reviewed(BOTH)

    (review,) = it.log.reviews
    assert results == SHADOWED
    assert it.far.bodies[0]["messages"] == it.near.bodies[0]["messages"]
    assert review.score == pytest.approx(0.4)
    assert review.shadow == ShadowAnswer("large", 0.9, 3)
    assert [call.purpose for call in review.calls] == ["judge", "shadow", "judge"]
    assert "Four." in asked_of(it.bench) and "4!" not in asked_of(it.bench)
    assert "4!" in asked_of(it.bench, 1) and "Four." not in asked_of(it.bench, 1)


async def test_a_streamed_answer_and_its_streamed_shadow_are_judged() -> None:
    it = World()
    it.near._script, it.far._script = [streamed_reply()], [streamed_reply()]

    assert await it.reviewed(BOTH, stream=True) == SHADOWED

    assert "Hello" in asked_of(it.bench) and "Hello" in asked_of(it.bench, 1)
    assert it.log.reviews[0].shadow == ShadowAnswer("large", 0.7, 2)


async def test_the_baseline_has_no_shadow() -> None:
    best = {"strategy": {"kind": "best_quality"}}
    it = World(default=best)

    assert await it.reviewed(BOTH) == JUDGED
    assert len(it.far.calls) == 1 and it.near.calls == []


@pytest.mark.parametrize(
    "failure",
    [
        UpstreamUnreachable("no connection"),
        UpstreamTimeout("no answer"),
        FakeReply([b"{}"], 429),
        FakeReply([b"{}"], 500),
        FakeReply([b"{}"], 401),
    ],
    ids=lambda told: str(getattr(told, "status", type(told).__name__)),
)
async def test_a_judge_that_refuses_or_cannot_be_reached_costs_nothing(failure: Any) -> None:
    it = World()
    it.bench._script = [failure]

    assert await it.reviewed(BOTH) == [("judge", "failed")]

    assert len(it.bench.calls) == 1 and it.far.calls == []
    assert it.log.reviews == [] and it.counts.calls == []


@pytest.mark.parametrize(
    "broken",
    [FakeReply([b"<html>"]), FakeReply([b'{"id'], then=UpstreamBroken("cut"))],
    ids=["page", "cut"],
)
async def test_a_judge_that_breaks_off_is_paid_for_as_far_as_is_known(broken: FakeReply) -> None:
    it = World()
    it.bench._script = [broken]

    assert await it.reviewed(BOTH) == [("judge", "failed")]

    (review,) = it.log.reviews
    (call,) = review.calls
    assert review.score is None and review.shadow is None and broken.closed
    assert call.usage is not None and call.usage.input_tokens > 400
    assert call.usage.output_tokens == 0 and call.cost_usd


@pytest.mark.parametrize("told", ["I will not judge.", '{"score": 12}', ""])
async def test_what_cannot_be_understood_is_paid_for_and_says_nothing(told: str) -> None:
    it = World()
    it.bench._script = [plain_reply(told)]

    assert await it.reviewed(BOTH) == [("judge", "not_understood")]

    (review,) = it.log.reviews
    assert review.score is None and review.calls[0].cost_usd and it.far.calls == []


async def test_a_shadow_that_cannot_be_judged_leaves_the_score_of_the_answer() -> None:
    it = World()
    it.bench._script = [scored(6), plain_reply("No.")]

    assert await it.reviewed(BOTH) == [*JUDGED, ("shadow", "not_understood")]

    (review,) = it.log.reviews
    assert (review.score, review.shadow, len(review.calls)) == (0.6, None, 3)


async def test_a_judge_that_hangs_is_given_up_and_what_it_may_charge_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hanging(FakeUpstream):
        async def open(self, call: UpstreamCall) -> FakeReply:
            await asyncio.sleep(3600)
            raise AssertionError

    monkeypatch.setattr(asking, "DEADLINE_S", 0.01)
    it = World(upstreams={"bench": Hanging()})

    assert await it.reviewed(BOTH) == [("judge", "failed")]

    assert it.log.reviews[0].calls == (OwnCall("judge", "judge", None, None),)
    assert it.gateway.stats.in_flight() == {"small": 0, "judge": 0}


async def test_a_shadow_without_an_end_is_left_and_booked() -> None:
    it = World()
    it.far._script = [FakeReply([b" " * MOST_BYTES, b" "])]

    assert await it.reviewed(BOTH) == [*JUDGED, ("shadow", "failed")]

    assert [call.purpose for call in it.log.reviews[0].calls] == ["judge", "shadow"]


async def test_a_call_without_a_price_is_told_as_that() -> None:
    judge = {name: it for name, it in MODELS["judge"].items() if name != "price"}
    it = World(models={**MODELS, "judge": judge})

    assert await it.reviewed(ALONE) == JUDGED

    (call,) = it.log.reviews[0].calls
    assert (call.cost_usd, call.usage) == (None, Usage(400, 6))


async def test_a_judge_that_is_paid_by_the_hour_costs_its_time() -> None:
    class Slow(FakeUpstream):
        async def open(self, call: UpstreamCall) -> FakeReply:
            it.gateway.clock.advance(7.2)  # type: ignore[attr-defined]
            return await super().open(call)

    judge = {**MODELS["judge"], "price": {"usd_per_hour": 2.0}}
    it = World(upstreams={"bench": Slow(scored())}, models={**MODELS, "judge": judge})

    await it.reviewed(ALONE)

    assert it.log.reviews[0].calls[0].cost_usd == pytest.approx(2.0 * 7.2 / 3600)


async def test_what_a_judge_does_not_count_is_estimated() -> None:
    body = {"choices": [{"message": {"content": '{"score": 5}'}, "finish_reason": "stop"}]}
    it = World()
    it.bench._script = [FakeReply([json.dumps(body).encode()])]

    assert await it.reviewed(ALONE) == JUDGED

    usage = it.log.reviews[0].calls[0].usage
    assert usage is not None and usage.input_tokens > 400 and usage.output_tokens == 3


async def test_what_a_judge_does_says_nothing_of_how_it_answers_callers() -> None:
    it = World()
    before = it.gateway.stats.snapshot().of("judge")

    await it.reviewed(ALONE)

    assert it.gateway.stats.snapshot().of("judge") == before


async def test_a_pair_of_lengths_is_compared_where_no_control_arm_is() -> None:
    it = World()
    it.near._script, it.far._script = [plain_reply(completion=40)], [plain_reply(completion=90)]

    await it.reviewed(BOTH)

    compared = it.gateway.stats.snapshot().of("small").measured.beside("large")
    assert (compared.own.n, compared.own.total) == (1, 40)
    assert (compared.control.n, compared.control.total) == (1, 90)


@pytest.mark.parametrize("changes", [{"control": 0.1}, {"explore": 1.0}], ids=str)
async def test_lengths_of_another_kind_are_left_alone(changes: dict[str, Any]) -> None:
    it = World(**changes)
    trace = await it.answered()
    before = it.gateway.stats.snapshot().of("small").measured

    it.reviewer.submit(trace)
    await it.reviewer.drain(5.0)

    assert it.gateway.stats.snapshot().of("small").measured == before


@pytest.mark.parametrize(
    ("tool", "asked"),
    [({"type": "function", "function": {"name": "f"}}, 1), ({"type": "web_search"}, 0)],
    ids=["ours", "theirs"],
)
async def test_a_tool_that_the_provider_runs_is_not_run_twice(
    tool: dict[str, Any], asked: int
) -> None:
    it = World()

    results = await it.reviewed(BOTH, tools=[tool])

    assert len(it.far.calls) == asked
    assert results[0 if not asked else 1] == ("shadow", "judged" if asked else "not_allowed")


async def test_a_tool_call_is_shown_to_the_judge_with_the_tools_that_there_were() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "add", "arguments": '{"a": 2}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}]}
    it = World()
    it.near._script = [FakeReply([json.dumps(body).encode()])]
    tools = [{"type": "function", "function": {"name": "add", "description": "adds"}}]

    assert await it.reviewed(ALONE, tools=tools) == JUDGED

    told = asked_of(it.bench)
    assert '{"tool_call": "add", "arguments": {"a": 2}}' in told and '"adds"' in told
