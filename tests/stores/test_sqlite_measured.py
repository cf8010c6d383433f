"""What was measured of models: added up over processes, and forgotten by the day."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from router.core.lengths import UNMEASURED, Measured
from router.errors import DecisionLogError
from router.stores.sqlite_measured import DAYS, SQLiteMeasured

SOME = UNMEASURED.with_answer("large", False, 100).with_answer("large", True, 80).with_text(9, 8)
MORE = UNMEASURED.with_answer("large", True, 7).with_answer("other", False, 3).with_text(1, 2)


@pytest.fixture
def kept(tmp_path: Path) -> SQLiteMeasured:
    return SQLiteMeasured(tmp_path / "log.sqlite3")


def test_what_processes_add_is_told_as_one(kept: SQLiteMeasured, tmp_path: Path) -> None:
    assert kept.exchange({}, 20_000) == {}
    assert kept.exchange({"small": SOME}, 20_000) == {"small": SOME}
    found = SQLiteMeasured(tmp_path / "log.sqlite3").exchange({"small": MORE, "tiny": SOME}, 20_001)
    assert found == {"small": SOME.plus(MORE), "tiny": SOME}
    assert kept.exchange({}, 20_001) == found


def test_after_ninety_days_a_measurement_counts_no_more(kept: SQLiteMeasured) -> None:
    kept.exchange({"small": SOME}, 20_000)
    kept.exchange({"small": MORE}, 20_001)
    assert kept.exchange({}, 20_000 + DAYS - 1) == {"small": SOME.plus(MORE)}
    assert kept.exchange({}, 20_000 + DAYS) == {"small": MORE}
    assert kept.exchange({"tiny": SOME}, 20_001 + DAYS) == {"tiny": SOME}
    assert kept.exchange({}, 20_000) == {"tiny": SOME}, "the old rows are gone"


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite3").write_bytes(b"nothing of the kind" * 99)
    with pytest.raises(DecisionLogError):
        SQLiteMeasured(tmp_path / "log.sqlite3").exchange({"small": SOME}, 1)


def test_what_could_not_be_written_as_a_whole_is_not_written(
    kept: SQLiteMeasured, tmp_path: Path
) -> None:
    kept.exchange({"small": SOME}, 20_000)
    with closing(sqlite3.connect(tmp_path / "log.sqlite3")) as connection:
        connection.execute(
            "CREATE TRIGGER refuse BEFORE UPDATE ON measured_texts"
            " BEGIN SELECT RAISE(ABORT, 'no room'); END"
        )
    with pytest.raises(DecisionLogError, match="no room"):
        kept.exchange({"small": SOME}, 20_000)
    assert kept.exchange({}, 20_000) == {"small": SOME}


def test_nothing_measured_is_nothing() -> None:
    assert Measured() == UNMEASURED
