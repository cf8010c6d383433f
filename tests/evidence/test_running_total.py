"""Running totals: what was spent as it grew, beside the baseline."""

from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR, Point, Totals
from router.evidence.running_total import MOST_HOURS, running_totals


def hour(number: int, baseline: int = 10, answer: int = 4) -> Point:
    totals = Totals(requests=1, priced=1, baseline_nano=baseline, answer_nano=answer)
    return Point(number * SECONDS_PER_HOUR, None, totals)


def test_it_begins_at_nothing_and_goes_on_hour_by_hour() -> None:
    found = running_totals([hour(5), hour(7)])

    assert [(it.at // SECONDS_PER_HOUR, it.spent_nano, it.baseline_nano) for it in found] == [
        (5, 0, 0),
        (6, 4, 10),
        (8, 8, 20),
    ]


def test_long_periods_are_told_by_days() -> None:
    found = running_totals([hour(0), hour(3), hour(MOST_HOURS)])

    assert [(it.at // SECONDS_PER_DAY, it.requests) for it in found] == [(0, 0), (1, 2), (5, 3)]


def test_no_traffic_is_no_curve() -> None:
    assert running_totals([]) == ()


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 9), st.integers(0, 9)), min_size=1))
def test_it_ends_at_the_sums(told: list[tuple[int, int, int]]) -> None:
    hours = [hour(*it) for it in sorted(told)]
    last = running_totals(hours)[-1]

    assert last.requests == len(hours)
    assert last.baseline_nano == sum(it.totals.baseline_nano for it in hours)
    assert last.spent_nano == sum(it.totals.answer_nano for it in hours)
