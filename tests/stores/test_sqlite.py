"""The SQLite decision log: durable, in few transactions, and never a hang."""

import asyncio
import os
import sqlite3
import stat
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from router.errors import DecisionLogError
from router.stores import sqlite
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import an_event

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "decisions.sqlite3"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SQLiteDecisionLog]:
    made = SQLiteDecisionLog(path, busy_s=0.1)
    yield made
    await made.close()


async def test_a_row_outlives_the_log_that_wrote_it(path: Path, log: SQLiteDecisionLog) -> None:
    await log.record(an_event())
    await log.close()
    again = SQLiteDecisionLog(path)
    assert again.find("d1") is not None
    await again.close()


async def test_what_waits_is_written_in_few_transactions(path: Path) -> None:
    log = SQLiteDecisionLog(path, busy_s=30.0, patience_s=60.0)
    statements: list[str] = []
    log._connection.set_trace_callback(statements.append)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        recording = [asyncio.create_task(log.record(an_event(str(n)))) for n in range(1000)]
        await asyncio.sleep(0)
        other.execute("ROLLBACK")
    await asyncio.gather(*recording)
    log._connection.set_trace_callback(None)
    # One for those that the writer had begun with, four for the rest at 256 each at the most.
    assert statements.count("COMMIT") <= 5
    await log.close()


async def test_a_locked_file_is_an_error_and_not_a_hang(path: Path, log: SQLiteDecisionLog) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DecisionLogError, match="locked"):
            await log.record(an_event())
        other.execute("ROLLBACK")
    await log.record(an_event())
    assert log.find("d1") is not None


def test_a_file_locked_from_the_start_is_an_error_and_not_a_hang(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DecisionLogError, match="locked"):
            SQLiteDecisionLog(path, busy_s=0.1)


async def test_a_disk_that_never_answers_is_an_error_and_not_a_hang(path: Path) -> None:
    log = SQLiteDecisionLog(path, busy_s=30.0, patience_s=0.1)
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DecisionLogError, match=r"not written within 0\.1 s"):
            await log.record(an_event())
        other.execute("ROLLBACK")
    await log.close()


async def test_too_long_a_queue_refuses_at_once(
    log: SQLiteDecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "MOST_WAITING", 0)
    with pytest.raises(DecisionLogError, match="rows behind"):
        await log.record(an_event())


async def test_a_caller_who_leaves_while_it_is_written_has_a_row(log: SQLiteDecisionLog) -> None:
    task = asyncio.create_task(log.record(an_event()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await log.close()
    assert log.find("d1") is not None


async def test_closing_writes_what_is_queued(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    tasks = [asyncio.create_task(log.record(an_event(str(n)))) for n in range(600)]
    await asyncio.sleep(0)
    await log.close()
    await asyncio.gather(*tasks)
    assert len(log.recent(1000)) == 600


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(DecisionLogError, match="cannot be opened"):
        SQLiteDecisionLog(tmp_path / "file" / "decisions.sqlite3")


@pytest.fixture
def read_only_directory() -> Iterator[Path]:
    """A directory that the running user may not write; root steps down for as long."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        path.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        yield path
        os.seteuid(user)
        path.chmod(0o700)


def test_a_read_only_directory_is_an_error(read_only_directory: Path) -> None:
    with pytest.raises(DecisionLogError, match="Permission denied"):
        SQLiteDecisionLog(read_only_directory / "decisions.sqlite3")


def test_a_file_of_another_kind_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite3"
    path.write_text("a diary, " * 1000)
    with pytest.raises(DecisionLogError, match="not a database"):
        SQLiteDecisionLog(path)
    assert path.read_text().startswith("a diary")


async def test_the_file_is_for_its_owner_alone(path: Path, log: SQLiteDecisionLog) -> None:
    await log.record(an_event())
    modes = {it.name: stat.S_IMODE(it.stat().st_mode) for it in path.parent.iterdir()}
    assert modes == {
        "decisions.sqlite3": 0o600,
        "decisions.sqlite3-wal": 0o600,
        "decisions.sqlite3-shm": 0o600,
    }
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(("survive_power_cut", "synchronous"), [(False, 1), (True, 2)])
async def test_every_commit_is_flushed_to_disk_where_a_power_cut_must_be_survived(
    path: Path, survive_power_cut: bool, synchronous: int
) -> None:
    log = SQLiteDecisionLog(path, survive_power_cut=survive_power_cut)
    assert log._connection.execute("PRAGMA synchronous").fetchone() == (synchronous,)
    await log.close()


async def test_the_event_loop_goes_on_while_a_transaction_waits(
    path: Path, log: SQLiteDecisionLog
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        recording = asyncio.create_task(log.record(an_event()))
        turns = 0
        while not recording.done():
            await asyncio.sleep(0.001)
            turns += 1
        other.execute("ROLLBACK")
    assert isinstance(recording.exception(), DecisionLogError)
    assert turns > 5


async def test_the_write_ahead_log_is_emptied_now_and_then(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    await asyncio.gather(*(log.record(an_event(str(n))) for n in range(sqlite.ROWS_PER_CHECKPOINT)))
    statements: list[str] = []
    log._connection.set_trace_callback(statements.append)
    await asyncio.gather(*(log.record(an_event(f"b{n}")) for n in range(600)))
    await log.close()
    assert "PRAGMA wal_checkpoint(PASSIVE)" in statements


async def test_a_checkpoint_that_fails_costs_no_row(path: Path) -> None:
    log = SQLiteDecisionLog(path)
    log._connection.set_authorizer(
        lambda action, *_: (
            sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_PRAGMA else sqlite3.SQLITE_OK
        )
    )
    await asyncio.gather(*(log.record(an_event(str(n))) for n in range(1200)))
    assert len(log.recent(2000)) == 1200
    await log.close()


def test_rows_of_an_event_loop_that_has_ended_are_written(path: Path) -> None:
    log = SQLiteDecisionLog(path, busy_s=30.0)

    async def leave() -> None:
        asyncio.create_task(log.record(an_event("left")))  # noqa: RUF006  it is left on purpose
        await asyncio.sleep(0)

    async def stay() -> None:
        await log.record(an_event("stayed"))
        await log.close()

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.run(leave())
        other.execute("ROLLBACK")
    asyncio.run(stay())
    assert {row["decision"] for row in log.recent(5)} == {"left", "stayed"}


def test_a_first_start_waits_for_another_one(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.1, other.execute, ["COMMIT"])
        release.start()
        log = SQLiteDecisionLog(path, busy_s=30.0)
        release.join()
    asyncio.run(log.close())


def test_a_file_system_without_shared_memory_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    # To SQLite this name means memory, which has no write-ahead log either.
    with pytest.raises(DecisionLogError, match="SLM_ROUTER_STATE_DIR to a directory on a local"):
        SQLiteDecisionLog(Path(":memory:"))
