"""Whether a conversation stays with its model, and what a change is charged: by hand."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.circuit import Circuit
from router.core.decide import STAYED, decide
from router.core.decision import Decision
from router.core.policy import Policy
from router.core.request import RoutedRequest, Turn
from router.core.session import ANSWER, Held, Sessions, State
from router.core.stats import ModelStats, StatsSnapshot
from router.core.stickiness import cache_loss, cached_prefix
from tests.core.drawn import HELD, SESSIONS, World, worlds
from tests.core.made import NO_STATS, card, catalog, policy, rule

LARGE_PRICE = {
    "input_usd_per_mtok": 10,
    "output_usd_per_mtok": 10,
    "cached_input_usd_per_mtok": 1,
}
MODELS = catalog(
    small=card(
        quality=0.6,
        price={"input_usd_per_mtok": 2, "output_usd_per_mtok": 10},
        context_window=200_000,
    ),
    large=card(quality=0.9, price=LARGE_PRICE, location="cloud", context_window=200_000),
    free=card(quality=0.55, context_window=200_000, price={"usd_per_hour": 1}),
)
CHEAP = {"kind": "cheapest_good_enough", "min_quality": 0.58}
HARD = rule("hard", {"signal": "complexity", "at_least": 0.5}, candidates=["large"])
EASY = {"complexity": 0.1, "difficulty": 0.0}
ASKED = Turn("user", "What is the weather in Oslo?")
CALLED = Turn("assistant", "", tool_calls=1)
RESULT = Turn("tool", "4 degrees")
GIVEN = Turn("user", "", tokens=100_000 - 4 * 3)
"""Of a known length: with the three turns' own four tokens each, 100,000."""


def sticking(*rules: Any, **sessions: Any) -> Policy:
    return policy(*rules, default={"strategy": CHEAP}, sessions=sessions)


def decided(
    by: Policy, *turns: Turn, held: Held | None, signals: Any = EASY, **fields: Any
) -> Decision:
    request = RoutedRequest(**{"model": "auto", "turns": turns, "held": held, **fields})
    return decide(request, signals, by, MODELS, NO_STATS, draw=0.99)


# In a tool loop


@pytest.mark.parametrize("stick", ["tool_loops", "cost", "always"])
@pytest.mark.parametrize(
    "after",
    [
        (CALLED, RESULT),
        (CALLED, RESULT, RESULT),
        (CALLED, RESULT, Turn("user", "and be brief")),
        (Turn("assistant", ""), Turn("function", "4")),
        (RESULT,),
    ],
)
def test_a_tool_loop_stays_with_the_model_that_made_the_calls(
    stick: str, after: tuple[Turn, ...]
) -> None:
    decision = decided(sticking(HARD, stick=stick), ASKED, *after, held=Held("large", idle_s=900))

    assert (decision.models[0], decision.strategy) == ("large", STAYED)
    assert decision.reason == "the request answers tool calls of this model"
    assert decision.propensities["large"] == 1.0
    assert sum(decision.propensities.values()) == 1.0


def test_it_stays_also_where_a_rule_picks_others_for_the_turn() -> None:
    hard = {**EASY, "complexity": 0.9}
    decision = decided(sticking(HARD), ASKED, CALLED, RESULT, held=Held("small"), signals=hard)

    assert (decision.models, decision.rule) == (("small", "large"), "hard")


def test_once_the_model_has_spoken_the_loop_is_over() -> None:
    turns = (ASKED, CALLED, RESULT, Turn("assistant", "4 degrees."), Turn("user", "Prove it."))
    decision = decided(sticking(HARD), *turns, held=Held("large"))

    assert (decision.models[0], decision.strategy) == ("small", "cheapest_good_enough")


def test_what_must_stay_here_leaves_the_loops_model_and_says_so() -> None:
    private = rule("private", {"signal": "pii", "is": True}, limits={"local_only": True})
    decision = decided(
        sticking(private), ASKED, CALLED, RESULT, held=Held("large"), signals={**EASY, "pii": True}
    )

    assert "large" not in decision.models
    assert decision.strategy == "best_quality"
    assert decision.reason.startswith(
        "the conversation leaves its model (must_stay_local): highest predicted quality"
    )


def test_a_model_out_of_order_leaves_the_loop_to_others() -> None:
    stats = StatsSnapshot(0.0, {"large": ModelStats(circuit=Circuit(5, open_until=9.0))})
    request = RoutedRequest("auto", (ASKED, CALLED, RESULT), held=Held("large"))
    decision = decide(request, EASY, sticking(), MODELS, stats, 0.99)

    assert "large" not in decision.models
    assert "(unhealthy)" in decision.reason


def test_a_model_that_is_gone_leaves_the_loop_to_others() -> None:
    decision = decided(sticking(), ASKED, CALLED, RESULT, held=Held("gone"))

    assert "(no longer to be chosen)" in decision.reason


def test_an_upstream_that_keeps_the_conversation_keeps_it() -> None:
    state = State(ANSWER, "resp_1")
    for by in (sticking(), sticking(stick="off")):
        decision = decided(by, Turn("user", "go on"), held=Held("large"), state=state)

        assert (decision.models[0], decision.strategy) == ("large", STAYED)


@pytest.mark.parametrize("model", ["auto", "small"])
def test_nothing_sticks_where_the_policy_says_off_or_the_caller_names_the_model(
    model: str,
) -> None:
    by = sticking(stick="off" if model == "auto" else "always")
    decision = decided(by, GIVEN, CALLED, RESULT, held=Held("large", 99_000), model=model)

    assert decision.models[0] == "small"
    assert {it.switch_cost_usd for it in decision.candidates} == {0.0}


# At any other turn


def test_always_keeps_the_model_whatever_rule_holds() -> None:
    hard = {**EASY, "complexity": 0.9}
    decision = decided(
        sticking(HARD, stick="always"), ASKED, held=Held("small", idle_s=3000), signals=hard
    )

    assert (decision.models[0], decision.strategy) == ("small", STAYED)


def test_short_of_always_a_hard_turn_gets_the_models_that_its_rule_picks() -> None:
    hard = {**EASY, "complexity": 0.9}
    decision = decided(sticking(HARD), GIVEN, held=Held("small", 99_000), signals=hard)

    assert decision.models == ("large",)


def test_a_change_is_charged_what_is_cached_at_full_less_cached_price() -> None:
    turns = (GIVEN, Turn("assistant", ""), Turn("user", ""))
    decision = decided(sticking(), *turns, held=Held("large", 80_000))

    lost = {it.model: it.switch_cost_usd for it in decision.candidates}
    # 80,000 tokens at 10 - 1 US dollars a million.
    assert lost == {"large": 0.0, "small": pytest.approx(0.72), "free": pytest.approx(0.72)}
    costs = {it.model: it.cost_usd for it in decision.candidates}
    # 100,000 tokens read at 10 and at 2, 300 written at 10 by both.
    assert costs["large"] == pytest.approx(1.003)
    assert costs["small"] == pytest.approx(0.203)


@pytest.mark.parametrize(
    ("cached", "first"),
    # Small saves 0.80 on 100,000 tokens: from 0.80 / 9 million on the cache is worth more.
    [(88_000, "small"), (89_000, "large")],
)
def test_it_changes_once_the_saving_outweighs_the_loss(cached: int, first: str) -> None:
    turns = (GIVEN, Turn("assistant", ""), Turn("user", ""))
    strategies: list[Any] = [CHEAP, {"kind": "threshold", "complexity": 0.5}]
    for strategy in strategies:
        by = policy(default={"strategy": strategy, "candidates": ["small", "large"]})
        decision = decided(by, *turns, held=Held("large", cached))
        assert decision.models[0] == first


def test_a_weighted_sum_counts_the_loss_as_cost() -> None:
    weighted = {"kind": "weighted", "quality": 0.1, "cost": 0.9}
    by = policy(default={"strategy": weighted, "candidates": ["small", "large"]})
    turns = (GIVEN, Turn("assistant", ""), Turn("user", ""))

    assert decided(by, *turns, held=Held("large", 80_000)).models[0] == "small"
    assert decided(by, *turns, held=Held("large", 95_000)).models[0] == "large"


LOSING = Held("large", 50_000, idle_s=299)


@pytest.mark.parametrize(
    ("held", "sessions"),
    [
        (None, {}),
        (LOSING, {"stick": "off"}),
        (LOSING, {"stick": "tool_loops"}),
        (replace(LOSING, idle_s=301), {}),
        (LOSING, {"cache_lifetime": "200s"}),
        (replace(LOSING, tokens=1023), {}),
        (LOSING, {"min_cached_tokens": 50_001}),
        (replace(LOSING, model="small"), {}),
        (replace(LOSING, model="free"), {}),
        (replace(LOSING, model="gone"), {}),
    ],
)
def test_nothing_is_lost_where_nothing_is_cached_or_no_such_price_is_known(
    held: Held | None, sessions: Any
) -> None:
    request = RoutedRequest("auto", (GIVEN,), held=held)

    assert cache_loss(request, sticking(**sessions).sessions, MODELS) == 0.0


def test_no_more_is_lost_than_the_request_has() -> None:
    request = RoutedRequest("auto", (Turn("user", "", tokens=1996),), held=Held("large", 50_000))

    assert cache_loss(request, Sessions(), MODELS) == pytest.approx(2_000 * 9e-6)


@pytest.mark.parametrize(
    ("held", "cached", "expected"),
    [
        (None, 0, 9_000),
        (Held("small", 5_000), 0, 9_000),
        (Held("large", 5_000), 4_800, 9_000),
        (Held("large", 5_000), 0, 0),
        (Held("large", 5_000), None, 9_000),
        (Held("large", 0), None, 0),
        (Held("large", 0), 4_800, 9_000),
    ],
)
def test_a_provider_caches_what_it_read_unless_it_says_that_it_found_nothing(
    held: Held | None, cached: int | None, expected: int
) -> None:
    assert cached_prefix(held, "large", 9_000, cached) == expected


# In any world

HELD_WORLDS = st.builds(
    lambda world, held, sessions: world.but(
        request=replace(world.request, held=held),
        policy=world.policy.model_copy(update={"sessions": sessions}),
    ),
    worlds(min_models=2),
    HELD,
    SESSIONS,
)


@settings(max_examples=60)
@given(HELD_WORLDS)
def test_staying_never_makes_a_candidate_of_what_may_not_or_cannot_serve(world: World) -> None:
    held = world.request.held
    assert held is not None
    decision = world.decide()
    everyone = world.policy.model_copy(
        update={
            "rules": tuple(r.model_copy(update={"candidates": "all"}) for r in world.policy.rules),
            "default": world.policy.default.model_copy(update={"candidates": "all"}),
        }
    )
    free = world.but(policy=world.policy, request=replace(world.request, held=None)).decide()

    assert set(free.models) <= set(decision.models) <= {*free.models, held.model}
    if not any(route.keeps_local for route in world.policy.routes):
        assert set(decision.models) <= set(world.but(policy=everyone).decide().models)


@settings(max_examples=60)
@given(HELD_WORLDS)
def test_who_stays_comes_first_for_sure_and_who_is_charged_is_another(world: World) -> None:
    held, decision = world.request.held, world.decide()
    assert held is not None
    if decision.strategy == STAYED:
        assert decision.models[0] == held.model
        assert decision.propensities[held.model] == 1.0
        assert not decision.explored
    for it in decision.candidates:
        assert it.switch_cost_usd >= 0
        assert it.model != held.model or it.switch_cost_usd == 0
    assert decision.reason.isascii()


@settings(max_examples=60)
@given(HELD_WORLDS)
def test_off_decides_as_if_nothing_were_held(world: World) -> None:
    off = world.policy.model_copy(update={"sessions": Sessions(stick="off")})
    forgotten = replace(world.request, held=None)

    assert world.but(policy=off).decide() == world.but(policy=off, request=forgotten).decide()
