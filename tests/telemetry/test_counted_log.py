"""The decision log that counts what was kept, what waits and what could not be kept."""

from collections.abc import Mapping
from typing import Any

import pytest

from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.errors import DecisionLogError, UnknownDecision
from router.telemetry.counted_log import CountedDecisionLog
from tests.fakes.events import AT, an_event
from tests.fakes.gateway import MemoryLog
from tests.fakes.reviews import a_review

SAID = Feedback("d1", "user", 1.0, 0.5)
ROW = {"model": "small", "strategy": "cheapest_good_enough"}


class Counts:
    """Satisfies LogCounts."""

    def __init__(self) -> None:
        self.failures = 0
        self.ratings: list[tuple[Feedback, Mapping[str, Any] | None]] = []

    def log_write_failed(self) -> None:
        self.failures += 1

    def rated(self, feedback: Feedback, row: Mapping[str, Any] | None = None) -> None:
        self.ratings.append((feedback, row))


class FullLog(MemoryLog):
    """A log on a full disk."""

    async def record(self, event: RoutingEvent) -> None:
        raise DecisionLogError("disk full")


async def test_a_row_that_is_kept_is_passed_on_and_not_counted_as_lost() -> None:
    counts, kept_in = Counts(), MemoryLog()
    await CountedDecisionLog(kept_in, counts).record(an_event())
    assert [event.id for event in kept_in.events] == ["d1"]
    assert counts.failures == 0


async def test_a_row_that_is_lost_is_counted() -> None:
    counts = Counts()
    with pytest.raises(DecisionLogError, match="disk full"):
        await CountedDecisionLog(FullLog(), counts).record(an_event())
    assert counts.failures == 1


async def test_feedback_is_counted_once_it_is_kept_with_the_row_of_its_decision() -> None:
    counts, kept_in = Counts(), MemoryLog()
    log = CountedDecisionLog(kept_in, counts, {"d1": ROW}.get)
    with pytest.raises(UnknownDecision):
        await log.record_feedback(SAID)
    assert (counts.ratings, counts.failures) == ([], 0)
    await log.record(an_event())
    await log.record_feedback(SAID)
    assert (counts.ratings, kept_in.feedback) == ([(SAID, ROW)], [SAID])


async def test_feedback_that_is_lost_is_counted_as_a_row_that_is_lost() -> None:
    counts, kept_in = Counts(), MemoryLog()
    kept_in.error = DecisionLogError("disk full")
    with pytest.raises(DecisionLogError, match="disk full"):
        await CountedDecisionLog(kept_in, counts).record_feedback(SAID)
    assert (counts.ratings, counts.failures) == ([], 1)


async def test_feedback_counts_also_where_the_row_of_its_decision_cannot_be_read() -> None:
    def unreadable(decision: str) -> None:
        raise DecisionLogError("disk gone")

    counts, kept_in = Counts(), MemoryLog()
    log = CountedDecisionLog(kept_in, counts, unreadable)
    await log.record(an_event())
    await log.record_feedback(SAID)
    assert (counts.ratings, counts.failures) == ([(SAID, None)], 0)


async def test_what_a_review_says_is_counted_as_the_judges_once_it_is_kept() -> None:
    counts, kept_in = Counts(), MemoryLog()
    log = CountedDecisionLog(kept_in, counts, {"d1": ROW}.get)
    with pytest.raises(UnknownDecision):
        await log.record_review(a_review())
    await log.record(an_event())
    await log.record(an_event("d2"))
    await log.record_review(a_review())
    await log.record_review(a_review("d2", score=None, shadow=None))
    assert kept_in.reviews == [a_review(), a_review("d2", score=None, shadow=None)]
    assert counts.ratings == [(Feedback("d1", "judge", AT + 60, 0.7), ROW)]
    kept_in.error = DecisionLogError("disk full")
    with pytest.raises(DecisionLogError, match="disk full"):
        await log.record_review(a_review())
    assert counts.failures == 1
