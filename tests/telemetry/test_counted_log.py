"""The decision log that counts what could not be kept."""

import pytest

from router.core.feedback import Feedback
from router.errors import DecisionLogError, UnknownDecision
from router.telemetry.counted_log import CountedDecisionLog
from tests.fakes.events import an_event
from tests.fakes.gateway import MemoryLog


async def test_a_row_that_is_kept_is_passed_on_and_not_counted() -> None:
    failures: list[None] = []
    kept_in = MemoryLog()
    log = CountedDecisionLog(kept_in, lambda: failures.append(None))
    await log.record(an_event())
    assert [event.id for event in kept_in.events] == ["d1"]
    assert failures == []


async def test_a_row_that_is_lost_is_counted_and_the_error_goes_on() -> None:
    failures: list[None] = []
    kept_in = MemoryLog()
    kept_in.error = DecisionLogError("disk full")
    log = CountedDecisionLog(kept_in, lambda: failures.append(None))
    with pytest.raises(DecisionLogError, match="disk full"):
        await log.record(an_event())
    assert failures == [None]


async def test_feedback_is_counted_once_it_is_kept() -> None:
    failures: list[None] = []
    kept: list[Feedback] = []
    kept_in = MemoryLog()
    log = CountedDecisionLog(kept_in, lambda: failures.append(None), kept.append)
    said = Feedback("d1", "user", 1.0, 0.5)
    with pytest.raises(UnknownDecision):
        await log.record_feedback(said)
    assert (kept, failures) == ([], [])
    await log.record(an_event())
    await log.record_feedback(said)
    assert (kept, kept_in.feedback, failures) == ([said], [said], [])


async def test_feedback_that_is_lost_is_counted_as_a_row_that_is_lost() -> None:
    failures: list[None] = []
    kept: list[Feedback] = []
    kept_in = MemoryLog()
    kept_in.error = DecisionLogError("disk full")
    log = CountedDecisionLog(kept_in, lambda: failures.append(None), kept.append)
    with pytest.raises(DecisionLogError, match="disk full"):
        await log.record_feedback(Feedback("d1", "user", 1.0, 0.5))
    assert (kept, failures) == ([], [None])
