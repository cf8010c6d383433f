"""The gap between two models, its inverse, and the shift that a prior stands for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.ability import Ability, expit, logit
from classifiers.base import FloatArray
from classifiers.gap import Everyday, Gap, beneath, left_of, shift_of, short_of
from classifiers.prompt_classifier import PromptClassifier

CHANCE = st.floats(0.001, 0.999)


def array(*values: float) -> FloatArray:
    return np.array(values, dtype=np.float32)


def gap(small: float, large: float) -> float:
    """The gap of two models with these chances of answering anything."""
    flat = array(0.0)
    weak, strong = (Ability(float(logit(chance)), flat) for chance in (small, large))
    return float(Gap(weak, strong, average=0.5).of(np.zeros((1, 1), dtype=np.float32))[0])


@given(CHANCE, CHANCE)
def test_the_gap_lies_between_answers_alike_and_answers_unlike(small: float, large: float) -> None:
    alike, unlike = max(large - small, 0), (1 - small) * large

    assert alike - 1e-3 <= gap(small, large) <= unlike + 1e-3


def test_what_both_get_wrong_or_both_get_right_is_no_gap() -> None:
    assert gap(0.01, 0.02) < 0.03
    assert gap(0.98, 0.99) < 0.03
    assert gap(0.05, 0.95) > 0.85


@given(CHANCE, CHANCE)
def test_beneath_is_the_inverse_of_the_gap(small: float, large: float) -> None:
    low, high = sorted((small, large))

    assert beneath(array(high), array(gap(low, high)))[0] == pytest.approx(low, abs=2e-3)


@given(CHANCE, CHANCE)
def test_of_plain_numbers_as_of_arrays(one: float, other: float) -> None:
    assert short_of(one, other) == pytest.approx(gap(one, other), abs=1e-6)
    assert left_of(one, other) == pytest.approx(beneath(array(one), array(other))[0], abs=1e-6)


@given(CHANCE, CHANCE)
def test_beneath_is_a_chance_and_never_above_the_best(best: float, lost: float) -> None:
    found = beneath(array(best), array(lost))[0]

    assert 0 <= found <= np.float32(best)


def test_a_shift_makes_what_is_left_beneath_the_best_average_to_the_prior() -> None:
    draw = np.random.default_rng(3)
    best, complexities = (draw.random(200).astype(np.float32) for _ in range(2))
    best = 0.8 + 0.2 * best

    shift = shift_of(0.6, best, complexities)

    left = beneath(best, expit(logit(complexities) + shift))
    assert left.mean() == pytest.approx(0.6, abs=1e-3)


def test_everyday_requests_go_from_easy_to_hard(shipped: PromptClassifier) -> None:
    everyday = Everyday.of(shipped)

    assert len(everyday.latents) == len(everyday.complexities) >= 100
    low, high = np.percentile(everyday.complexities, [5, 95])
    assert high > 2 * low


def test_the_average_is_over_everyday_requests(shipped: PromptClassifier) -> None:
    everyday = Everyday.of(shipped)
    width = everyday.latents.shape[1]
    flat = np.zeros(width, dtype=np.float32)

    found = Gap.between(Ability(-2.0, flat), Ability(2.0, flat), everyday)

    assert found.average == pytest.approx(
        gap(float(expit(array(-2))[0]), float(expit(array(2))[0])), abs=1e-3
    )
