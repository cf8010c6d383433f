"""The decision log that counts what could not be kept."""

import pytest

from router.errors import DecisionLogError
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
