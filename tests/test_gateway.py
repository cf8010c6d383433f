"""Gateway: signals, decision and draw for one request."""

from typing import Any

import pytest

from router.core.request import RoutedRequest, Turn
from router.core.session import Held
from router.errors import UnknownModel, UnknownPolicy
from router.gateway import draw_of
from tests.fakes.gateway import FixedSignal, fake_gateway, policy
from tests.fakes.upstream import FakeUpstream

RULE = {
    "name": "hard",
    "when": {"signal": "complexity", "at_least": 0.5},
    "strategy": {"kind": "best_quality"},
}


def asking(model: str) -> RoutedRequest:
    return RoutedRequest(model, (Turn("user", "Hello"),))


async def test_auto_is_decided_by_the_default_policy() -> None:
    gateway = fake_gateway({"near": FakeUpstream(), "far": FakeUpstream()})

    routed = await gateway.route(asking("auto"), "dec_1")

    assert routed.decision.models == ("small", "large")
    assert routed.in_force.name_at_version == "default@1a2b3c4d"


async def test_auto_colon_policy_is_decided_by_that_policy() -> None:
    best = policy(name="best", default={"strategy": {"kind": "best_quality"}})
    gateway = fake_gateway({}, policies=(policy(), best))

    routed = await gateway.route(asking("auto:best"), "dec_1")

    assert routed.decision.policy == "best"
    assert routed.decision.models[0] == "large"


async def test_a_named_model_is_not_routed() -> None:
    routed = await fake_gateway({}).route(asking("large"), "dec_1")

    assert (routed.decision.strategy, routed.decision.models) == ("named", ("large",))


async def test_an_unknown_model_and_an_unknown_policy_are_told_apart() -> None:
    gateway = fake_gateway({})

    with pytest.raises(UnknownModel):
        await gateway.route(asking("gpt-9"), "dec_1")
    with pytest.raises(UnknownPolicy):
        await gateway.route(asking("auto:nope"), "dec_1")


async def test_a_signal_that_fails_costs_nobody_an_answer_and_the_default_rule_decides() -> None:
    signals = {"learned": FixedSignal(TimeoutError()), "size": FixedSignal({"tokens": 5.0})}
    gateway = fake_gateway({}, signals, (policy(rules=[RULE]),))

    routed = await gateway.route(asking("auto"), "dec_1")

    assert routed.failed_signals == {"learned": "TimeoutError"}
    assert routed.signals == {"tokens": 5.0}
    assert routed.decision.rule == "default"
    assert routed.decision.unknown_rules == ("hard",)
    assert routed.decision.confidence == 0.0


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
async def test_a_number_that_is_none_counts_as_not_known(number: float) -> None:
    signals = {"learned": FixedSignal({"complexity": number, "task": "chat"})}

    routed = await fake_gateway({}, signals).route(asking("auto"), "dec_1")

    assert routed.signals == {"task": "chat"}


def test_a_draw_belongs_to_its_decision_and_draws_are_uniform() -> None:
    draws = [draw_of(f"dec_{i}") for i in range(4000)]

    assert draws == [draw_of(f"dec_{i}") for i in range(4000)]
    assert all(0 <= draw < 1 for draw in draws)
    # Binomial(4000, 0.1): 400 with a standard deviation of 19.
    assert 310 < sum(draw < 0.1 for draw in draws) < 490


def talking(**fields: Any) -> RoutedRequest:
    """A request that goes on with a conversation."""
    turns = (Turn("user", "Hi"), Turn("assistant", "Hello."), Turn("user", "Go on"))
    return RoutedRequest("auto", turns, **{"conversation": "c", **fields})


async def test_a_conversation_keeps_the_draw_of_its_first_request() -> None:
    gateway = fake_gateway({})
    fresh = await gateway.route(talking(), "d1")
    assert (fresh.draw, fresh.request.held) == (draw_of("d1"), None)

    await gateway.sessions.hold("c", Held("large", 5, draw=0.25))

    assert (await gateway.route(talking(), "d2")).draw == 0.25


async def test_a_first_request_draws_anew_however_often_it_is_sent() -> None:
    gateway = fake_gateway({})
    await gateway.sessions.hold("c", Held("large", 5, draw=0.25))
    first = RoutedRequest("auto", (Turn("user", "Hi"),), conversation="c")

    routed = await gateway.route(first, "d1")

    assert (routed.draw, routed.request.held) == (draw_of("d1"), None)


async def test_where_nothing_sticks_every_request_draws_for_itself() -> None:
    gateway = fake_gateway({}, policies=(policy(sessions={"stick": "off"}),))
    await gateway.sessions.hold("c", Held("large", 5, draw=0.25))

    assert (await gateway.route(talking(), "d1")).draw == draw_of("d1")


async def test_what_a_request_brings_along_is_not_looked_up() -> None:
    gateway = fake_gateway({})
    await gateway.sessions.hold("c", Held("large", 5, draw=0.25))

    routed = await gateway.route(talking(held=Held("small")), "d1")

    assert routed.request.held == Held("small")
