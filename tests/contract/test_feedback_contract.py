"""What every decision log does with feedback, whatever it is kept in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import pytest

from router.core.event import Content, RoutingEvent
from router.core.feedback import Feedback, Judged
from router.core.review import Review
from router.errors import DecisionLogError, UnknownDecision
from router.ports import DecisionLog
from router.stores.memory import MemoryDecisionLog
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import AT, DECISION, an_event, unanswered


class JudgedLog(Protocol):
    """A DecisionLog whose feedback can be read, as all of ours do."""

    async def record(self, event: RoutingEvent) -> None: ...

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None: ...

    async def record_review(self, review: Review) -> None: ...

    def feedback_on(self, decisions: Iterable[str]) -> Mapping[str, Sequence[Feedback]]: ...

    def judged(self, since: float | None = None, unjudged: bool = False) -> Iterator[Judged]: ...

    async def close(self) -> None: ...


LOGS: dict[str, Callable[[Path], JudgedLog]] = {
    "memory": lambda directory: MemoryDecisionLog(),
    "sqlite": lambda directory: SQLiteDecisionLog(directory / "decisions.sqlite3"),
}


@pytest.fixture(params=LOGS)
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[JudgedLog]:
    made = LOGS[request.param](tmp_path)
    yield made
    await made.close()


def said(decision: str = "d1", score: float = 0.5, **more: Any) -> Feedback:
    return Feedback(**{"decision": decision, "source": "user", "at": AT, "score": score, **more})


async def test_satisfies_the_port(log: JudgedLog) -> None:
    port: DecisionLog = log
    await port.record(an_event())
    await port.record_feedback(said())
    assert [*log.feedback_on(["d1"])["d1"]] == [said()]


async def test_a_key_may_speak_of_its_own_decisions_alone(log: JudgedLog) -> None:
    await log.record(an_event(key_name="mine"))
    await log.record(an_event(id="d2", key_name="theirs"))

    await log.record_feedback(said(), "mine")
    with pytest.raises(UnknownDecision):
        await log.record_feedback(said("d2"), "mine")

    assert set(log.feedback_on(["d1", "d2"])) == {"d1"}


async def test_feedback_reads_back_whole(log: JudgedLog) -> None:
    given = said(score=1.0, source="judge", at=AT + 0.25, word="overprovisioned")
    await log.record(an_event())
    await log.record_feedback(given)
    assert list(log.feedback_on(["d1"])["d1"]) == [given]


async def test_a_source_is_counted_once_with_what_it_said_last(log: JudgedLog) -> None:
    await log.record(an_event())
    for score in (0.1, 0.9, 0.9, 0.3):
        await log.record_feedback(said(score=score))
    await log.record_feedback(said(score=1.0, source="check"))
    found = log.feedback_on(["d1"])["d1"]
    assert [(one.source, one.score) for one in found] == [("check", 1.0), ("user", 0.3)]


async def test_a_number_takes_the_place_of_a_word(log: JudgedLog) -> None:
    await log.record(an_event())
    await log.record_feedback(said(score=0.0, word="failed"))
    await log.record_feedback(said(score=0.0))
    assert [one.word for one in log.feedback_on(["d1"])["d1"]] == [None]


@pytest.mark.parametrize("unknown", ["nobody", "", "d1' OR '1'='1", "dec\ud800", "d1\x00"])
async def test_feedback_on_an_unknown_decision_is_refused(log: JudgedLog, unknown: str) -> None:
    await log.record(an_event())
    with pytest.raises(UnknownDecision) as refused:
        await log.record_feedback(said(unknown))
    assert refused.value.param == "decision"
    assert not unknown or unknown not in str(refused.value)
    assert list(log.judged()) == []


async def test_one_refused_piece_takes_no_other_with_it(log: JudgedLog) -> None:
    told = await asyncio.gather(
        log.record(an_event("a")),
        log.record_feedback(said("nobody")),
        log.record_feedback(said("a")),
        log.record(an_event("b")),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [type(None), UnknownDecision, type(None), type(None)]
    assert set(log.feedback_on(["a", "b", "nobody"])) == {"a"}


async def test_feedback_on_very_many_decisions_is_read_at_once(log: JudgedLog) -> None:
    ids = [f"d{number}" for number in range(1234)]
    await asyncio.gather(*(log.record(an_event(id)) for id in ids))
    await asyncio.gather(*(log.record_feedback(said(id)) for id in ids[::2]))
    assert set(log.feedback_on(ids)) == set(ids[::2])
    assert log.feedback_on([]) == {}


async def test_judged_decisions_come_oldest_first_with_all_that_was_known(log: JudgedLog) -> None:
    await log.record(an_event("later", at=AT + 5, content=Content('{"model": "auto"}', "Ada.")))
    await log.record(an_event("silent", at=AT + 3))
    await log.record(an_event("earlier"))
    await log.record_feedback(said("later", 1.0))
    await log.record_feedback(said("later", 0.5, source="judge"))
    await log.record_feedback(said("earlier", 0.0, word="failed"))

    earlier, later = log.judged()

    assert earlier == Judged(
        decision="earlier",
        at=AT,
        policy="default",
        policy_version="1a2b3c4d",
        rule="easy",
        strategy="cheapest_good_enough",
        choice="small",
        model="small",
        propensity=0.95,
        propensities={"small": 0.95, "large": 0.05},
        signals={"complexity": 0.2, "domain": "law", "has_code": False, "quality.small": 0.82},
        candidates=DECISION.candidates,
        cost_usd=0.00012,
        simulated=False,
        feedback=(said("earlier", 0.0, word="failed"),),
    )
    assert (later.decision, later.score, later.prompt) == ("later", 0.75, '{"model": "auto"}')
    assert [one.decision for one in log.judged(since=AT + 1)] == ["later"]
    every = [(one.decision, len(one.feedback)) for one in log.judged(unjudged=True)]
    assert every == [("earlier", 1), ("silent", 0), ("later", 2)]


async def test_a_request_that_nobody_answered_can_be_judged_too(log: JudgedLog) -> None:
    await log.record(unanswered())
    await log.record_feedback(said(score=0.0, word="failed"))
    (found,) = log.judged()
    assert (found.model, found.choice, found.candidates, found.score) == (None, None, (), 0.0)


async def test_a_closed_log_takes_no_feedback(log: JudgedLog) -> None:
    await log.record(an_event())
    await log.close()
    with pytest.raises(DecisionLogError, match="closed"):
        await log.record_feedback(said())
