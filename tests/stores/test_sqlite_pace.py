"""Rows that nobody waits for are written with rests; whoever comes to wait ends these."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from router.stores import pace
from router.stores.decision_row import encoded_twice
from router.stores.sqlite import MOST_PER_COMMIT, SQLiteDecisionLog
from router.stores.sqlite_rows import MOST_AT_LEISURE, JournaledRow
from tests.fakes.events import an_event

PATIENCE_S = 30.0


class Rests:
    """Rests of the writer: each lasts until they are ended, once and for all."""

    def __init__(self) -> None:
        self.taken = 0
        self._begun, self._over = threading.Event(), threading.Event()

    def sleep(self, seconds: float) -> None:
        """In place of `time.sleep`."""
        self.taken += 1
        self._begun.set()
        assert self._over.wait(PATIENCE_S), "nobody ended the rest"

    async def begun(self) -> None:
        """Wait for the first."""
        assert await asyncio.to_thread(self._begun.wait, PATIENCE_S), "there was no rest"

    def end(self) -> None:
        """None lasts any longer."""
        self._over.set()


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> Rests:
    made = Rests()
    monkeypatch.setattr(pace, "BURST_S", 0.0)
    monkeypatch.setattr(time, "sleep", made.sleep)
    return made


@pytest.fixture
def log(tmp_path: Path) -> SQLiteDecisionLog:
    return SQLiteDecisionLog(tmp_path / "decisions.sqlite3", patience_s=PATIENCE_S)


def hand_over(log: SQLiteDecisionLog, ids: range) -> None:
    for n in ids:
        event = an_event(str(n))
        values, _ = encoded_twice(event)
        log.hand_over(JournaledRow(values))


async def written(log: SQLiteDecisionLog) -> None:
    """Wait until all that was handed over is written."""
    done = threading.Event()
    log.hand_over(None, done.set)
    assert await asyncio.to_thread(done.wait, PATIENCE_S)


async def test_rows_that_nobody_waits_for_are_written_with_rests(
    log: SQLiteDecisionLog, rests: Rests
) -> None:
    hand_over(log, range(4 * MOST_AT_LEISURE))
    await rests.begun()
    rests.end()
    await written(log)
    # At the least one after each statement of rows; the sums have theirs too.
    assert rests.taken >= 4
    await log.close()


async def test_whoever_waits_for_a_row_ends_the_rests(log: SQLiteDecisionLog, rests: Rests) -> None:
    hand_over(log, range(4 * MOST_AT_LEISURE))
    await rests.begun()
    recording = asyncio.create_task(log.record(an_event("awaited")))
    await asyncio.sleep(0)
    rests.end()
    await recording
    assert rests.taken == 1
    assert log.find("0") is not None
    await log.close()


async def test_closing_ends_the_rests(log: SQLiteDecisionLog, rests: Rests) -> None:
    hand_over(log, range(4 * MOST_AT_LEISURE))
    await rests.begun()
    closing = asyncio.create_task(log.close())
    await asyncio.sleep(0)
    rests.end()
    await closing
    assert rests.taken == 1


async def test_a_writer_that_falls_behind_does_not_rest(
    log: SQLiteDecisionLog, rests: Rests
) -> None:
    hand_over(log, range(4 * MOST_AT_LEISURE))
    await rests.begun()
    hand_over(log, range(1000, 1000 + MOST_PER_COMMIT))
    rests.end()
    await written(log)
    assert rests.taken == 1
    await log.close()
