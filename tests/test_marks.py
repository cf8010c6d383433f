"""Marks tell what a watched file holds, whatever has been done to put it there."""

import os
from pathlib import Path

from router.marks import MISSING, MOST_BYTES, mark, marks


def test_a_mark_follows_the_content_and_not_the_date(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("a")
    before = mark(file)

    os.utime(file, (1, 1))
    assert mark(file) == before
    file.write_text("b")
    assert mark(file) != before


def test_what_is_no_readable_file_is_missing(tmp_path: Path) -> None:
    assert mark(tmp_path / "gone" / "policy.yaml") == MISSING
    assert mark(tmp_path) == MISSING
    assert mark(tmp_path / "a\0b") == MISSING


def test_a_link_that_is_swapped_as_in_a_config_map_is_a_change(tmp_path: Path) -> None:
    for version in ("1", "2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "policy.yaml").write_text(version)
    data, file = tmp_path / "..data", tmp_path / "policy.yaml"
    data.symlink_to("1")
    file.symlink_to("..data/policy.yaml")
    before = mark(file)

    (tmp_path / "fresh").symlink_to("2")
    (tmp_path / "fresh").rename(data)

    assert mark(file) != before


def test_of_a_folder_only_the_files_that_match_count(tmp_path: Path) -> None:
    pattern = tmp_path / "*.yaml"
    before = marks([pattern])

    (tmp_path / "serve.log").write_text("policy in force")
    assert marks([pattern]) == before
    (tmp_path / "more.yaml").write_text("name: more")
    grown = marks([pattern])
    assert grown != before
    (tmp_path / "more.yaml").rename(tmp_path / "other.yaml")
    assert marks([pattern]) != grown
    assert list(marks([tmp_path / "gone" / "*.yaml"]).values()) == list(before.values())


def test_a_large_file_is_told_by_its_size_and_date(tmp_path: Path) -> None:
    file = tmp_path / "vectors.npz"
    file.write_bytes(b"a" * (MOST_BYTES + 1))
    before = mark(file)
    assert before != MISSING

    file.write_bytes(b"a" * (MOST_BYTES + 2))

    assert mark(file) != before
