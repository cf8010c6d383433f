"""The decision log behind a journal: recorded at once, committed soon, never lost, never twice."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from router.core.feedback import Feedback
from router.errors import DecisionLogError, UnknownDecision
from router.stores import journaled, sqlite
from router.stores.journal import Journal
from router.stores.journaled import JournaledDecisionLog
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_reader import DecisionReader
from router.stores.sqlite_schema import open_for_writing
from tests.fakes.events import AT, an_event

ROOT = Path(__file__).parents[2]
GOOD = Feedback("d1", "user", AT, 1.0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "GATHER_S", 0.01)
    monkeypatch.setattr(sqlite, "RETRY_S", 0.05)
    monkeypatch.setattr(journaled, "ELSEWHERE_S", 0.01)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "decisions.journal"


def a_log(path: Path, journal: Path) -> JournaledDecisionLog:
    return JournaledDecisionLog(SQLiteDecisionLog(path, busy_s=0.1), journal)


@pytest.fixture
async def log(path: Path, journal: Path) -> AsyncIterator[JournaledDecisionLog]:
    made = a_log(path, journal)
    yield made
    await made.close()


def ids(path: Path) -> list[str]:
    return sorted(row["decision"] for row in DecisionReader(path).recent(10_000))


def segments(journal: Path) -> int:
    return len(list(journal.iterdir()))


async def until_it_holds(path: Path, rows: int) -> None:
    async with asyncio.timeout(20):
        while len(ids(path)) < rows:  # noqa: ASYNC110  another thread writes
            await asyncio.sleep(0.01)


async def test_a_row_reads_back_as_without_a_journal(
    path: Path, log: JournaledDecisionLog, tmp_path: Path
) -> None:
    plain = SQLiteDecisionLog(tmp_path / "plain.sqlite3")
    await plain.record(an_event())
    await log.record(an_event())
    await until_it_holds(path, 1)

    assert DecisionReader(path).find("d1") == plain.find("d1")
    await plain.close()


async def test_recording_does_not_wait_for_the_database(
    path: Path, log: JournaledDecisionLog
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(5):
            await log.record(an_event("locked"))
        await asyncio.sleep(0.2)
        other.execute("ROLLBACK")
    await until_it_holds(path, 1)


async def test_closing_writes_everything_and_leaves_no_journal(path: Path, journal: Path) -> None:
    log = a_log(path, journal)
    for number in range(300):
        await log.record(an_event(str(number)))
    await log.close()

    assert len(ids(path)) == 300
    assert segments(journal) == 0


async def test_what_cannot_be_written_at_the_end_is_kept_for_the_next_start(
    path: Path, journal: Path
) -> None:
    log = a_log(path, journal)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await log.record(an_event("kept"))
        await log.close()
        other.execute("ROLLBACK")
    assert ids(path) == []
    # Its lock ends with the process; here that goes on.
    log._journal.current.path.rename(journal / "left.jsonl")
    os.close(log._journal.current.file)

    again = a_log(path, journal)
    await again.close()

    assert ids(path) == ["kept"]
    assert segments(journal) == 0


async def test_segments_that_are_written_are_deleted(
    path: Path, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Journal.__init__, "__defaults__", (2_000,))
    log = a_log(path, journal)
    for number in range(50):
        await log.record(an_event(str(number)))
    await until_it_holds(path, 50)
    await asyncio.sleep(0.1)

    assert segments(journal) == 1
    await log.close()


async def test_a_row_that_is_wrong_in_itself_takes_no_other_with_it(
    path: Path, log: JournaledDecisionLog, caplog: pytest.LogCaptureFixture
) -> None:
    for id in ("a", "b", "a", "c"):
        await log.record(an_event(id))
    await until_it_holds(path, 3)
    await log.close()

    assert ids(path) == ["a", "b", "c"]
    assert "'a' cannot be logged" in caplog.text


async def test_an_event_that_makes_no_row_is_refused_at_once(log: JournaledDecisionLog) -> None:
    with pytest.raises(DecisionLogError, match="cannot be logged"):
        await log.record(an_event("odd", at=None))


async def test_too_far_behind_it_refuses_at_once(
    log: JournaledDecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MOST_WAITING", 0)
    with pytest.raises(DecisionLogError, match="rows behind"):
        await log.record(an_event())


async def test_feedback_finds_the_decision_that_was_recorded_just_before(
    path: Path, log: JournaledDecisionLog
) -> None:
    await log.record(an_event())
    await log.record_feedback(GOOD)

    assert list(DecisionReader(path).feedback_on(["d1"])["d1"]) == [GOOD]


async def test_feedback_waits_for_a_row_that_another_process_is_writing(
    path: Path, journal: Path, log: JournaledDecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journaled, "ELSEWHERE_S", 1.0)
    other = a_log(path, journal)
    giving = asyncio.create_task(log.record_feedback(GOOD))
    await asyncio.sleep(0.05)
    await other.record(an_event())

    await giving
    await other.close()


async def test_feedback_on_no_decision_is_refused(log: JournaledDecisionLog) -> None:
    with pytest.raises(UnknownDecision):
        await log.record_feedback(GOOD)


async def test_a_journal_of_an_older_schema_is_taken_over(path: Path, journal: Path) -> None:
    log = a_log(path, journal)
    await log.close()
    old = "id at endpoint requested_model stream policy policy_version rule strategy reason outcome"
    old += " status draw explored confidence usage_estimated decision_s overhead_s total_s"
    old += " fallbacks simulated signals failed_signals unknown_rules candidates rejected"
    old += " propensities attempts gone"
    row = (
        '["old", 1.0, "chat", "auto", 0, "p", "v", "r", "s", "why", "ok", 200, 0.5, 0, 1.0, 0,'
        ' 0.1, 0.1, 0.1, 0, 0, "{}", "{}", "[]", "[]", "[]", "{}", "[]", "no column any more"]'
    )
    names = ", ".join(f'"{name}"' for name in old.split())
    (journal / "old.jsonl").write_text(f"[{names}]\n{row}\n")

    again = a_log(path, journal)
    await again.close()

    assert ids(path) == ["old"]


def test_a_directory_that_cannot_be_made_is_an_error(path: Path, tmp_path: Path) -> None:
    open_for_writing(path, 1.0, False).close()
    (tmp_path / "file").touch()
    with pytest.raises(DecisionLogError, match="journal"):
        a_log(path, tmp_path / "file" / "journal")


WRITER = """
import asyncio, itertools, sys
from pathlib import Path
from router.stores.journaled import JournaledDecisionLog
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import an_event

async def main(path, journal):
    log = JournaledDecisionLog(SQLiteDecisionLog(Path(path)), Path(journal))
    for number in itertools.count():
        await log.record(an_event(f"row-{number}"))
        print(f"row-{number}", flush=True)
        if not number % 50:
            await asyncio.sleep(0.01)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_no_acknowledged_row_is_lost_when_the_process_is_killed(
    path: Path, journal: Path
) -> None:
    process = subprocess.Popen(  # noqa: ASYNC220  nothing else is to be done meanwhile
        [sys.executable, "-c", WRITER, str(path), str(journal)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(1000)]
    process.kill()
    acknowledged += process.stdout.readlines()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    whole = {line.strip() for line in acknowledged if line.endswith("\n")}
    assert whole - set(ids(path)), "something was still on its way"

    log = a_log(path, journal)
    await log.close()

    assert whole <= set(ids(path))
    assert len(ids(path)) == len(set(ids(path)))
    assert segments(journal) == 0
