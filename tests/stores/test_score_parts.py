"""Scores from several places are put together exactly, in order of time."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.feedback import SOURCES
from router.core.ledger import ARMS
from router.core.session_score import SessionScore
from router.stores.roll_up import MICRO
from router.stores.score_parts import FRACTIONS, packed_scores, part_of, table_of, unpacked_scores

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "ä\x00", '"\U0001f600', "", "9", "10"]),
        st.sampled_from(ARMS),
        st.sampled_from(SOURCES),
        st.sampled_from([0, 1, FRACTIONS, 2**60]) | st.integers(0, 2**62),
        st.integers(1, 300),
        st.integers(0, 2**40),
    ),
    max_size=8,
    unique_by=lambda it: it[:3],
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROWS, max_size=4))
def test_scores_of_one_session_arm_and_source_are_added_up(days: list[list[Any]]) -> None:
    parts = [
        unpacked_scores(*packed_scores(rows)) if number % 2 else part_of(rows)
        for number, rows in enumerate(days)
    ]
    found: dict[tuple[Any, ...], Sequence[int]] = {}
    for *of, at, judged, score in (row for rows in days for row in rows):
        before = found.get(place := tuple(of), (at, 0, 0))
        found[place] = (min(before[0], at), before[1] + judged, before[2] + score)
    expected = [
        SessionScore(of[0], of[1], of[2], at / FRACTIONS, judged, score / MICRO)
        for of, (at, judged, score) in sorted(found.items(), key=lambda it: (it[1][0], it[0][0]))
    ]
    told = list(table_of(parts))
    assert sorted(told) == sorted(expected)
    assert [(it.at, it.session) for it in told] == [(it.at, it.session) for it in expected]


def test_what_was_changed_and_never_counted_has_no_mean_and_is_left_out() -> None:
    rows = [("a", "treated", "user", 1, 0, -5), ("b", "treated", "user", 2, 1, 5)]
    assert [it.session for it in table_of([part_of(rows)])] == ["b"]


def test_of_nothing_there_is_nothing() -> None:
    assert list(table_of([])) == list(table_of([part_of([])])) == []
