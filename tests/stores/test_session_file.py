"""Sessions in a file: bounded, shared by processes, and sound whatever stands in it."""

import asyncio
import errno
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from router.core.session import Held
from router.errors import StartupError
from router.stores import session_file
from router.stores.session_file import FileSessionStore
from tests.fakes.clock import FakeClock

WRITER = """
import asyncio, sys
from pathlib import Path
from router.core.session import Held
from router.stores.session_file import FileSessionStore
from tests.fakes.clock import FakeClock

async def write():
    store = FileSessionStore(Path(sys.argv[1]), FakeClock(), 600)
    for number in range(500):
        await store.hold("shared", Held(sys.argv[2] * 40, number))

asyncio.run(write())
"""


@pytest.fixture(params=["mapped", "by system calls"], autouse=True)
def table(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How this process reaches the file: as it would, and where its blocks cannot be had."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if request.param != "mapped":
        monkeypatch.setattr(os, "posix_fallocate", full)
    return str(request.param)


def opened(folder: Path, lifetime_s: float = 600.0) -> FileSessionStore:
    return FileSessionStore(folder / "sessions.table", FakeClock(), lifetime_s)


async def test_it_outlives_the_process_and_is_the_owners_alone(tmp_path: Path) -> None:
    first = opened(tmp_path)
    await first.hold("a", Held("small", 5, draw=0.5))
    first.close()

    assert await opened(tmp_path).find("a") == Held("small", 5, draw=0.5)
    assert stat.S_IMODE((tmp_path / "sessions.table").stat().st_mode) == 0o600


async def test_what_one_worker_holds_another_finds(tmp_path: Path) -> None:
    one, other = opened(tmp_path), opened(tmp_path)
    await one.hold("a", Held("small"))
    await other.hold("a", Held("large"))

    assert await one.find("a") == Held("large")


def test_processes_that_write_at_once_leave_one_of_their_words_or_none(tmp_path: Path) -> None:
    store, path = opened(tmp_path), tmp_path / "sessions.table"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in ("a", "b")
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        found = asyncio.run(store.find("shared"))
        seen.add(None if found is None else found.model)

    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= {None, "a" * 40, "b" * 40}
    last = asyncio.run(store.find("shared"))
    assert last in (Held("a" * 40, 499), Held("b" * 40, 499))


async def test_a_full_bucket_gives_up_its_oldest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_file, "BUCKETS", 1)
    clock = FakeClock()
    store = FileSessionStore(tmp_path / "sessions.table", clock, 600.0)
    for name in "abcdae":
        await store.hold(name, Held("small"))
        clock.advance(1)

    found = {name for name in "abcde" if await store.find(name) is not None}
    assert found == set("acde")
    assert (tmp_path / "sessions.table").stat().st_size == session_file._BUCKET


async def test_a_record_that_is_not_whole_says_nothing(tmp_path: Path, table: str) -> None:
    store, path = opened(tmp_path), tmp_path / "sessions.table"
    await store.hold("a", Held("small", 5))
    at = path.read_bytes().index(b"small")

    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"smile")
    assert await store.find("a") is None
    if table != "mapped":
        os.truncate(path, at + 2)
        assert await store.find("a") is None
    await store.hold("a", Held("large"))
    assert await store.find("a") == Held("large")


async def test_the_file_of_an_earlier_version_is_gone_on_with(tmp_path: Path) -> None:
    await (first := opened(tmp_path)).hold("a", Held("small", 5))
    first.close()
    path = tmp_path / "sessions.table"
    os.truncate(path, path.read_bytes().index(b"small") + 256)

    store = opened(tmp_path)
    await store.hold("b", Held("large"))
    assert (await store.find("a"), await store.find("b")) == (Held("small", 5), Held("large"))


async def test_a_name_that_looks_like_another_conversations_digest_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_file, "BUCKETS", 1)
    monkeypatch.setattr(session_file, "_digest", lambda conversation: conversation.encode() * 16)
    store = opened(tmp_path)
    await store.hold("a", Held("b" * 40))

    assert await store.find("b") is None
    await store.hold("b", Held("small"))
    assert await store.find("a") == Held("b" * 40)
    assert await store.find("b") == Held("small")


async def test_a_name_too_long_for_a_record_is_not_remembered(tmp_path: Path) -> None:
    store = opened(tmp_path)
    await store.hold("a", Held("x" * 257))
    assert await store.find("a") is None

    await store.hold("a", Held("x" * 256))
    assert await store.find("a") == Held("x" * 256)


@pytest.mark.parametrize("table", ["by system calls"], indirect=True)
async def test_a_disk_that_fails_costs_no_request_and_is_told_once(
    tmp_path: Path,
    table: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = opened(tmp_path)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    monkeypatch.setattr(os, "pread", full)
    with caplog.at_level(logging.WARNING):
        await store.hold("a", Held("small"))
        assert await store.find("a") is None

    assert caplog.messages == ["conversations are not remembered: No space left on device"]


async def test_after_closing_nothing_is_written_anywhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = opened(tmp_path)
    store.close()
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)

    await store.hold("a", Held("small"))

    assert await store.find("a") is None
    assert os.fstat(other).st_size == 0
    assert caplog.messages == []
    os.close(other)


def test_a_place_that_cannot_be_used_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StartupError, match="Mend its rights"):
        opened(tmp_path / "file")
