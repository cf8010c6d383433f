"""Figures: one of three states, and numbers as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.evidence.figure import Figure, in_percent, percent, points, usd, usd_interval


@pytest.mark.parametrize(
    "facts",
    [
        {"state": "value", "value": 1.0},
        {"state": "value", "value": None},
        {"state": "not_measured", "value": 0.0, "low": 0.0, "high": 0.0},
        {"state": "not_enough_data", "low": 0.0},
    ],
)
def test_a_value_has_an_interval_and_nothing_else_has_one(facts: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a value has an interval"):
        Figure("saved", "share", sentence="", **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("share", "told"),
    [
        ((0.41, 0.38, 0.44), "41 % [38, 44]"),
        ((-0.12, -0.16, -0.08), "-12 % [-16, -8]"),
        ((0.4123, 0.409, 0.415), "41.2 % [40.9, 41.5]"),
        ((0.0, -0.004, 0.03), "0 % [-0.4, 3]"),
        ((0.997, 0.95, 0.9996), "99.7 % [95, 99.96]"),
        ((1.0, 0.96, 1.0), "100 % [96, 100]"),
        ((0.0004, 0.0002, 0.04), "0.04 % [0.02, 4]"),
        ((999_999 / 1_000_000, 0.99999, 1.0), "99.9999 % [99.999, 100.0]"),
    ],
)
def test_shares_are_told_in_percent(share: tuple[float, float, float], told: str) -> None:
    assert percent(*share) == told


@given(st.integers(1, 10**9).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(max_examples=200)
def test_all_is_told_of_all_alone_and_none_of_none(counted: tuple[int, int]) -> None:
    some, all_of_them = counted
    for digits in (0, 1):
        told = float(in_percent(some / all_of_them, digits))

        assert (told == 100) == (some == all_of_them)
        assert (told == 0) == (some == 0)


@pytest.mark.parametrize(
    ("amount", "told"),
    [
        (0.0, "0.00 USD"),
        (1204.5, "1,204.50 USD"),
        (-3.14159, "-3.14 USD"),
        (0.0123456, "0.0123 USD"),
        (0.0000012345, "0.00000123 USD"),
    ],
)
def test_dollars_keep_what_counts(amount: float, told: str) -> None:
    assert usd(amount) == told


def test_intervals_name_their_unit_once() -> None:
    assert usd_interval(2.0, 1.5, 2.5) == "2.00 USD [1.50, 2.50]"
    assert points(-0.012, -0.031, 0.007) == "-0.012 [-0.031, +0.007]"
