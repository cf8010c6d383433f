"""`decide` on small tables: which rule, which models, and what is said of it."""

from typing import Any

import pytest

from router.core.catalog import Catalog
from router.core.decide import decide, preferences
from router.core.decision import Decision
from router.core.limits import Limits
from router.core.policy import Policy
from router.core.request import RoutedRequest
from router.core.signals import Signals
from tests.core.made import NO_STATS, asking, card, catalog, per_token, policy, rule

MODELS = catalog(
    small=card(quality=0.6, price=per_token(0.1)),
    lawyer=card(
        quality=0.75, price=per_token(1.0), specialises_in={"domains": ["law"]}, location="cloud"
    ),
    large=card(quality=0.9, price=per_token(10.0), location="cloud"),
)
CHEAP = {"kind": "cheapest_good_enough", "min_quality": 0.5}
PRIVATE = rule("private", {"signal": "private_data", "is": True}, limits={"local_only": True})
HARD = rule("hard", {"signal": "complexity", "at_least": 0.5})
KNOWN: Signals = {"private_data": False, "complexity": 0.1, "difficulty": 0.0}


def decided(
    by: Policy,
    signals: Signals = KNOWN,
    request: RoutedRequest | None = None,
    models: Catalog = MODELS,
    draw: float = 0.99,
) -> Decision:
    return decide(request or asking(), signals, by, models, NO_STATS, draw)


def test_the_first_rule_that_holds_decides() -> None:
    easy = rule("easy", {"signal": "complexity", "below": 0.5}, strategy=CHEAP)
    both = policy(HARD, easy, rule("late", {"signal": "complexity", "below": 0.9}))

    assert decided(both).rule == "easy"
    assert decided(both).strategy == "cheapest_good_enough"
    assert decided(both).models == ("small", "lawyer", "large")


def test_where_no_rule_holds_the_default_decides() -> None:
    decision = decided(policy(HARD, PRIVATE))

    assert (decision.rule, decision.models) == ("default", ("large", "lawyer", "small"))
    assert decision.reason == "highest predicted quality of 3 (0.90)"
    assert decision.unknown_rules == ()


def test_a_rule_that_cannot_be_ruled_out_is_passed_over_and_named() -> None:
    decision = decided(policy(HARD, PRIVATE), {"private_data": False})

    assert (decision.rule, decision.unknown_rules) == ("default", ("hard",))
    assert decision.confidence == 0.0


def test_data_that_may_be_private_stays_local() -> None:
    decision = decided(policy(PRIVATE, HARD), {"complexity": 0.9})

    assert (decision.rule, decision.unknown_rules) == ("hard", ("private",))
    assert decision.models == ("small",)
    assert [r.code for r in decision.rejected] == ["must_stay_local", "must_stay_local"]


@pytest.mark.parametrize("signals", [{}, {"private_data": True}])
@pytest.mark.parametrize("model", ["auto", "large"])
def test_candidates_that_are_local_keep_data_local_as_a_limit_does(
    signals: Signals, model: str
) -> None:
    here = rule("here", {"signal": "private_data", "is": True}, candidates={"location": "local"})
    decision = decided(policy(here), signals, asking(model=model))

    assert decision.models == (("small",) if model == "auto" else ())
    assert decided(policy(here), KNOWN, asking(model="large")).models == ("large",)


def test_other_limits_of_a_rule_that_cannot_be_ruled_out_do_not_bind() -> None:
    thrifty = rule("thrifty", {"signal": "x", "is": True}, limits={"max_cost_usd": 1e-9})

    assert len(decided(policy(thrifty)).models) == 3


@pytest.mark.parametrize(
    ("candidates", "models"),
    [
        (["lawyer", "small"], ("lawyer", "small")),
        ({"location": "cloud"}, ("large", "lawyer")),
        ("all", ("large", "lawyer", "small")),
    ],
)
def test_models_that_the_route_leaves_out_are_rejected_for_it(
    candidates: Any, models: tuple[str, ...]
) -> None:
    known = policy(rule("some", {"signal": "private_data", "is": False}, candidates=candidates))
    decision = decided(known)

    assert decision.models == models
    assert {r.code for r in decision.rejected} <= {"not_a_candidate"}
    assert {r.detail for r in decision.rejected} <= {"not a candidate of rule some"}


def test_limits_of_policy_route_and_request_bind_together() -> None:
    strict = policy(
        limits={"max_cost_usd": 0.001},
        default={"strategy": CHEAP, "limits": {"min_quality": 0.7}},
    )

    assert decided(strict).models == ("lawyer",)
    request = asking(limits=Limits(local_only=True))
    assert decided(strict, request=request).models == ()


def test_where_nobody_can_serve_the_decision_says_so_and_chooses_nobody() -> None:
    decision = decided(policy(explore=1.0), request=asking(tools=1), draw=0.0)

    assert (decision.models, decision.choice, decision.propensities) == ((), None, {})
    assert decision.reason == "no model may and can serve this request"
    assert not decision.explored


def test_a_named_model_is_the_only_candidate() -> None:
    decision = decided(policy(explore=1.0), request=asking(model="small"), draw=0.0)

    assert (decision.models, decision.strategy) == (("small",), "named")
    assert decision.reason == "the request names this model"
    assert decision.confidence == 1.0
    assert {r.detail for r in decision.rejected} == {"the request names another model"}


def test_a_named_model_is_bound_by_limits_all_the_same() -> None:
    private = decided(policy(PRIVATE), {"private_data": True}, asking(model="large"))

    assert private.models == ()
    assert private.rejected[-1].code == "must_stay_local"


def test_a_named_model_need_not_be_a_candidate_of_the_rule() -> None:
    only = policy(default={"strategy": CHEAP, "candidates": ["large"]})

    assert decided(only, request=asking(model="small")).models == ("small",)


def test_a_model_that_the_catalog_lacks_has_no_candidate() -> None:
    assert decided(policy(), request=asking(model="gpt-9")).models == ()


def test_specialists_lead_among_the_good_enough() -> None:
    preferring = policy(default={"strategy": CHEAP, "prefer_specialists": True})
    law = decided(preferring, {"domain": "law", "difficulty": 0.0})
    other = decided(preferring, {"domain": "math", "difficulty": 0.0})

    assert law.models == ("lawyer", "small", "large")
    assert law.reason == (
        "specialist for this request, before: cheapest of 3 whose predicted quality reaches 0.50"
        " (its own is 0.60)"
    )
    assert other.models == ("small", "lawyer", "large")
    assert "specialist" not in other.reason


def test_a_specialist_that_leads_anyway_is_no_reason() -> None:
    route = {"strategy": CHEAP, "prefer_specialists": True, "candidates": ["lawyer", "large"]}

    assert decided(policy(default=route), {"domain": "law", "difficulty": 0.0}).reason.startswith(
        "cheapest of 2"
    )


def test_a_specialist_that_is_not_good_enough_does_not_lead() -> None:
    strict = {"kind": "cheapest_good_enough", "min_quality": 0.8}
    preferring = policy(default={"strategy": strict, "prefer_specialists": True})

    assert decided(preferring, {"domain": "law", "difficulty": 0.0}).models == (
        "large",
        "lawyer",
        "small",
    )


@pytest.mark.parametrize(
    ("draw", "first", "explored"),
    [
        (0.0, "large", True),
        (0.1, "lawyer", True),
        (0.29, "small", True),
        (0.3, "small", False),
        (0.99, "small", False),
    ],
)
def test_the_explored_share_is_split_evenly_among_the_good_enough(
    draw: float, first: str, explored: bool
) -> None:
    exploring = policy(explore=0.3, default={"strategy": CHEAP})
    decision = decided(exploring, draw=draw)

    assert (decision.models[0], decision.explored) == (first, explored)
    assert decision.propensities == pytest.approx({"small": 0.8, "lawyer": 0.1, "large": 0.1})
    if explored:
        assert decision.reason == "drawn for exploration among 3 good enough"


def test_an_arm_is_told_by_the_draw_and_not_by_the_order_of_the_day() -> None:
    dear = catalog(
        small=card(quality=0.6, price=per_token(20.0)),
        lawyer=MODELS.models["lawyer"],
        large=MODELS.models["large"],
    )
    exploring = policy(explore=0.9, default={"strategy": CHEAP})

    for draw in (0.1, 0.4, 0.8):
        ours, other = (decided(exploring, models=models, draw=draw) for models in (MODELS, dear))
        assert set(ours.models) == set(other.models)
        assert ours.models[0] == other.models[0]


def test_what_is_not_good_enough_is_never_explored() -> None:
    strict = {"kind": "cheapest_good_enough", "min_quality": 0.7}
    decision = decided(policy(explore=1.0, default={"strategy": strict}), draw=0.999)

    assert decision.models == ("lawyer", "large", "small")
    assert decision.propensities == {"lawyer": 0.5, "large": 0.5, "small": 0.0}


def test_confidence_is_the_lowest_among_the_signals_that_the_decision_read() -> None:
    known = policy(HARD, rule("late", {"signal": "language", "is": "de"}))
    signals: Signals = {
        "complexity": 0.7,
        "complexity_confidence": 0.6,
        "domain_confidence": 0.8,
        "language_confidence": 0.1,
    }

    assert decided(known, signals).confidence == 0.6
    assert decided(known, {**signals, "complexity": 0.2, "language": "de"}).confidence == 0.1
    assert decided(known, {"complexity": 0.7}).confidence == 1.0


def test_an_empty_catalog_has_nobody_to_ask() -> None:
    assert decided(policy(), models=catalog()).rejected == ()


def test_preferences_are_the_propensities_of_a_decision() -> None:
    cheap = policy(default={"strategy": CHEAP, "prefer_specialists": True}, explore=0.3)
    decision = decided(cheap)

    found = preferences(cheap.default, decision.candidates, KNOWN, cheap.explore)

    assert found == decision.propensities
    assert preferences(cheap.default, (), KNOWN, cheap.explore) == {}
