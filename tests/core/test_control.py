"""Control: a share of requests goes to the baseline by lot, and the log can tell with what odds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.control import with_control
from router.core.decide import decide
from router.core.decision import Decision
from router.core.policy import Policy
from router.core.stats import StatsSnapshot
from tests.core.made import asking
from tests.fakes.events import DECISION, decided
from tests.fakes.gateway import catalog, policy

SMALL, LARGE = DECISION.candidates
CHEAPEST = {"kind": "cheapest_good_enough", "min_quality": 0.1}
NOTHING_SEEN = StatsSnapshot(0.0, {})


def drawn(draw: float, model: str = "auto", **changes: object) -> Decision:
    chosen: Policy = policy(**{"control": 0.2, "default": {"strategy": CHEAPEST}, **changes})
    return decide(asking(model=model), {"difficulty": 0.1}, chosen, catalog(), NOTHING_SEEN, draw)


def test_the_share_that_is_drawn_goes_to_the_baseline() -> None:
    assert (drawn(0.79).models[0], drawn(0.79).arm) == ("small", "treated")
    assert (drawn(0.8).models[0], drawn(0.8).arm) == ("large", "control")
    assert drawn(0.8).preferred == "small"


def test_both_arms_log_the_odds_they_had() -> None:
    for draw in (0.1, 0.9):
        assert drawn(draw).propensities == pytest.approx({"small": 0.8, "large": 0.2})


def test_by_default_there_is_no_experiment() -> None:
    found = drawn(0.99, control=0.0)
    assert (found.models[0], found.arm) == ("small", "routed")


def test_who_names_a_model_takes_no_part() -> None:
    found = drawn(0.99, model="small")
    assert (found.models, found.arm) == (("small",), "named")


def test_what_must_stay_local_is_never_sent_to_a_cloud_baseline() -> None:
    found = drawn(0.99, limits={"local_only": True})
    assert (found.models, found.arm) == (("small",), "routed")


def test_a_baseline_that_the_rule_did_not_choose_from_stays_out_unless_drawn() -> None:
    default = {"candidates": ["small"], "strategy": CHEAPEST}
    assert drawn(0.1, default=default).models == ("small",)
    assert drawn(0.9, default=default).models == ("large", "small")


@given(st.floats(0, 0.999), st.floats(0, 0.5), st.floats(0, 0.5))
def test_odds_always_sum_to_one(draw: float, explore: float, control: float) -> None:
    found = drawn(draw, explore=explore, control=control)
    assert sum(found.propensities.values()) == pytest.approx(1.0)
    assert all(odds >= -1e-12 for odds in found.propensities.values())


def test_a_policy_cannot_draw_more_than_all() -> None:
    with pytest.raises(ValueError, match="at most 1 together"):
        policy(explore=0.6, control=0.6)


def test_without_candidates_there_is_nothing_to_draw() -> None:
    nobody = decided(candidates=(), propensities={})
    assert with_control(nobody, LARGE, 0.5, 0.9) == nobody
