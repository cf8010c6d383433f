"""The key store's file: its owner's alone, without secrets, and seen to change by others."""

import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from router.errors import KeyStoreError
from router.stores.sqlite_keys import SQLiteKeyStore
from tests.fakes.keys import a_key

Opened = Callable[[], SQLiteKeyStore]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "keys.sqlite3"


@pytest.fixture
def opened(path: Path) -> Iterator[Opened]:
    """Makes a store of that file, as each process has its own; closed in the end."""
    with ExitStack() as until_the_end:
        yield lambda: until_the_end.enter_context(closing(SQLiteKeyStore(path)))


def test_nobody_else_may_read_it(path: Path, opened: Opened) -> None:
    opened().add(a_key())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_rights_that_were_too_wide_are_mended(path: Path, opened: Opened) -> None:
    store = opened()
    store.add(a_key("app"))
    path.chmod(0o644)

    store.add(a_key("other"))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_secret_is_in_the_file(path: Path, opened: Opened) -> None:
    opened().add(a_key("app", b"slm-" + b"Canary" * 7))

    assert b"Canary" not in path.read_bytes()


def test_looking_for_keys_makes_no_file(path: Path, opened: Opened) -> None:
    store = opened()

    assert (list(store.all()), store.changed()) == ([], False)
    assert not path.exists()


def test_what_another_process_adds_or_revokes_is_a_change(opened: Opened) -> None:
    reading, writing = opened(), opened()
    reading.all()

    for change in ("add", "revoke"):
        if change == "add":
            writing.add(a_key())
        else:
            writing.revoke("app", 2.0)
        assert reading.changed()
        reading.all()
        assert not reading.changed()


def test_a_file_that_is_removed_or_replaced_is_a_change(path: Path, opened: Opened) -> None:
    reading = opened()
    opened().add(a_key("old"))
    reading.all()

    path.unlink()
    assert reading.changed()
    assert list(reading.all()) == []

    opened().add(a_key("new"))
    assert reading.changed()
    assert [key.name for key in reading.all()] == ["new"]


def test_a_file_without_any_table_holds_no_key(path: Path, opened: Opened) -> None:
    path.parent.mkdir()
    path.touch()

    assert list(opened().all()) == []


def test_a_file_of_another_kind_is_told(path: Path, opened: Opened) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database " * 100)

    with pytest.raises(KeyStoreError, match="cannot be read"):
        opened().all()
    with pytest.raises(KeyStoreError, match="cannot be written"):
        opened().add(a_key())


def test_a_directory_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(KeyStoreError, match="cannot be written"):
        SQLiteKeyStore(tmp_path / "file" / "keys.sqlite3").add(a_key())


def test_a_writer_waits_for_another(path: Path, opened: Opened) -> None:
    opened().add(a_key("first"))
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.1, other.execute, ("COMMIT",)).start()

        opened().add(a_key("second"))

    assert [key.name for key in opened().all()] == ["first", "second"]
