"""What changed: new versions of a policy, and hours in which requests got no answer."""

from router.core.ledger import SECONDS_PER_HOUR, Point, Span, Totals
from router.evidence.changes import Change, changes

H = SECONDS_PER_HOUR


def hour(number: int, requests: int = 100, failed: int = 0) -> Point:
    return Point(number * H, None, Totals(requests=requests, upstream_error=failed))


def test_a_version_begins_with_its_first_decision_and_the_first_of_all_is_no_change() -> None:
    seen = {"b": Span(H, H), "a": Span(0, 2 * H), None: Span(2 * H, 2 * H)}

    assert changes(seen, []) == [Change("policy", H, None, "policy version b")]


def test_hours_that_follow_each_other_are_one_outage() -> None:
    found = changes(
        {}, [hour(0), hour(1, failed=6), hour(2, failed=50), hour(3), hour(5, failed=9)]
    )

    assert [(it.at, it.until, it.label) for it in found] == [
        (H, 3 * H, "outage, 56 without an answer"),
        (5 * H, 6 * H, "outage, 9 without an answer"),
    ]


def test_outages_with_a_gap_in_the_log_between_them_are_two() -> None:
    found = changes({}, [hour(1, failed=9), hour(3, failed=9)])

    assert [(it.at, it.until) for it in found] == [(H, 2 * H), (3 * H, 4 * H)]


def test_a_few_failures_are_no_outage() -> None:
    assert changes({}, [hour(0, 10, failed=4), hour(1, 1000, failed=49)]) == []


def test_nothing_happened_to_nobody() -> None:
    assert changes({}, []) == []
