"""Promises: how they are read, and that their losses are bounded and mean what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from router.evidence.bounds import Floats
from router.evidence.promises import (
    COST_CAP,
    Promise,
    budget_promise,
    quality_promise,
    share_promise,
)

scores = arrays(np.float64, 8, elements=st.floats(0, 1))


@pytest.mark.parametrize(
    ("text", "level", "of"),
    [
        ("quality >= 0.97 of large", 0.97, "large"),
        ("quality>=0.97 of gpt-4o", 0.97, "gpt-4o"),
        ("Quality ≥ 97 % of meta-llama/Llama-3:70b", 0.97, "meta-llama/Llama-3:70b"),
        ("  quality >= .8  ", 0.8, None),
        ("quality >= 1 of large", 1.0, "large"),
    ],
)
def test_a_quality_target_is_read(text: str, level: float, of: str | None) -> None:
    promise = quality_promise(text)

    assert (promise.kind, promise.level, promise.of) == ("quality", level, of)
    assert quality_promise(promise.text) == promise


@pytest.mark.parametrize(
    "text", ["", "quality > 0.9", "quality >= of large", "cost <= 3", "quality >= 0.9 large"]
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"quality >= 0\.97 of large"):
        quality_promise(text)


@pytest.mark.parametrize("text", ["quality >= 0", "quality >= 1.2 of large", "quality >= 120 %"])
def test_a_level_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        quality_promise(text)


@given(scores, scores, st.sampled_from(["quality >= 0.9 of large", "quality >= 0.9"]))
def test_quality_losses_keep_to_their_bounds(achieved: Floats, large: Floats, text: str) -> None:
    promise = quality_promise(text)
    losses = promise.losses(achieved, large if promise.of else None)

    low, high = promise.bounds
    assert low - 1e-12 <= losses.min() and losses.max() <= high + 1e-12


@given(arrays(np.float64, 8, elements=st.floats(0, 1e6)))
def test_costs_are_counted_up_to_the_cap(costs: Floats) -> None:
    promise = budget_promise(2.0)
    low, high = promise.bounds
    losses = promise.losses(costs)

    assert promise.level == 0.002
    assert low <= losses.min() and losses.max() <= high * (1 + 1e-12)
    assert f"above {0.002 * COST_CAP:g}" in promise.text


@given(scores)
def test_shares_keep_to_their_bounds(shares: Floats) -> None:
    promise = share_promise(0.3, "large")
    losses = promise.losses(shares)

    assert promise.bounds[0] <= losses.min() and losses.max() <= promise.bounds[1]


@given(scores, scores)
def test_the_mean_loss_is_at_most_0_exactly_where_the_ratio_is_kept(
    achieved: Floats, large: Floats
) -> None:
    promise = quality_promise("quality >= 0.9 of large")
    ratio = float(promise.figure(achieved, large))
    mean = float(promise.losses(achieved, large).mean())

    if large.mean() > 1e-6 and abs(mean) > 1e-9:
        assert (mean < 0) == (ratio > 0.9)


def test_figures_are_in_the_unit_of_the_bound() -> None:
    achieved = np.array([[0.002, 0.004], [0.0, 0.002]])

    assert budget_promise(2.0).figure(achieved).tolist() == pytest.approx([3.0, 1.0])
    assert budget_promise(2.0).bound == pytest.approx(2.0)
    assert share_promise(0.3, "large").bound == 0.3
    assert quality_promise("quality >= 0.5").figure(achieved[0]) == pytest.approx(0.003)


def test_a_large_model_that_is_never_right_makes_no_ratio() -> None:
    promise = quality_promise("quality >= 0.9 of large")

    assert np.isnan(promise.figure(np.array([1.0]), np.array([0.0])))


def test_quality_starts_with_the_best_model_and_spending_with_the_cheapest() -> None:
    kinds: list[Promise] = [quality_promise("quality >= 1"), share_promise(0.5, "m")]

    assert [one.starts_cheap for one in (*kinds, budget_promise(1))] == [False, True, True]


def test_a_ratio_to_next_to_nothing_is_kept() -> None:
    promise = quality_promise("quality >= 0.9 of large")
    assert promise.figure(np.ones(8), np.full(8, 1e-313)) == np.inf
