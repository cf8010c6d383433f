"""What every decision log does with reviews, whatever it is kept in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import pytest
from msgspec.structs import replace

from router.core.bill import Bill
from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.review import Review
from router.errors import DecisionLogError, UnknownDecision
from router.ports import DecisionLog
from router.stores.decision_row import Row
from router.stores.memory import MemoryDecisionLog
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import AT, an_event
from tests.fakes.reviews import JUDGED, SHADOWED, UNPRICED, a_review


class ReviewedLog(Protocol):
    """A DecisionLog whose reviews can be read, as all of ours do."""

    async def record(self, event: RoutingEvent) -> None: ...

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None: ...

    async def record_review(self, review: Review) -> None: ...

    def feedback_on(self, decisions: Iterable[str]) -> Mapping[str, Sequence[Feedback]]: ...

    def review_of(self, decision: str) -> Review | None: ...

    def find(self, decision: str) -> Row | None: ...

    async def close(self) -> None: ...


LOGS: dict[str, Callable[[Path], ReviewedLog]] = {
    "memory": lambda directory: MemoryDecisionLog(),
    "sqlite": lambda directory: SQLiteDecisionLog(directory / "decisions.sqlite3"),
}


@pytest.fixture(params=LOGS)
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ReviewedLog]:
    made = LOGS[request.param](tmp_path)
    yield made
    await made.close()


def own_usd(log: ReviewedLog, decision: str = "d1") -> float | None:
    row = log.find(decision)
    assert row is not None
    found: float | None = row["own_usd"]
    return found


async def test_satisfies_the_port(log: ReviewedLog) -> None:
    port: DecisionLog = log
    await port.record(an_event())
    await port.record_review(a_review())
    assert log.review_of("d1") == a_review()


@pytest.mark.parametrize(
    "review",
    [
        a_review(),
        a_review(shadow=None, calls=(JUDGED,)),
        a_review(score=None, shadow=None, calls=(replace(UNPRICED, usage=None),)),
        a_review(score=None, shadow=None, calls=()),
    ],
    ids=["with a shadow", "judged alone", "the judge could not tell", "nothing came of it"],
)
async def test_a_review_reads_back_whole(log: ReviewedLog, review: Review) -> None:
    await log.record(an_event())
    await log.record_review(review)
    assert log.review_of("d1") == review


async def test_a_decision_that_nobody_reviewed_has_no_review(log: ReviewedLog) -> None:
    await log.record(an_event())
    assert log.review_of("d1") is None
    assert log.review_of("nobody") is None


async def test_its_score_is_what_the_judge_says(log: ReviewedLog) -> None:
    await log.record(an_event())
    await log.record_review(a_review(score=0.7))
    assert [*log.feedback_on(["d1"])["d1"]] == [Feedback("d1", "judge", AT + 60, 0.7)]


async def test_a_judge_that_could_not_tell_says_nothing(log: ReviewedLog) -> None:
    await log.record(an_event())
    await log.record_review(a_review(score=None, shadow=None))
    assert log.feedback_on(["d1"]) == {}


async def test_what_its_calls_cost_is_the_rows_own_cost(log: ReviewedLog) -> None:
    await log.record(an_event())
    assert own_usd(log) == 0.0
    await log.record_review(a_review(calls=(JUDGED, SHADOWED, JUDGED)))
    assert own_usd(log) == pytest.approx(0.014)


async def test_a_call_without_a_price_leaves_the_rows_own_cost_unknown(log: ReviewedLog) -> None:
    await log.record(an_event())
    await log.record_review(a_review(calls=(JUDGED, UNPRICED, SHADOWED)))
    assert own_usd(log) is None


async def test_what_a_row_had_cost_us_before_stays(log: ReviewedLog) -> None:
    await log.record(an_event(bill=Bill(own_usd=1.0)))
    await log.record(an_event("d2", bill=Bill(own_usd=None)))
    for id in ("d1", "d2"):
        await log.record_review(a_review(id, calls=(JUDGED,)))
    assert own_usd(log) == pytest.approx(1.002)
    assert own_usd(log, "d2") is None


async def test_a_second_review_of_a_decision_changes_nothing(log: ReviewedLog) -> None:
    await log.record(an_event())
    await log.record_review(first := a_review(calls=(JUDGED,)))
    await log.record_feedback(Feedback("d1", "judge", AT + 90, 0.2))
    await log.record_review(first)
    await log.record_review(a_review(score=0.1, calls=(SHADOWED, SHADOWED)))
    assert log.review_of("d1") == first
    assert own_usd(log) == pytest.approx(0.002)
    # Whoever judged after it is not overruled by its repetition.
    assert [it.score for it in log.feedback_on(["d1"])["d1"]] == [0.2]


@pytest.mark.parametrize("unknown", ["nobody", "", "d1' OR '1'='1", "dec\ud800", "d1\x00"])
async def test_a_review_of_an_unknown_decision_is_refused(log: ReviewedLog, unknown: str) -> None:
    await log.record(an_event())
    with pytest.raises(UnknownDecision) as refused:
        await log.record_review(a_review(unknown))
    assert not unknown or unknown not in str(refused.value)
    assert log.review_of("d1") is None


async def test_one_refused_piece_takes_no_other_with_it(log: ReviewedLog) -> None:
    told = await asyncio.gather(
        log.record(an_event("a")),
        log.record_review(a_review("nobody")),
        log.record_review(a_review("a")),
        log.record(an_event("b")),
        return_exceptions=True,
    )
    assert [type(one) for one in told] == [type(None), UnknownDecision, type(None), type(None)]
    assert log.review_of("a") == a_review("a")


async def test_a_closed_log_refuses(log: ReviewedLog) -> None:
    await log.record(an_event())
    await log.close()
    with pytest.raises(DecisionLogError, match="closed"):
        await log.record_review(a_review())
