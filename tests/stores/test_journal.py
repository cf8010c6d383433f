"""The journal: rows on their way into the database, which outlive the process that wrote them."""

import os
import resource
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from router.stores.journal import Journal, LeftBehind, left_behind

COLUMNS = ("id", "at")


def line(*values: object) -> bytes:
    """A row as it is written."""
    return msgspec.json.encode(values) + b"\n"


def abandoned(journal: Journal) -> Path:
    """Its current segment, as a process that died leaves it: unlocked and not deleted."""
    segment = journal.current
    os.close(segment.file)
    return segment.path


def found_in(directory: Path) -> list[LeftBehind]:
    return list(left_behind(directory))


def rows_of(found: Sequence[LeftBehind]) -> list[list[Any]]:
    return [list(row) for behind in found for row in behind.rows]


def test_what_a_process_left_is_found_with_its_columns(tmp_path: Path) -> None:
    journal = Journal(tmp_path, COLUMNS)
    journal.append(line("a", 1.5))
    journal.append(line("b", None))
    abandoned(journal)

    (behind,) = found_in(tmp_path)

    assert (behind.columns, rows_of([behind])) == (list(COLUMNS), [["a", 1.5], ["b", None]])


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path, COLUMNS)
    journal.append(line("a", 1.5))

    assert found_in(tmp_path) == []
    assert journal.current.path.exists()


def test_what_was_taken_over_is_not_found_again(tmp_path: Path) -> None:
    abandoned(Journal(tmp_path, COLUMNS))
    (behind,) = found_in(tmp_path)
    behind.segment.discard()

    assert found_in(tmp_path) == [] and not list(tmp_path.iterdir())


def test_two_who_start_at_once_do_not_both_take_a_segment_over(tmp_path: Path) -> None:
    abandoned(Journal(tmp_path, COLUMNS))
    first = found_in(tmp_path)

    assert len(first) == 1 and found_in(tmp_path) == []


def test_a_torn_last_line_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal = Journal(tmp_path, COLUMNS)
    journal.append(line("a", 1.5))
    with abandoned(journal).open("ab") as file:
        file.write(b'["b", 2')

    assert rows_of(found_in(tmp_path)) == [["a", 1.5]]
    assert "torn line" in caplog.text


def test_an_empty_segment_holds_no_row(tmp_path: Path) -> None:
    (tmp_path / "1-2.jsonl").touch()

    (behind,) = found_in(tmp_path)

    assert behind.rows == []


def test_a_segment_that_is_complete_is_handed_out_once_the_next_is_begun(tmp_path: Path) -> None:
    journal = Journal(tmp_path, COLUMNS, segment_bytes=40)
    complete = [journal.append(line(str(number), 1.0)) for number in range(6)]

    handed_out = [segment for segment in complete if segment is not None]
    assert handed_out and journal.current not in handed_out
    assert {segment.path for segment in handed_out} < set(tmp_path.iterdir())


def test_a_row_for_which_there_is_no_room_leaves_nothing_of_itself(tmp_path: Path) -> None:
    journal = Journal(tmp_path, COLUMNS)
    journal.append(line("a", 1.0))
    size = journal.current.path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, hard))
    try:
        with pytest.raises(OSError, match="no room"):
            journal.append(line("b", 1.0))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.append(line("c", 1.0))
    abandoned(journal)

    assert rows_of(found_in(tmp_path)) == [["a", 1.0], ["c", 1.0]]


def test_it_is_for_its_owner_alone(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", COLUMNS)

    modes = [path.stat().st_mode & 0o777 for path in (tmp_path / "journal", journal.current.path)]
    assert modes == [0o700, 0o600]
