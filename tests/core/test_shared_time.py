"""A machine's busy time, shared by the calls that run side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.shared_time import SharedTime


def test_a_call_alone_is_charged_all_of_its_time() -> None:
    busy = SharedTime().entered(10.0)
    assert busy.left(14.0).charged - busy.charged == pytest.approx(4.0)


def test_two_calls_at_once_are_charged_half_each() -> None:
    first = SharedTime().entered(0.0)
    second = first.entered(2.0)
    ended = second.left(6.0)
    assert ended.charged - first.charged == pytest.approx(2.0 + 4.0 / 2)
    assert ended.left(7.0).charged - second.charged == pytest.approx(4.0 / 2 + 1.0)


SPANS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 20)).map(lambda it: (it[0], it[0] + it[1])),
    min_size=1,
    max_size=12,
)


@given(SPANS)
def test_shares_sum_to_the_time_in_which_the_machine_had_anything_to_do(
    spans: list[tuple[int, int]],
) -> None:
    moments = sorted(
        [(start, 0, call) for call, (start, _) in enumerate(spans)]
        + [(end, 1, call) for call, (_, end) in enumerate(spans)]
    )
    busy, began, shares = SharedTime(), dict[int, float](), dict[int, float]()
    for moment, is_end, call in moments:
        busy = busy.left(moment) if is_end else busy.entered(moment)
        if is_end:
            shares[call] = busy.charged - began[call]
        else:
            began[call] = busy.charged
    worked = {second for start, end in spans for second in range(start, end)}
    assert sum(shares.values()) == pytest.approx(len(worked))
