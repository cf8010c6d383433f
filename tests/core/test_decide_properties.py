"""Properties of `decide`, over any world that Hypothesis can think of."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.conditions import holds
from router.core.decide import DEFAULT_RULE, NAMED
from router.core.decision import Decision
from router.core.limits import Limits
from router.core.policy import Candidates, Comparison, Condition, Policy, Route, Rule, Selector
from tests.core.drawn import COMPARISONS, LIMITS, World, conditions_of, worlds
from tests.core.made import UNSEEN


def route_in_force(world: World, decision: Decision) -> Route:
    """Found by the name that the decision gives, not by matching again."""
    named = {rule.name: rule for rule in world.policy.rules}
    return world.policy.default if decision.rule == DEFAULT_RULE else named[decision.rule]


def stays_local(world: World, decision: Decision) -> bool:
    if world.policy.limits.local_only or world.request.limits.local_only:
        return True
    unknown = [r for r in world.policy.rules if r.name in decision.unknown_rules]
    return any(
        route.limits.local_only
        or (isinstance(route.candidates, Selector) and route.candidates.location == "local")
        for route in (route_in_force(world, decision), *unknown)
    )


def cannot_serve(world: World, model: str) -> list[str]:
    """What stands against a model, told from the facts alone and without the gate."""
    card, request = world.catalog.models[model], world.request
    has = set(card.capabilities or ())
    asked = request.max_output_tokens or 0
    stats = world.stats.models.get(model, UNSEEN)
    against = {
        "tools": request.tools > 0 and "tools" not in has,
        "json_schema": request.json_schema and "json_schema" not in has,
        "vision": any(turn.images for turn in request.turns) and "vision" not in has,
        "audio": any(turn.audio for turn in request.turns) and "audio" not in has,
        "files": any(turn.files for turn in request.turns) and "files" not in has,
        "window": request.input_tokens + asked > (card.context_window or 8192),
        "output": card.max_output_tokens is not None and asked > card.max_output_tokens,
        "health": stats.circuit.open_until > world.stats.now,
    }
    return [what for what, stands in against.items() if stands]


@given(worlds(min_models=2))
def test_a_model_that_cannot_serve_is_never_a_candidate(world: World) -> None:
    assert {model: cannot_serve(world, model) for model in world.decide().models} == {
        model: [] for model in world.decide().models
    }


@given(worlds(min_models=2))
def test_every_limit_binds_every_candidate(world: World) -> None:
    decision = world.decide()
    route = route_in_force(world, decision)

    for limits in (world.policy.limits, route.limits, world.request.limits):
        for candidate in decision.candidates:
            if limits.allowed_models is not None:
                assert candidate.model in limits.allowed_models
            if limits.max_cost_usd is not None:
                assert candidate.cost_usd is not None
                assert candidate.cost_usd <= limits.max_cost_usd
            if limits.min_quality is not None:
                assert candidate.quality >= limits.min_quality
            if limits.max_latency is not None:
                assert candidate.latency_s <= limits.max_latency


@given(worlds())
def test_every_model_is_a_candidate_or_rejected_with_a_reason(world: World) -> None:
    decision = world.decide()

    told = [*decision.models, *(rejection.model for rejection in decision.rejected)]
    assert sorted(told) == sorted(world.catalog.models)
    assert all(rejection.detail for rejection in decision.rejected)


@given(worlds())
def test_the_same_world_has_the_same_decision(world: World) -> None:
    models = dict(reversed(list(world.catalog.models.items())))
    mirrored = world.but(catalog=world.catalog.model_copy(update={"models": models}))

    assert world.decide() == world.decide()
    assert mirrored.decide().candidates == world.decide().candidates


@given(worlds(min_models=2))
def test_what_must_stay_local_never_yields_a_cloud_model(world: World) -> None:
    decision = world.decide()

    if stays_local(world, decision):
        cards = world.catalog.models
        assert {cards[model].location for model in decision.models} <= {"local"}


KEPT_LOCAL: list[tuple[Candidates, Limits]] = [
    ("all", Limits(local_only=True)),
    (Selector(location="local"), Limits()),
]
"""Both ways to write that requests of a rule stay here."""


@pytest.mark.parametrize(("candidates", "limits"), KEPT_LOCAL)
@given(world=worlds(min_models=2), other=conditions_of(COMPARISONS), data=st.data())
def test_losing_signals_never_opens_the_cloud_to_what_a_rule_kept_local(
    candidates: Candidates,
    limits: Limits,
    world: World,
    other: Condition | Comparison,
    data: st.DataObject,
) -> None:
    private = Comparison.model_validate({"signal": "private_data", "is": True})
    private_or_more = Condition.model_validate({"any": (other, private)})
    keeping = Rule(
        name="keeping",
        when=private_or_more,
        strategy=world.policy.default.strategy,
        candidates=candidates,
        limits=limits,
    )
    policy = Policy(name="test", rules=(keeping,), default=world.policy.default)
    signals = {**world.signals, "private_data": True}
    lost = data.draw(st.sets(st.sampled_from(sorted(signals))))
    left = {name: value for name, value in signals.items() if name not in lost}
    model = data.draw(st.sampled_from(("auto", *world.catalog.models)))

    request = replace(world.request, model=model)
    decision = world.but(policy=policy, signals=left, request=request).decide()

    assert {candidate.location for candidate in decision.candidates} <= {"local"}


@given(worlds(min_models=2), LIMITS)
def test_limits_of_the_request_only_take_candidates_away(world: World, limits: Limits) -> None:
    free = world.but(request=replace(world.request, limits=Limits()))
    bound = world.but(request=replace(world.request, limits=limits))

    assert set(bound.decide().models) <= set(free.decide().models)


@given(worlds(min_models=2))
def test_the_rule_is_the_first_that_holds_and_no_unknown_one_is_forgotten(world: World) -> None:
    decision = world.decide()

    rules = (world.policy if world.request.is_routed else world.policy.binding).rules
    verdicts = {rule.name: holds(rule.when, world.signals) for rule in rules}
    held = [name for name, verdict in verdicts.items() if verdict]
    assert decision.rule == (held[0] if held else DEFAULT_RULE)
    before = list(verdicts)[: list(verdicts).index(held[0])] if held else list(verdicts)
    assert decision.unknown_rules == tuple(name for name in before if verdicts[name] is None)


@settings(max_examples=50)
@given(worlds(min_models=2))
def test_a_named_model_is_bound_by_the_same_limits_as_by_the_whole_policy(world: World) -> None:
    named = replace(world.request, model=next(iter(world.catalog.models)))
    bound = world.but(request=named)
    whole = bound.policy.model_copy()
    # A policy whose every rule counts for named requests as well.
    whole.__dict__["binding"] = whole

    by_all = bound.but(policy=whole).decide()

    assert bound.decide().candidates == by_all.candidates
    assert bound.decide().rejected == by_all.rejected


@given(worlds())
def test_propensities_are_probabilities_of_the_candidates(world: World) -> None:
    decision = world.decide()

    assert set(decision.propensities) == set(decision.models)
    assert all(0 <= share <= 1 for share in decision.propensities.values())
    if decision.candidates:
        assert sum(decision.propensities.values()) == pytest.approx(1)


@settings(max_examples=50)
@given(worlds(min_models=2))
def test_propensities_are_the_frequencies_over_all_draws(world: World) -> None:
    grid = 200
    decisions = [world.but(draw=(step + 0.5) / grid).decide() for step in range(grid)]
    assume(decisions[0].candidates)

    first = Counter(decision.models[0] for decision in decisions)
    for model, propensity in decisions[0].propensities.items():
        # The draws that yield a model are at most two intervals: each may miss a point at an end.
        assert first[model] / grid == pytest.approx(propensity, abs=2 / grid)
    assert all(d.propensities == decisions[0].propensities for d in decisions)


@given(worlds(min_models=2))
def test_what_is_explored_is_good_enough_and_the_rest_keeps_its_order(world: World) -> None:
    explored = world.decide()
    settled = world.but(policy=world.policy.model_copy(update={"explore": 0.0})).decide()

    assert set(explored.models) == set(settled.models)
    if explored.explored:
        assert explored.propensities[explored.models[0]] > 0
        rest = [model for model in settled.models if model != explored.models[0]]
        assert list(explored.models[1:]) == rest
    else:
        assert explored.candidates == settled.candidates


@given(worlds(min_models=2), st.data())
def test_a_named_model_is_never_replaced_by_another(world: World, data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(sorted(world.catalog.models)))
    decision = world.but(request=replace(world.request, model=model)).decide()

    assert decision.models in ((), (model,))
    assert (decision.strategy, decision.explored) == (NAMED, False)
    assert decision.propensities == dict.fromkeys(decision.models, 1.0)


@given(worlds())
def test_the_reason_fits_a_header_whatever_models_are_called(world: World) -> None:
    reason = world.decide().reason

    assert reason.isascii()
    assert reason.isprintable()
    assert 0 < len(reason) <= 200


@given(worlds(min_models=2))
def test_confidence_is_a_share_and_none_is_left_where_a_rule_is_unknown(world: World) -> None:
    decision = world.decide()

    assert 0 <= decision.confidence <= 1
    if decision.unknown_rules and decision.strategy != NAMED:
        assert decision.confidence == 0


@given(worlds(min_models=2))
def test_a_preference_for_specialists_moves_no_specialist_behind_a_generalist(
    world: World,
) -> None:
    route = world.policy.default.model_copy(update={"prefer_specialists": True})
    preferring = Policy(name="test", default=route)
    request = replace(world.request, model="auto")
    decision = world.but(policy=preferring, request=request).decide()

    if decision.candidates:
        ranking = route.strategy.rank(decision.candidates, world.signals)
        good = decision.candidates[: ranking.good_enough]
        assert all(a.specialist or not b.specialist for a, b in pairwise(good))
        assert set(good) == set(ranking.candidates[: ranking.good_enough])
