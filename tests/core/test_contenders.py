"""Which models a policy may choose at all, and which two of them its choice lies between."""

from typing import Any

import pytest
from hypothesis import given

from router.core.contenders import contenders, permitted, small_and_large
from router.core.limits import Limits
from tests.core.drawn import World, worlds
from tests.core.made import card, catalog, policy, rule

SOON: dict[str, Any] = {"signal": "turns", "above": 0}
MODELS = catalog(
    small=card(quality=0.5),
    middle=card(quality=0.7, location="cloud"),
    large=card(quality=0.9, location="cloud"),
)


@pytest.mark.parametrize(
    ("fields", "rules", "found"),
    [
        ({}, [], "small middle large"),
        ({"limits": {"local_only": True}}, [], "small"),
        ({"limits": {"allowed_models": ["large", "small"]}}, [], "small large"),
        (
            {"default": {"strategy": {"kind": "best_quality"}, "candidates": ["small"]}},
            [rule("far", SOON, candidates=["middle"])],
            "small middle",
        ),
        (
            {"default": {"strategy": {"kind": "best_quality"}, "candidates": ["small"]}},
            [rule("far", SOON, candidates=["large"], limits={"local_only": True})],
            "small",
        ),
    ],
)
def test_a_contender_is_what_some_route_may_choose(
    fields: dict[str, Any], rules: list[Any], found: str
) -> None:
    assert list(contenders(policy(*rules, **fields), MODELS)) == found.split()


def test_the_choice_lies_between_the_lowest_and_the_highest_prior() -> None:
    assert small_and_large(policy(), MODELS) == ("small", "large")
    assert small_and_large(policy(limits={"local_only": True}), MODELS) is None


def test_what_makes_embeddings_alone_is_no_contender() -> None:
    models = catalog(
        **MODELS.models,
        vectors=card(quality=0.99, speaks=["embeddings"]),
        both=card(quality=0.95, speaks=["chat", "embeddings"]),
    )

    assert list(contenders(policy(), models)) == ["small", "middle", "large", "both"]
    assert small_and_large(policy(), models) == ("small", "both")


def test_models_of_one_prior_are_no_pair() -> None:
    assert small_and_large(policy(), catalog(a=card(quality=0.7), b=card(quality=0.7))) is None
    assert small_and_large(policy(), catalog()) is None


@given(worlds(min_models=1))
def test_whatever_is_chosen_is_a_contender(world: World) -> None:
    if world.request.is_routed:
        assert set(world.decide().models) <= set(contenders(world.policy, world.catalog))


def test_limits_permit_by_name_and_by_place() -> None:
    near, far = card(), card(location="cloud")

    assert permitted("x", near, Limits(local_only=True))
    assert not permitted("x", far, Limits(local_only=True))
    assert not permitted("x", near, Limits(allowed_models=("y",)))
