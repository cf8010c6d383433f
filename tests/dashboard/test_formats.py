"""Figures as people read them: a sign that means something, and never a zero for the unknown."""

import pytest

from router.dashboard.formats import MINUS, UNKNOWN, between, money, share, signed, valued


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, UNKNOWN),
        (0, "$0.0000"),
        (-0.00001, "$0.0000"),
        (1.5, "$1.5000"),
        (-1.5, "-$1.5000"),
        (1234.567, "$1,234.57"),
    ],
)
def test_money_in_columns(amount: float | None, shown: str) -> None:
    assert money(amount) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (None, UNKNOWN),
        (0.0, "$0.0000"),
        (-0.0, "$0.0000"),
        (2, "+$2.0000"),
        (-2, f"{MINUS}$2.0000"),
    ],
)
def test_money_with_its_sign(amount: float | None, shown: str) -> None:
    assert signed(amount) == shown


def test_a_share_is_all_or_none_only_where_it_is() -> None:
    assert (share(0.997), share(1.0), share(0.003), share(0.0)) == (
        "99.7 %",
        "100 %",
        "0.3 %",
        "0 %",
    )


def test_values_and_intervals_by_unit() -> None:
    assert valued(0.123, "share") == "12.3 %"
    assert valued(0.9999, "share") == "99.99 %"
    assert valued(-0.1, "score") == "-0.100"
    assert valued(0.0021, "seconds") == "2.1 ms"
    assert valued(None, "score") == UNKNOWN
    assert between(0.1, 0.25, "share") == "[10.0, 25.0]"
    assert between(0.0001, 0.9999, "share") == "[0.01, 99.99]"
    assert between(0.001, 0.002, "seconds") == "[1.0 ms, 2.0 ms]"
    assert between(None, None, "usd") == UNKNOWN
