"""Properties that any honest cost-quality figure has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from classifiers.curves import (
    apgr,
    bootstrap,
    cpt,
    expected_calibration_error,
    gain_curve,
)

Floats = NDArray[np.float64]
quality = st.sampled_from([0.0, 0.25, 0.5, 1.0])
prompts = st.lists(st.tuples(st.integers(0, 5), quality, quality), min_size=1, max_size=40)


def columns(rows: list[tuple[int, float, float]]) -> tuple[Floats, Floats, Floats]:
    """Scores, weak and strong quality; one prompt more makes sure that strong is better."""
    scores, weak, strong = np.array([*rows, *([(2, 0.0, 1.0)] * (len(rows) + 1))], float).T
    return scores, weak, strong


@given(prompts)
def test_a_router_that_knows_nothing_recovers_half(rows: list[tuple[int, float, float]]) -> None:
    _, weak, strong = columns(rows)

    assert apgr(np.zeros(len(weak)), weak, strong) == pytest.approx(0.5)
    assert cpt(np.zeros(len(weak)), weak, strong, 0.8) == pytest.approx(0.8)


@given(prompts)
def test_nobody_beats_the_oracle(rows: list[tuple[int, float, float]]) -> None:
    scores, weak, strong = columns(rows)
    oracle = strong - weak

    assert apgr(oracle, weak, strong) >= apgr(scores, weak, strong) - 1e-9
    assert cpt(oracle, weak, strong, 0.5) <= cpt(scores, weak, strong, 0.5) + 1e-9


@given(prompts)
def test_the_reversed_router_loses_what_the_router_wins(
    rows: list[tuple[int, float, float]],
) -> None:
    scores, weak, strong = columns(rows)

    both = apgr(scores, weak, strong) + apgr(-scores, weak, strong)
    assert both == pytest.approx(1.0)


@given(prompts)
def test_only_the_order_of_scores_matters(rows: list[tuple[int, float, float]]) -> None:
    scores, weak, strong = columns(rows)

    assert apgr(np.exp(scores) + 7, weak, strong) == pytest.approx(apgr(scores, weak, strong))


@given(prompts)
def test_recovering_more_of_the_gap_never_takes_fewer_calls(
    rows: list[tuple[int, float, float]],
) -> None:
    scores, weak, strong = columns(rows)
    shares = [cpt(scores, weak, strong, target) for target in (0.0, 0.3, 0.5, 0.8, 1.0)]

    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)


def test_the_curve_starts_at_weak_and_ends_at_strong() -> None:
    share, gain = gain_curve(np.array([3.0, 1.0]), np.array([0.0, 0.5]), np.array([1.0, 0.5]))

    assert share.tolist() == [0.0, 0.5, 1.0]
    assert gain.tolist() == [0.0, 0.5, 0.5]


def test_without_a_gap_there_is_nothing_to_recover() -> None:
    with pytest.raises(ValueError, match="not better"):
        apgr(np.zeros(2), np.ones(2), np.zeros(2))


def test_a_forecast_that_is_right_on_average_has_no_calibration_error() -> None:
    observed = np.array([1.0, 0.0, 0.0, 0.0])

    assert expected_calibration_error(np.full(4, 0.25), observed) == 0
    assert expected_calibration_error(np.full(4, 0.75), observed) == pytest.approx(0.5)


def test_an_interval_holds_its_estimate_and_is_the_same_for_the_same_seed() -> None:
    values = np.random.default_rng(0).normal(size=200)
    first, second = (bootstrap(lambda x: float(x.mean()), values) for _ in range(2))

    assert first == second
    assert first.low < first.value < first.high
    assert str(first).endswith("(n=200)")


def test_resamples_without_a_gap_are_left_out_of_the_interval() -> None:
    weak, strong = np.array([0.0, 1.0]), np.array([1.0, 0.9])

    found = bootstrap(apgr, np.array([1.0, 0.0]), weak, strong, rounds=50)

    assert np.isfinite([found.low, found.high]).all()
