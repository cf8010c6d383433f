"""Scores by group: told with an interval, or not told where few were judged."""

from router.core.ledger import QualitySums
from router.evidence.group_scores import LEAST_JUDGED, most_heard, score_of, scores_by_group


def sums(of: str, judged: int, score: float, source: str = "user") -> QualitySums:
    return QualitySums(tuple(of), source, judged, score, score)


def test_a_group_has_its_mean_and_an_interval_around_it() -> None:
    found = score_of(sums("a", 100, 90.0))

    assert found.value == 0.9 and found.n == 100
    assert found.low is not None and found.high is not None
    assert 0.8 < found.low < 0.9 < found.high < 0.96


def test_a_thin_group_says_how_many_it_takes() -> None:
    found = score_of(sums("a", LEAST_JUDGED - 1, 5.0))

    assert (found.state, found.n, found.needed) == ("not_enough_data", 19, LEAST_JUDGED)


def test_nothing_judged_is_not_measured() -> None:
    assert score_of(None).state == score_of(sums("a", 0, 0.0)).state == "not_measured"


def test_groups_are_of_one_source_and_the_most_judged_leads() -> None:
    told = [sums("a", 5, 1.0), sums("b", 30, 9.0), sums("a", 90, 9.0, "judge")]
    found = scores_by_group(told, "user")

    assert [(it.of, it.score.n, it.is_thin) for it in found] == [
        (("b",), 30, False),
        (("a",), 5, True),
    ]


def test_groups_are_added_up_by_what_is_asked_for_alone() -> None:
    told = [sums("ax", 30, 3.0), sums("ay", 20, 7.0), sums("bx", 40, 4.0), sums("by", 9, 9.0)]

    assert [(it.of, it.score.n, it.score.value) for it in scores_by_group(told, "user")] == [
        (("a",), 50, 0.2),
        (("b",), 49, 13 / 49),
    ]
    assert [it.of for it in scores_by_group(told, "user", (1,))] == [("x",), ("y",)]
    assert len(scores_by_group(told, "user", (1, 0))) == 4


def test_the_source_that_judged_most_is_found() -> None:
    assert most_heard([sums("a", 5, 1.0), sums("a", 4, 1.0, "judge"), sums("b", 2, 1.0)]) == "user"
    assert most_heard([]) is None
