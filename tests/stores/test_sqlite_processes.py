"""The SQLite decision log between processes: killed writers, several writers, a full disk."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_reader import DecisionReader
from router.stores.sqlite_schema import open_for_writing
from tests.fakes.events import an_event

ROOT = Path(__file__).parents[2]

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


async def test_a_second_connection_of_this_process_costs_the_first_none_of_its_rows(
    path: Path,
) -> None:
    log = SQLiteDecisionLog(path)
    await log.record(an_event("first"))
    # As the upkeep does; and then another process comes and goes, and takes what is not locked.
    open_for_writing(path, 1.0, survive_power_cut=False).close()
    other = writer(path, "other", "1")
    other.communicate()
    await log.record(an_event("last"))
    kept = {row["decision"] for row in DecisionReader(path).recent(100)}
    await log.close()

    assert {"first", "last"} <= kept
