"""The bootstrap: as a plain loop would make it, the same at every look, and honest at the edges."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from router.evidence.bounds import Floats
from router.evidence.resampling import (
    ROUNDS,
    ratio,
    ratio_slope,
    resamples,
    studentised,
    studentised_each,
)


def by_hand(rows: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Percentile-t of a ratio of sums, resample by resample, with the textbook's error: that of a
    ratio is the spread of top - ratio x bottom (Cochran, Sampling Techniques, section 6.4)."""

    def told(some: list[tuple[float, float]]) -> tuple[float, float]:
        top, bottom = (sum(column) for column in zip(*some, strict=True))
        rest = sum((a - top / bottom * b) ** 2 for a, b in some)
        return top / bottom, sqrt(rest * len(some) / (len(some) - 1)) / bottom

    value, error = told(rows)
    distances = []
    for counts in resamples(len(rows)).astype(int).tolist():
        drawn = [row for row, many in zip(rows, counts, strict=True) for _ in range(many)]
        again, its_error = told(drawn)
        distances.append((again - value) / its_error)
    widest = np.quantile(np.abs(distances), 0.95)
    low = max(np.quantile(distances, 0.975), widest)
    high = max(-np.quantile(distances, 0.025), widest)
    return value, value - low * error, value + high * error


def test_it_is_what_a_plain_loop_makes() -> None:
    rows = np.random.default_rng(0).lognormal(0, 1, (12, 2))
    found = studentised(rows, ratio, ratio_slope)

    assert found is not None
    assert tuple(found) == pytest.approx(by_hand([tuple(row) for row in rows.tolist()]), rel=1e-6)


def test_each_resample_draws_as_many_clusters_as_there_are_and_all_alike() -> None:
    drawn = resamples(40)

    assert drawn.shape == (ROUNDS, 40)
    assert set(drawn.sum(axis=1)) == {40.0}
    assert drawn.mean(axis=0) == pytest.approx(np.ones(40), abs=0.15)
    assert drawn.var() == pytest.approx(1 - 1 / 40, rel=0.05)


def test_the_same_sums_have_the_same_interval() -> None:
    rows = np.random.default_rng(1).lognormal(0, 1, (50, 2))

    assert studentised(rows, ratio, ratio_slope) == studentised(rows, ratio, ratio_slope)


def test_many_groups_drawn_together_have_the_intervals_of_each_alone() -> None:
    random = np.random.default_rng(2)
    many = [random.lognormal(0, 1, (n, 2)) for n in (40, 12, 40, 1, 40)]
    many.append(np.zeros((40, 2)))
    together = studentised_each(many, ratio, ratio_slope)

    for found, rows in zip(together, many, strict=True):
        alone = studentised(rows, ratio, ratio_slope)
        assert (found is None) == (alone is None)
        assert found is None or tuple(found) == pytest.approx(tuple(alone or ()), rel=1e-12)


sums = arrays(np.float64, st.tuples(st.integers(2, 30), st.just(2)), elements=st.floats(0, 1e6))


@given(sums)
@settings(max_examples=40, deadline=None)
def test_an_interval_holds_its_figure_or_there_is_none(rows: Floats) -> None:
    found = studentised(rows, ratio, ratio_slope)

    if found is not None and np.isfinite(found.value):
        assert found.low <= found.value <= found.high


@given(sums, st.floats(1e-6, 1e6))
@settings(max_examples=30, deadline=None)
def test_the_unit_does_not_matter(rows: Floats, factor: float) -> None:
    one = studentised(rows, ratio, ratio_slope)
    other = studentised(rows * factor, ratio, ratio_slope)

    if one is not None and other is not None and np.isfinite(one.value):
        assert other.value == pytest.approx(one.value, rel=1e-9)


def test_one_cluster_has_no_interval_and_clusters_all_alike_have_no_width() -> None:
    assert studentised(np.ones((1, 2)), ratio, ratio_slope) is None
    assert studentised(np.ones((5, 2)), ratio, ratio_slope) == (1.0, 1.0, 1.0)
    assert studentised(np.zeros((5, 2)), ratio, ratio_slope) is None
