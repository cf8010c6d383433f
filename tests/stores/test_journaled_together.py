"""The decision log behind a journal: what is ready at one moment is written together."""

import asyncio
import errno
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.core.event import RoutingEvent
from router.errors import DecisionLogError
from router.stores.journal import Journal, Segment
from router.stores.journaled import JournaledDecisionLog
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_reader import DecisionReader
from tests.fakes.events import an_event


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[JournaledDecisionLog]:
    made = JournaledDecisionLog(SQLiteDecisionLog(path), path.with_suffix(".journal"))
    yield made
    await made.close()


async def ids(path: Path, log: JournaledDecisionLog) -> list[str]:
    """What the log holds in the end."""
    await log.close()
    return sorted(row["decision"] for row in DecisionReader(path).recent(10))


async def recorded(log: JournaledDecisionLog, *events: RoutingEvent) -> list[str | None]:
    """What became of events that came at the same moment: None, or why it was refused."""
    told = await asyncio.gather(*map(log.record, events), return_exceptions=True)
    assert all(it is None or isinstance(it, DecisionLogError) for it in told)
    return [None if it is None else str(it) for it in told]


async def test_rows_of_one_moment_are_written_by_one_call(
    path: Path, log: JournaledDecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[bytes] = []
    append = Journal.append

    def watched(self: Journal, written: bytes) -> Segment | None:
        lines.append(written)
        return append(self, written)

    monkeypatch.setattr(Journal, "append", watched)

    assert await recorded(log, *map(an_event, ("a", "b", "c"))) == [None] * 3
    assert [written.count(b"\n") for written in lines] == [3]
    assert await ids(path, log) == ["a", "b", "c"]


async def test_where_nobody_else_is_under_way_a_row_is_written_at_once(path: Path) -> None:
    log = JournaledDecisionLog(
        SQLiteDecisionLog(path), path.with_suffix(".journal"), is_busy=lambda: False
    )
    recording = log.record(an_event("a"))

    with pytest.raises(StopIteration):
        recording.send(None)
    assert await ids(path, log) == ["a"]


async def test_an_event_that_makes_no_row_leaves_those_of_its_moment_alone(
    path: Path, log: JournaledDecisionLog
) -> None:
    a, odd, b = await recorded(log, an_event("a"), an_event("odd", at=None), an_event("b"))

    assert (a, b) == (None, None) and odd is not None and "'odd' cannot be logged" in odd
    assert await ids(path, log) == ["a", "b"]


async def test_where_there_is_no_room_for_all_of_a_moment_there_may_be_for_some(
    path: Path, log: JournaledDecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = Journal.append

    def narrow(self: Journal, lines: bytes) -> Segment | None:
        if b'"large"' in lines:
            raise OSError(errno.ENOSPC, "No space left on device")
        return append(self, lines)

    monkeypatch.setattr(Journal, "append", narrow)
    small, large, other = await recorded(log, *map(an_event, ("small", "large", "other")))

    assert (small, other) == (None, None) and large is not None and "No space" in large
    assert await ids(path, log) == ["other", "small"]


async def test_our_own_mistake_leaves_nobody_waiting(
    log: JournaledDecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mistaken(self: Journal, lines: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Journal, "append", mistaken)
    heard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: heard.append(context["exception"])
    )

    assert (
        await recorded(log, an_event("a"), an_event("b"))
        == ["The decision could not be written."] * 2
    )
    assert [type(it) for it in heard] == [ZeroDivisionError]


async def test_whose_request_was_cancelled_is_recorded_all_the_same(
    path: Path, log: JournaledDecisionLog
) -> None:
    leaving = asyncio.create_task(log.record(an_event("left")))
    await asyncio.sleep(0)
    leaving.cancel()
    await log.record(an_event("stayed"))

    assert leaving.cancelled() and await ids(path, log) == ["left", "stayed"]
