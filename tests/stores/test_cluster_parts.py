"""Sums by cluster from several places add up exactly, group by group."""

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.ledger import CLUSTERS, ClusterSums
from router.stores.cluster_parts import NO_LINES, By, Lines, part_of, summed

ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, "a", "b"]),
        st.integers(0, CLUSTERS - 1),
        *[st.integers(-(2**53) - 1, 2**53 + 1)] * 10,
    ),
    max_size=8,
)


def lines(rows: list[tuple[Any, ...]]) -> Lines:
    if not rows:
        return NO_LINES
    values, *columns = zip(*rows, strict=True)
    return values, [np.array(column, dtype=np.int64) for column in columns]


@settings(max_examples=30, deadline=None)
@given(ROWS, ROWS)
def test_parts_are_added_up_to_the_last_digit_or_taken_off(
    added: list[tuple[Any, ...]], taken: list[tuple[Any, ...]]
) -> None:
    groups: dict[By, int] = {}
    parts = part_of(lines(added), groups)
    parts += [it._replace(taken_off=True) for it in part_of(lines(taken), groups)]
    told = {(value, it.cluster): it for value, of in summed(parts, groups).items() for it in of}

    expected: dict[tuple[By, int], Counter[int]] = {}
    for sign, rows in ((1, added), (-1, taken)):
        for value, cluster, *figures in rows:
            sums = expected.setdefault((value, cluster), Counter())
            for at, figure in enumerate(figures):
                sums[at] += sign * figure
    assert told == {
        (value, cluster): ClusterSums(cluster, *(sums[at] for at in range(10)))
        for (value, cluster), sums in expected.items()
        if any(sums.values())
    }


def test_of_nothing_there_is_nothing() -> None:
    assert part_of(NO_LINES, {}) == []
    assert summed([], ["a"]) == {}
