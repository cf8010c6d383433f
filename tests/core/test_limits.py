"""Limits can only ever be tightened."""

import pytest
from hypothesis import given
from pydantic import ValidationError

from router.core.limits import Limits
from tests.core.drawn import LIMITS, MODELS
from tests.core.made import read


def allows(limits: Limits, model: str, is_local: bool, amounts: tuple[float, float, float]) -> bool:
    """Whether a model with its cost, quality and latency is within the limits."""
    cost, quality, latency = amounts
    return (
        (limits.allowed_models is None or model in limits.allowed_models)
        and (is_local or not limits.local_only)
        and (limits.max_cost_usd is None or cost <= limits.max_cost_usd)
        and (limits.min_quality is None or quality >= limits.min_quality)
        and (limits.max_latency is None or latency <= limits.max_latency)
    )


EVERYTHING = [
    (model, is_local, (cost, quality, latency))
    for model in MODELS[:3]
    for is_local in (False, True)
    for cost in (0.0, 0.01, 0.5)
    for quality in (0.1, 0.5, 0.99)
    for latency in (0.5, 5.0, 29.0)
]


@given(LIMITS, LIMITS)
def test_tightened_allows_exactly_what_both_allow(one: Limits, other: Limits) -> None:
    both = one.tightened(other)

    for subject in EVERYTHING:
        assert allows(both, *subject) == (allows(one, *subject) and allows(other, *subject))


@given(LIMITS, LIMITS, LIMITS)
def test_the_order_of_tightening_does_not_matter(a: Limits, b: Limits, c: Limits) -> None:
    left, right = a.tightened(b).tightened(c), a.tightened(b.tightened(c))

    assert left == right
    assert set(a.tightened(b).allowed_models or ()) == set(b.tightened(a).allowed_models or ())


@given(LIMITS)
def test_tightening_by_itself_or_by_nothing_changes_nothing(limits: Limits) -> None:
    assert limits.tightened(limits) == limits
    assert limits.tightened(Limits()) == limits
    assert Limits().tightened(limits) == limits


def test_no_model_in_common_leaves_no_model() -> None:
    one, other = Limits(allowed_models=("a",)), Limits(allowed_models=("b",))

    assert one.tightened(other).allowed_models == ()


@given(LIMITS)
def test_limits_are_free_when_none_is_set(limits: Limits) -> None:
    assert limits.is_free == (limits == Limits())


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_cost_usd": 0},
        {"max_cost_usd": -1},
        {"max_cost_usd": "0.1"},
        {"min_quality": 1.1},
        {"max_latency": 3},
        {"max_latency": "0s"},
        {"local_only": "yes"},
        {"local_only": 1},
        {"max_price": 1},
    ],
)
def test_a_limit_that_could_be_misread_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        read(Limits, wrong)


@pytest.mark.parametrize("amount", [float("inf"), float("nan")])
def test_a_limit_that_is_no_number_is_refused(amount: float) -> None:
    with pytest.raises(ValidationError):
        Limits(max_cost_usd=amount)
