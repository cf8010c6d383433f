"""A plan is made once and decides for everybody: it keeps nothing of whom it decided for before."""

from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.decide import decide_by
from router.core.decision import Candidate
from router.core.limits import Limits
from router.core.plan import Plan
from router.core.request import RoutedRequest
from router.core.signals import Signals
from tests.core.drawn import REQUESTS, SIGNALS, World, worlds
from tests.core.made import NO_STATS, asking, card, catalog, policy, rule

LOCAL_FIRST = Plan(
    policy(rule("private", {"signal": "pii", "is": True}, limits={"local_only": True})),
    catalog(near=card(), far=card(location="cloud", quality=0.9)),
)
PRIVATE: Signals = {"pii": True}


def models(request: RoutedRequest, signals: Signals) -> tuple[str, ...]:
    return decide_by(LOCAL_FIRST, request, signals, NO_STATS, 0.5).models


def test_what_binds_one_request_does_not_bind_the_next() -> None:
    bound = asking(limits=Limits(allowed_models=("near",)))

    assert models(asking(), {"pii": False}) == ("far", "near")
    assert models(bound, {"pii": False}) == ("near",)
    assert models(asking(), PRIVATE) == ("near",)
    assert models(asking(), {}) == ("near",)
    assert models(asking(), {"pii": False}) == ("far", "near")


def test_each_named_model_is_told_why_the_others_are_none() -> None:
    for name, other in (("near", "far"), ("far", "near"), ("near", "far")):
        decision = decide_by(LOCAL_FIRST, asking(model=name), {"pii": False}, NO_STATS, 0.5)
        assert decision.models == (name,)
        assert [it.model for it in decision.rejected] == [other]


def test_a_gate_stands_for_every_model_of_the_catalog() -> None:
    assert list(LOCAL_FIRST.gates) == ["near", "far"]
    assert isinstance(LOCAL_FIRST.gates["near"].weigh(asking(), {}, NO_STATS), Candidate)


@settings(max_examples=50)
@given(worlds(min_models=2), st.lists(st.tuples(REQUESTS, SIGNALS), max_size=4))
def test_the_thousandth_request_is_decided_as_the_first(
    world: World, before: list[tuple[RoutedRequest, Signals]]
) -> None:
    plan = Plan(world.policy, world.catalog)
    for request, signals in before:
        decide_by(plan, request, signals, world.stats, world.draw)

    again = decide_by(plan, world.request, world.signals, world.stats, world.draw)
    assert again == world.decide()
