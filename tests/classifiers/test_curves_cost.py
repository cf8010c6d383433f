"""AIQ, the oracle's room, reliability and joint intervals: by hand, and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.curves import (
    aiq,
    apgr,
    bootstrap_many,
    concave_hull,
    cpt,
    expected_calibration_error,
    gain_curve,
    reliability,
    room,
)

cost = st.floats(0, 10).map(lambda value: round(value, 3))
points = st.lists(st.tuples(cost, st.floats(0, 1)), min_size=1, max_size=40)
quality = st.sampled_from([0.0, 0.5, 1.0])
prompts = st.lists(st.tuples(st.integers(0, 5), quality, quality), min_size=1, max_size=30)


def test_the_figures_of_four_prompts_are_those_found_by_hand() -> None:
    """Small is right on the first, large on all but the first; the order found is 4, 2, 1, 3."""
    weak, strong = np.array([1.0, 0, 0, 0]), np.array([0.0, 1, 1, 1])
    scores = np.array([2.0, 3.0, 1.0, 4.0])

    share, gain = gain_curve(scores, weak, strong)

    assert share.tolist() == [0, 0.25, 0.5, 0.75, 1]
    assert gain.tolist() == [0, 0.25, 0.5, 0.25, 0.5]
    # Trapezia of width 1/4: 1/8, 3/8, 3/8, 3/8 -> 0.3125 of the gap of 0.5.
    assert apgr(scores, weak, strong) == pytest.approx(0.3125 / 0.5)
    assert cpt(scores, weak, strong, 0.5) == pytest.approx(0.25)
    assert cpt(scores, weak, strong, 0.8) == pytest.approx(0.4)
    # The hull rises from 0.25 to 0.75 at half the cost and stays: (0.5 + 0.75) / 2.
    assert aiq(share, 0.25 + gain, 0, 1) == pytest.approx(0.625)


def test_a_hull_leaves_out_what_mixing_beats() -> None:
    x, y = concave_hull(np.array([0, 1, 2, 3, 4.0]), np.array([0.1, 0.2, 0.7, 0.6, 0.8]))

    assert (x.tolist(), y.tolist()) == ([0, 2, 4], [0.1, 0.7, 0.8])


@given(points)
def test_a_hull_lies_on_or_above_every_point_and_bends_one_way(
    drawn: list[tuple[float, float]],
) -> None:
    x, y = np.array(drawn).T
    hull_x, hull_y = concave_hull(x, y)

    assert (np.interp(x, hull_x, hull_y) >= y - 1e-9).all()
    assert (np.diff(hull_x) > 0).all() and (np.diff(hull_y) > 0).all()
    slopes = np.diff(hull_y) / np.diff(hull_x)
    assert (np.diff(slopes) <= 1e-9 * np.abs(slopes[:-1])).all() or len(slopes) < 2


@given(points, st.floats(0.1, 5))
def test_aiq_lies_between_the_quality_of_the_cheapest_and_of_the_best(
    drawn: list[tuple[float, float]], width: float
) -> None:
    x, y = np.array(drawn).T
    found = aiq(x, y, x.min(), x.min() + width)

    assert y[x == x.min()].max() - 1e-9 <= found <= y.max() + 1e-9


@given(prompts)
def test_no_router_has_a_better_aiq_than_the_oracle(rows: list[tuple[int, float, float]]) -> None:
    scores, weak, strong = np.array([*rows, (2, 0.0, 1.0)], float).T
    found = []
    for wanted in (scores, strong - weak):
        share, gain = gain_curve(wanted, weak, strong)
        found.append(aiq(share, weak.mean() + gain, 0, 1))

    assert found[1] >= found[0] - 1e-9


def test_aiq_needs_a_range_of_costs() -> None:
    with pytest.raises(ValueError, match="no costs"):
        aiq(np.array([1.0, 2.0]), np.array([0.1, 0.2]), 1, 1)
    with pytest.raises(ValueError, match="no costs"):
        aiq(np.array([1.0, 2.0]), np.array([0.1, 0.2]), 0, 2)


def test_random_has_no_share_of_the_oracles_room_and_the_oracle_all_of_it() -> None:
    assert room(0.5, 1.2) == 0
    assert room(1.2, 1.2) == 1
    assert np.isnan(room(0.5, 0.5))


def test_bins_hold_their_means_and_skip_the_empty_ones() -> None:
    low, high = reliability(np.array([0.05, 0.07, 0.91, 1.0]), np.array([0, 1, 1, 1.0]))

    assert [low.predicted, high.predicted] == pytest.approx([0.06, 0.955])
    assert (low.observed, low.n, high.observed, high.n) == (0.5, 2, 1, 2)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=50))
def test_the_calibration_error_lies_between_zero_and_one(
    drawn: list[tuple[float, float]],
) -> None:
    predicted, observed = np.array(drawn).T

    assert 0 <= expected_calibration_error(predicted, observed) <= 1
    assert expected_calibration_error(predicted, predicted) == pytest.approx(0, abs=1e-12)


def test_all_figures_of_a_round_are_of_the_same_resample() -> None:
    values = np.random.default_rng(1).normal(size=50)

    found = bootstrap_many(
        lambda rows: {"a": values[rows].mean(), "lead": (values[rows] - values[rows]).mean()}, 50
    )

    assert found["a"].low < found["a"].value < found["a"].high
    assert (found["lead"].low, found["lead"].high) == (0, 0)


def test_a_figure_that_is_never_defined_has_no_interval() -> None:
    found = bootstrap_many(lambda rows: {"never": float("nan")}, 3, rounds=5)

    assert np.isnan([found["never"].value, found["never"].low]).all()
