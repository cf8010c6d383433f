"""Thresholds: which can be calibrated, and that prompts go where `decide` sends them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.decide import decide, preferences
from router.core.decision import Candidate
from router.core.policy import Policy
from router.core.request import RoutedRequest, Turn
from router.core.signals import Signals
from router.core.stats import StatsSnapshot
from router.evidence.thresholds import (
    Asked,
    Place,
    along,
    of_rows,
    place_of,
    route_of,
    routes,
    with_threshold,
)
from tests.fakes.gateway import catalog, policy

RULES = [
    {
        "name": "private",
        "when": {"signal": "pii", "is": True},
        "limits": {"local_only": True},
        "strategy": {"kind": "best_quality"},
    },
    {
        "name": "code",
        "when": {"signal": "code", "is": True},
        "strategy": {"kind": "threshold", "complexity": 0.4},
    },
]
GRID = tuple(step / 20 for step in range(21))
POLICY = policy(rules=RULES, explore=0.1)


def test_the_threshold_of_the_default_and_of_a_rule_are_found() -> None:
    assert place_of(POLICY, "default") == Place("default", None, "min_quality", 0.7)
    code = place_of(POLICY, "code")
    assert code == Place("code", 1, "complexity", 0.4)
    assert code.path == ("rules", 1, "strategy", "complexity")
    assert place_of(POLICY, "default").path == ("default", "strategy", "min_quality")


def test_a_strategy_without_a_threshold_and_an_unknown_rule_are_told() -> None:
    with pytest.raises(ValueError, match="best_quality, which has no threshold"):
        place_of(POLICY, "private")
    with pytest.raises(ValueError, match=r"no rule 'x'; there are private, code, default"):
        place_of(POLICY, "x")


@pytest.mark.parametrize("rule", ["code", "default"])
def test_another_threshold_changes_nothing_else(rule: str) -> None:
    place = place_of(POLICY, rule)
    moved = with_threshold(POLICY, place, 0.123)

    assert place_of(moved, rule).value == 0.123
    assert with_threshold(moved, place, place.value) == POLICY


@pytest.mark.parametrize(("rule", "best"), [("code", 0.0), ("default", 1.0)])
def test_the_grid_begins_with_the_best_model_for_everything(rule: str, best: float) -> None:
    place = place_of(POLICY, rule)
    grid = place.grid()

    assert (len(grid), grid[0], grid[-1]) == (201, best, 1 - best)
    assert place.grid(starts_cheap=True) == grid[::-1]


def asked(**signals: float | bool | str) -> Asked:
    return Asked(RoutedRequest("auto", (Turn("user", "Hello"),)), signals)


PROMPTS = [
    asked(difficulty=0.5, complexity=0.3, code=True, pii=False),
    asked(difficulty=-1.0, complexity=0.6, code=True, pii=False),
    asked(difficulty=0.2, complexity=0.2, code=False, pii=False),
    asked(difficulty=2.0, code=False, pii=False),
    asked(difficulty=0.2, complexity=0.2, code=False, pii=True),
    asked(),
]


@given(
    st.sampled_from(["code", "default"]),
    st.lists(st.floats(0, 1), min_size=1, max_size=9).map(sorted),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
)
def test_a_prompt_goes_where_decide_sends_it(
    rule: str, thresholds: list[float], falling: bool, explore: float
) -> None:
    thresholds = thresholds[::-1] if falling else thresholds
    cards = catalog()
    ours = Policy.model_validate({**dict(POLICY), "explore": explore})
    place = place_of(ours, rule)

    found = routes(PROMPTS, ours, cards, place, tuple(thresholds))

    for at, value in enumerate(thresholds):
        moved = with_threshold(ours, place, value)
        for row, one in enumerate(PROMPTS):
            decision = decide(one.request, one.signals, moved, cards, StatsSnapshot(0.0, {}), 0.999)
            expected = [decision.propensities.get(model, 0.0) for model in found.models]
            assert found.shares[at, row].tolist() == pytest.approx(expected)
            assert found.ours[row] == (decision.rule == rule)


def test_costs_are_what_the_router_expects_and_unknown_for_who_may_not_serve() -> None:
    found = routes(PROMPTS, POLICY, catalog(), place_of(POLICY, "default"), (0.5,))

    small, large = found.models.index("small"), found.models.index("large")
    assert 0 < found.expected_usd[2, small] < found.expected_usd[2, large]
    assert np.isnan(found.expected_usd[4, large])


def test_rows_are_chosen_together() -> None:
    found = routes(PROMPTS, POLICY, catalog(), place_of(POLICY, "default"), (0.5, 0.6))
    part = of_rows(found, np.array([4, 2]))

    assert part.shares.tolist() == found.shares[:, [4, 2]].tolist()
    assert part.ours.tolist() == [False, True]


candidates = st.lists(
    st.builds(
        Candidate,
        st.uuids().map(str),
        st.just("local"),
        st.floats(0, 1),
        st.none() | st.floats(0, 1),
        st.just(1.0),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.model,
)


@given(
    candidates,
    st.dictionaries(st.sampled_from(["complexity", "difficulty"]), st.floats(0, 1)),
    st.sampled_from(["code", "default"]),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
)
def test_skipping_what_lies_between_equals_changes_nothing(
    chosen: list[Candidate], signals: Signals, rule: str, special: bool, explore: float
) -> None:
    place = place_of(POLICY, rule)
    moved = [
        route_of(with_threshold(POLICY, place, value), place).model_copy(
            update={"prefer_specialists": special}
        )
        for value in GRID
    ]

    assert along(moved, chosen, signals, explore) == [
        preferences(route, chosen, signals, explore) for route in moved
    ]
