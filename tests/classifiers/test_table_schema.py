"""Tables of a whole classifier: what is wrong is named by file, row and column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from classifiers.dataset import read_table
from classifiers.errors import DataError
from classifiers.table_schema import TABLES, check_tables
from tests.classifiers.tables import write_tables


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Made-up tables as JSONL."""
    parquet, lines = tmp_path / "parquet", tmp_path / "lines"
    parquet.mkdir()
    lines.mkdir()
    write_tables(parquet)
    for name in TABLES:
        rows = read_table(parquet / f"{name}.parquet")
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (lines / f"{name}.jsonl").write_text(text, "utf-8")
    return lines


def test_jsonl_is_read_where_there_is_no_parquet(folder: Path) -> None:
    check_tables(folder)

    assert read_table(folder / "intents.parquet")[0]["domains"] == "small_talk"


def test_parquet_is_checked_too(tmp_path: Path) -> None:
    check_tables(write_tables(tmp_path))


@pytest.mark.parametrize(
    ("table", "change", "told"),
    [
        ("prompts", {"prompt": None}, r"prompts\.jsonl:3: the column `prompt` is missing"),
        ("scores", {"score": "good"}, r"scores\.jsonl:3: .*`score` is 'good', expected a number"),
        ("scores", {"score": True}, r"scores\.jsonl:3: the column `score` is 'True'"),
        ("scores", {"score": 7}, r"scores\.jsonl:3: .*7, expected a number from 0 to 1"),
        ("language", {"lang": 5}, r"language\.jsonl:3: the column `lang` is '5', expected a text"),
    ],
)
def test_a_bad_cell_is_named(folder: Path, table: str, change: dict[str, Any], told: str) -> None:
    path = folder / f"{table}.jsonl"
    lines = path.read_text("utf-8").splitlines()
    lines[2] = json.dumps({**json.loads(lines[2]), **change})
    path.write_text("\n".join(lines), "utf-8")

    with pytest.raises(DataError, match=told):
        check_tables(folder)


def test_tasks_of_another_kind_may_lack_what_is_not_read(folder: Path) -> None:
    path = folder / "tasks.jsonl"
    with path.open("a", encoding="utf-8") as lines:
        lines.write('{"task": "self_instruct", "prompt": "Do it.", "split": "train"}\n')

    check_tables(folder)


def test_missing_tables_are_named_with_what_to_do(folder: Path) -> None:
    (folder / "tasks.jsonl").unlink()
    (folder / "language.jsonl").unlink()

    with pytest.raises(DataError, match=r"lacks the tables tasks, language .*--start-from"):
        check_tables(folder)


def test_an_empty_table_is_refused(folder: Path) -> None:
    (folder / "intents.jsonl").write_text("", "utf-8")

    with pytest.raises(DataError, match=r"intents\.jsonl holds no row"):
        check_tables(folder)
