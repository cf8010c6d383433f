"""Scores by session and arm, from a real decision log."""

from pathlib import Path

import pytest

from router.core.feedback import Feedback, Source
from router.core.ledger import Window
from router.core.session_score import SessionScore
from router.errors import DecisionLogError
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_scores import SQLiteScores
from tests.fakes.events import AT, an_event, decided

HOUR = int(AT // 3600 * 3600)
ALWAYS = Window(0.0, AT * 2)


def said(decision: str, score: float, at: float = AT, source: Source = "user") -> Feedback:
    return Feedback(decision, source, at, score)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """Two sessions and a request without one; the first session changes arms."""
    path = tmp_path / "decisions.sqlite3"
    log = SQLiteDecisionLog(path)
    control, treated = decided(arm="control"), decided(arm="treated")
    await log.record(an_event("a1", session="a", decision=treated))
    await log.record(an_event("a2", session="a", decision=treated, at=AT + 3600))
    await log.record(an_event("a3", session="a", decision=control, at=AT + 3600))
    await log.record(an_event("b1", session="b", decision=control))
    await log.record(an_event("lone", session=None, decision=treated))
    await log.record(an_event("made_up", session="c", simulated=True))
    await log.record(an_event("unjudged", session="a", decision=treated))
    for one in (
        said("a1", 1.0, AT + 9),
        said("a2", 0.5, AT + 5),
        said("a2", 0.0, AT + 6, "judge"),
        said("a3", 0.25, AT + 7),
        said("b1", 1.0, AT + 1),
        said("lone", 0.75, AT + 2),
        said("made_up", 0.0),
    ):
        await log.record_feedback(one)
    await log.close()
    return path


async def test_scores_are_summed_by_session_arm_and_source_in_order_of_time(path: Path) -> None:
    assert [*await SQLiteScores(path).session_scores(ALWAYS)] == [
        SessionScore("b", "control", "user", AT + 1, 1, 1.0),
        SessionScore("lone", "treated", "user", AT + 2, 1, 0.75),
        SessionScore("a", "treated", "user", AT + 5, 2, 1.5),
        SessionScore("a", "treated", "judge", AT + 6, 1, 0.0),
        SessionScore("a", "control", "user", AT + 7, 1, 0.25),
    ]


async def test_made_up_answers_are_told_only_when_asked_for(path: Path) -> None:
    found = await SQLiteScores(path).session_scores(ALWAYS, simulated=True)

    assert [it.session for it in found] == ["c"]


async def test_a_window_is_of_decisions_and_not_of_what_was_said_later(path: Path) -> None:
    found = await SQLiteScores(path).session_scores(Window(AT, AT + 1))

    assert {it.session for it in found} == {"a", "b", "lone"}
    assert sum(it.judged for it in found) == 3


async def test_who_thinks_better_of_it_counts_once(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    await log.record_feedback(said("b1", 0.5, AT + 20))
    await log.record_feedback(said("b1", 0.0, AT + 21, "check"))
    await log.close()
    found = {(it.session, it.source): it for it in await SQLiteScores(path).session_scores(ALWAYS)}

    assert found["b", "user"] == SessionScore("b", "control", "user", AT + 1, 1, 0.5)
    assert found["b", "check"].score == 0.0
    assert (await SQLiteScores(path).judged_by_hour(ALWAYS))[HOUR] == 3


async def test_a_decision_that_two_judged_counts_once(path: Path) -> None:
    assert await SQLiteScores(path).judged_by_hour(ALWAYS) == {HOUR: 3, HOUR + 3600: 2}


async def test_without_a_file_it_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DecisionLogError):
        await SQLiteScores(tmp_path / "none.sqlite3").session_scores(ALWAYS)


@pytest.mark.parametrize("at", [AT + 1 / 3, 2.0**31 - 2**-22, 1_764_158_400.1, 2.0**32 + 2**-20])
async def test_when_and_how_much_come_back_to_the_last_bit(tmp_path: Path, at: float) -> None:
    session = 'a "quoted"\\ \u2028\U0001f600\tname, and more'
    log = SQLiteDecisionLog(path := tmp_path / "decisions.sqlite3")
    await log.record(an_event("a", session=session))
    await log.record_feedback(said("a", 1 / 3, at))
    await log.close()

    [found] = await SQLiteScores(path).session_scores(ALWAYS)
    assert found == SessionScore(session, "routed", "user", at, 1, 0.333333)
