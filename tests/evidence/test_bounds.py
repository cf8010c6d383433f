"""p-values for bounded means: valid at every n, known where a closed form is known."""

from math import exp, inf, log, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import beta, binom

from router.evidence.bounds import (
    Floats,
    betting_p_values,
    binomial_p_values,
    draws_needed,
    is_binary,
    trials_needed,
)

ERROR = 0.05
RUNS = 2000
LOW, HIGH = -1.0, 0.97


def two_points(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """The widest spread within the bounds: mean 0."""
    return np.where(random.random(shape) < HIGH / (HIGH - LOW), LOW, HIGH)


def rare_large(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Nearly always a small gain, seldom a large loss: mean 0."""
    gain = 0.02
    return np.where(random.random(shape) < HIGH / (HIGH + gain), -gain, HIGH)


def rare_gain(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """Nearly always a small loss, seldom a large gain: mean 0."""
    loss = 0.02
    return np.where(random.random(shape) < -LOW / (loss - LOW), loss, LOW)


def three_points(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    """As a routed request's: nearly always -0.03, sometimes better, sometimes worse."""
    kinds = random.random(shape)
    worse = 0.0305 / (HIGH + 0.03)
    return np.where(kinds < worse, HIGH, np.where(kinds < worse + 0.0005, LOW, -0.03))


def smooth(random: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return random.uniform(-0.2, 0.2, shape)


@pytest.mark.parametrize("draw", [two_points, rare_large, rare_gain, three_points, smooth])
@pytest.mark.parametrize("n", [30, 300, 2000])
def test_at_the_boundary_a_false_alarm_is_no_likelier_than_promised(draw: Any, n: int) -> None:
    losses = draw(np.random.default_rng(n), (RUNS, n))
    assert abs(losses.mean()) < 0.02
    p_values = betting_p_values(losses, LOW, HIGH, ERROR)

    for level in (ERROR, 0.2):
        alarms = float((p_values <= level).mean())
        assert alarms <= level, (draw.__name__, n, level)


@pytest.mark.parametrize("n", [30, 300, 2000])
def test_beyond_the_boundary_it_stays_silent(n: int) -> None:
    losses = np.minimum(three_points(np.random.default_rng(7), (RUNS, n)) + 0.02, HIGH)

    assert (betting_p_values(losses, LOW, HIGH, ERROR) <= ERROR).mean() <= ERROR / 2


def hoeffding_bentkus(mean: float, n: int, alpha: float) -> float:
    """The p-value of Bates et al. (arXiv 2101.02703) that Learn then Test names first."""

    def relative(a: float, b: float) -> float:
        return a * log(a / b) + (1 - a) * log((1 - a) / (1 - b))

    hoeffding = exp(-n * relative(min(mean, alpha), alpha))
    bentkus = exp(1) * float(binom.cdf(int(np.ceil(n * mean)), n, alpha))
    return min(hoeffding, bentkus, 1.0)


def test_betting_needs_fewer_labels_than_hoeffding_and_bentkus() -> None:
    losses = three_points(np.random.default_rng(3), (200, 1000)) - 0.015
    losses = np.clip(losses, LOW, HIGH)
    scaled = (losses - LOW) / (HIGH - LOW)
    ours = betting_p_values(losses, LOW, HIGH, ERROR) <= ERROR
    alpha = -LOW / (HIGH - LOW)
    theirs = [hoeffding_bentkus(float(row.mean()), 1000, alpha) <= ERROR for row in scaled]

    assert ours.mean() > 0.5
    assert np.mean(theirs) < 0.1


@pytest.mark.parametrize("n", [1, 7, 40, 900])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
def test_binomial_p_values_are_scipys(n: int, share: float) -> None:
    successes = np.arange(n + 1)
    ours = binomial_p_values(successes, n, share)

    assert ours == pytest.approx(binom.cdf(successes, n, share), rel=1e-9, abs=1e-300)


def test_they_are_the_test_behind_clopper_and_pearson() -> None:
    upper = float(beta.ppf(1 - ERROR, 12 + 1, 100 - 12))

    assert float(binomial_p_values(np.array(12), 100, upper)) == pytest.approx(ERROR)


def test_without_a_draw_nothing_is_shown() -> None:
    assert betting_p_values(np.empty((3, 0)), LOW, HIGH, ERROR).tolist() == [1.0] * 3


bounded = arrays(np.float64, st.integers(1, 60), elements=st.floats(LOW, HIGH))


@given(bounded)
def test_a_p_value_lies_between_0_and_1(losses: Floats) -> None:
    found = float(betting_p_values(losses, LOW, HIGH, ERROR))

    assert 0 < found <= 1


@given(bounded)
def test_losses_that_never_fall_below_0_show_nothing(losses: Floats) -> None:
    assert float(betting_p_values(np.abs(losses), LOW, 1.0, ERROR)) == 1.0


@given(st.floats(-0.9, -0.01), st.integers(5, 300), st.integers(1, 300))
def test_more_of_the_same_gain_shows_no_less(gain: float, n: int, more: int) -> None:
    few = float(betting_p_values(np.full(n, gain), LOW, HIGH, ERROR))
    many = float(betting_p_values(np.full(n + more, gain), LOW, HIGH, ERROR))

    # The stake is made for n, so the first bets on many draws are a little smaller.
    assert many <= few * 1.6 or many <= ERROR


@given(st.integers(1, 500), st.floats(0.01, 0.99))
def test_binomial_p_values_rise_with_successes_and_end_at_1(n: int, share: float) -> None:
    found = binomial_p_values(np.arange(n + 1), n, share)

    assert (np.diff(found) >= 0).all()
    assert found[0] >= 0 and found[-1] == pytest.approx(1)


def test_as_many_draws_as_needed_are_mostly_enough_and_a_quarter_of_them_is_not() -> None:
    random = np.random.default_rng(5)

    def draws(n: int) -> Floats:
        return np.clip(three_points(random, (400, n)) - 0.015, LOW, HIGH)

    many = draws(5000)
    n = int(draws_needed(float(many.mean()), float(many.std()), (LOW, HIGH), ERROR))
    power = (betting_p_values(draws(n), LOW, HIGH, ERROR) <= ERROR).mean()
    little = (betting_p_values(draws(n // 4), LOW, HIGH, ERROR) <= ERROR).mean()

    assert power >= 0.75
    assert little <= 0.5


def test_as_many_trials_as_needed_are_mostly_enough() -> None:
    n = int(trials_needed(0.25, 0.3, ERROR))
    counts = np.random.default_rng(1).binomial(n, 0.25, 500)
    power = (binomial_p_values(counts, n, 0.3) <= ERROR).mean()

    assert 0.7 <= power <= 0.9
    assert n == pytest.approx((1.645 * sqrt(0.21) + 0.842 * sqrt(0.1875)) ** 2 / 0.05**2, rel=0.01)


def test_what_no_number_of_draws_shows_needs_infinitely_many() -> None:
    assert draws_needed(0.0, 0.1, (LOW, HIGH), ERROR) == inf
    assert draws_needed(0.1, 0.1, (LOW, HIGH), ERROR) == inf
    assert trials_needed(0.3, 0.3, ERROR) == inf


def test_even_without_any_spread_a_few_draws_are_needed() -> None:
    n = int(np.ceil(draws_needed(-0.03, 0.0, (LOW, HIGH), ERROR)))

    assert float(betting_p_values(np.full(2 * n, -0.03), LOW, HIGH, ERROR)) <= ERROR
    assert float(betting_p_values(np.full(n // 2, -0.03), LOW, HIGH, ERROR)) > ERROR


def test_binary_is_0_and_1_alone() -> None:
    assert is_binary(np.array([0.0, 1.0, 1.0]))
    assert not is_binary(np.array([0.0, 0.5]))
