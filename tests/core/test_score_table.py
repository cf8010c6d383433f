"""A table of scores is a sequence like any other."""

import pytest

from router.core.score_table import ScoreTable
from router.core.session_score import SessionScore
from tests.fakes.scores import as_table

ROWS = [
    SessionScore("b", "control", "check", 1.5, 1, 0.25),
    SessionScore("a", "treated", "user", 2.0, 3, 2.5),
    SessionScore("b", "routed", "judge", 3.0, 2, 0.0),
]


def test_it_has_the_scores_it_was_made_of_in_order_of_time() -> None:
    table = as_table(ROWS[::-1])
    assert (len(table), list(table), table[-1], table[1:]) == (3, ROWS, ROWS[2], ROWS[1:])
    assert ROWS[1] in table and table.index(ROWS[2]) == 2
    assert not ScoreTable((), *[b""] * 6)


def test_there_is_none_beyond_the_last() -> None:
    with pytest.raises(IndexError):
        as_table(ROWS)[3]
