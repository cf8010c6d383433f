"""Histogram buckets: where a value falls, and what a quantile read from them is worth."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.buckets import LOWEST, PER_DOUBLING, bucket_of, quantile, upper

VALUES = st.floats(1e-9, 1e6)


@given(VALUES)
def test_a_value_lies_between_the_ends_of_its_bucket(value: float) -> None:
    bucket = bucket_of(value)
    assert upper(bucket - 1) * (1 - 1e-12) < value <= upper(bucket) * (1 + 1e-12)


@pytest.mark.parametrize("nothing", [0.0, -1.0])
def test_nothing_and_less_have_the_lowest_bucket(nothing: float) -> None:
    assert bucket_of(nothing) == LOWEST
    assert upper(LOWEST) == 0.0


@given(st.lists(VALUES, min_size=1, max_size=40), st.floats(0, 1))
def test_a_quantile_is_off_by_less_than_a_bucket(values: list[float], share: float) -> None:
    found = quantile(Counter(map(bucket_of, values)), share)
    rank = max(int(-(-share * len(values) // 1)), 1)
    true = sorted(values)[rank - 1]
    width = 2 ** (1 / PER_DOUBLING) * (1 + 1e-9)
    assert found is not None and true / width <= found <= true * width


def test_where_nothing_was_counted_there_is_no_quantile() -> None:
    assert quantile({}, 0.5) is None
