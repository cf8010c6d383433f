"""The SQLite decision log: durable, shared between processes, and never a hang."""

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from router.errors import DecisionLogError
from router.stores import sqlite
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_reader import DecisionReader
from tests.fakes.events import an_event

ROOT = Path(__file__).parents[2]
NOBODY = 65534

WRITER = """
import asyncio, itertools, sys
from pathlib import Path
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import an_event

async def main(path, name):
    log = SQLiteDecisionLog(Path(path), busy_s=20.0, patience_s=30.0)
    for number in itertools.count():
        ids = [f"{name}-{number}-{part}" for part in range(8)]
        await asyncio.gather(*(log.record(an_event(id)) for id in ids))
        print("\\n".join(ids), flush=True)
        if len(sys.argv) > 3 and number + 1 >= int(sys.argv[3]):
            break
    await log.close()

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "decisions.sqlite3"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SQLiteDecisionLog]:
    made = SQLiteDecisionLog(path, busy_s=0.1)
    yield made
    await made.close()


def writer(path: Path, name: str, *rounds: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, *rounds],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_no_acknowledged_row_is_lost_when_a_writer_is_killed(path: Path) -> None:
    process = writer(path, "killed")
    assert process.stdout is not None
    acknowledged = [process.stdout.readline() for _ in range(400)]
    process.kill()
    # What it still got out; a last line without its end was never a whole acknowledgement.
    acknowledged += process.stdout.readlines()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    whole = {line.strip() for line in acknowledged if line.endswith("\n")}
    kept = {row["decision"] for row in DecisionReader(path).recent(1_000_000)}
    assert len(whole) >= 400
    assert whole <= kept


async def test_a_log_left_by_a_killed_writer_goes_on(path: Path) -> None:
    process = writer(path, "killed")
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.stdout.close()
    process.wait()
    log = SQLiteDecisionLog(path)
    await log.record(an_event("after", at=2e9))
    assert log.recent(1)[0]["decision"] == "after"
    await log.close()


def test_two_processes_write_one_file_and_a_third_reads_it_meanwhile(path: Path) -> None:
    processes = [writer(path, name, "50") for name in ("a", "b")]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    assert DecisionReader(path).recent(1)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    rows = DecisionReader(path).recent(1000)
    assert sorted(row["decision"] for row in rows) == sorted(
        f"{name}-{number}-{part}" for name in "ab" for number in range(50) for part in range(8)
    )


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


FULL = """
import asyncio, resource, sys
from pathlib import Path
from router.errors import DecisionLogError
from router.core.event import Content
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import an_event

async def main(path):
    log = SQLiteDecisionLog(Path(path))
    await log.record(an_event("before"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    try:
        await log.record(an_event("large", content=Content("x" * 2_000_000, "")))
    except DecisionLogError as error:
        print(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await log.record(an_event("after"))
    print(*sorted(row["decision"] for row in log.recent(9)))
    await log.close()

asyncio.run(main(sys.argv[1]))
"""


def test_a_full_disk_is_an_error_and_the_log_goes_on_once_there_is_room(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=True,
    )
    told, kept = done.stdout.splitlines()
    assert "cannot be written" in told
    assert kept == "after before"


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
