"""Reading a SQLite decision log from outside the process that writes it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from router.errors import DecisionLogError
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_reader import DecisionReader
from tests.fakes.events import an_event


async def test_rows_are_seen_as_soon_as_they_are_recorded(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite3"
    log, reader = SQLiteDecisionLog(path), DecisionReader(path)
    for id in ("a", "b"):
        await log.record(an_event(id))
        assert reader.find(id) is not None
    await log.close()
    assert len(reader.recent(5)) == 2


async def test_reading_goes_on_while_another_process_holds_the_write_lock(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite3"
    log = SQLiteDecisionLog(path)
    await log.record(an_event())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(DecisionReader(path, busy_s=0.0).recent(5)) == 1
        other.execute("ROLLBACK")
    await log.close()


async def test_a_reader_cannot_change_the_file(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite3"
    log = SQLiteDecisionLog(path)
    await log.record(an_event())
    with pytest.raises(DecisionLogError, match="readonly"):
        DecisionReader(path)._fetch("DELETE FROM decisions", ())
    assert log.find("d1") is not None
    await log.close()


def test_a_missing_file_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite3"
    with pytest.raises(DecisionLogError, match="cannot be read"):
        DecisionReader(path).recent(1)
    assert not path.exists()


async def test_an_id_that_is_no_text_is_simply_not_found(tmp_path: Path) -> None:
    path = tmp_path / "decisions.sqlite3"
    await SQLiteDecisionLog(path).close()
    assert DecisionReader(path).find("'; DROP TABLE decisions; --") is None
    assert DecisionReader(path).find("\ud83d") is None
