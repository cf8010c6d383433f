"""Confidence sequences hold at every look, and are what a gambler's capital says."""

from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from router.evidence.bounds import Floats
from router.evidence.sequences import confidence_sequence, draws_to_decide

ERROR = 0.05
UNIT = (0.0, 1.0)


def capital(draws: Floats, mean: float) -> float:
    """Of ten gamblers who began with a tenth each, in plain products: the definition."""
    stakes = [0.9 / 2**place for place in range(10)]
    return sum(0.1 * float(np.prod(1 + stake * (draws / mean - 1))) for stake in stakes)


draws = arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1))


@given(draws)
@settings(max_examples=40)
def test_a_bound_is_where_the_capital_reaches_twice_one_over_the_error(seen: Floats) -> None:
    low, high = confidence_sequence(seen, UNIT, ERROR)

    assert 0 <= low <= seen.mean() + 1e-9 and seen.mean() - 1e-9 <= high <= 1
    if low > 1e-6:
        assert capital(seen, low - 1e-7) >= 2 / ERROR * (1 - 1e-4)
    assert capital(seen, min(low + 1e-6, 1.0)) <= 2 / ERROR * (1 + 1e-4)
    if high < 1 - 1e-6:
        assert capital(1 - seen, 1 - high - 1e-7) >= 2 / ERROR * (1 - 1e-4)


@given(draws, st.floats(-3, 3), st.floats(0.1, 5))
@settings(max_examples=30)
def test_other_bounds_only_rescale_it(seen: Floats, start: float, width: float) -> None:
    low, high = confidence_sequence(seen, UNIT, ERROR)
    moved = confidence_sequence(start + width * seen, (start, start + width), ERROR)

    assert moved == pytest.approx((start + width * low, start + width * high), abs=1e-5)


@pytest.mark.parametrize("mean", [0.05, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["binary", "smooth"])
def test_looked_at_after_every_draw_it_misses_the_mean_no_oftener_than_promised(
    mean: float, kind: str
) -> None:
    random = np.random.default_rng(4)
    shape = (1000, 150)
    seen = random.binomial(1, mean, shape).astype(np.float64)
    if kind == "smooth":
        seen = random.beta(3 * mean, 3 * (1 - mean), shape)
    rich = np.zeros(shape)
    for scaled, at in ((seen, mean), (1 - seen, 1 - mean)):
        gains = [
            np.cumsum(np.log1p(0.9 / 2**place * (scaled / at - 1)), axis=1) for place in range(10)
        ]
        rich = np.maximum(rich, np.exp(np.logaddexp.reduce(gains)) / 10)
    missed = rich.max(axis=1) >= 2 / ERROR

    assert missed.mean() <= ERROR
    # What was reckoned above is what the intervals do: they leave the mean out at the same looks.
    for run in np.flatnonzero(missed)[:5]:
        at = int(np.argmax(rich[run] >= 2 / ERROR)) + 1
        low, high = confidence_sequence(seen[run, :at], UNIT, ERROR)
        assert not low < mean < high


@pytest.mark.parametrize("n", [200, 2000, 20_000])
def test_its_width_is_about_three_and_a_half_standard_errors(n: int) -> None:
    seen = np.random.default_rng(n).choice([-1.0, 0.0, 1.0], n, p=[0.09, 0.82, 0.09])
    low, high = confidence_sequence(seen, (-1.0, 1.0), ERROR)
    errors = (high - low) / 2 / (seen.std() / n**0.5)

    assert 3.2 <= errors <= 3.7


def test_as_many_draws_as_said_mostly_settle_it() -> None:
    n = round(draws_to_decide(0.18, 0.08))
    runs = np.random.default_rng(1).choice([-1.0, 0.0, 1.0], (200, n), p=[0.09, 0.82, 0.09])
    settled = [confidence_sequence(run, (-1.0, 1.0), ERROR)[0] > -0.08 for run in runs]

    assert 0.7 <= np.mean(settled) <= 0.95
    assert draws_to_decide(0.18, 0.0) == inf


def test_nothing_seen_excludes_nothing() -> None:
    assert confidence_sequence(np.empty(0), (-1.0, 1.0), ERROR) == (-1.0, 1.0)
    assert confidence_sequence(np.zeros(5), UNIT, ERROR)[0] == 0.0
    assert confidence_sequence(np.ones(5), UNIT, ERROR)[1] == 1.0
