"""`slm-router log export`: every decision in a file, whatever format a reader asks for."""

import csv
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from router.cli import main
from router.cli.log_export import EXPORTED
from router.stores.decision_columns import CONTENT
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import AT, an_event, unanswered


@pytest.fixture
async def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    log = SQLiteDecisionLog(tmp_path / "decisions.sqlite3")
    await log.record(an_event("b", at=AT + 1, requested_model='with "quotes", and\nlines'))
    await log.record(an_event("a"))
    await log.record(unanswered("c", at=AT + 2))
    await log.close()
    return tmp_path


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


async def test_json_lines_go_to_standard_output_oldest_first(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", "export"]) == 0
    told = capsys.readouterr()
    rows = lines(told.out)
    assert [row["decision"] for row in rows] == ["a", "b", "c"]
    assert rows[0]["signals"]["domain"] == "law"
    assert not CONTENT & rows[0].keys()
    assert "3 decisions written." in told.err


async def test_what_narrows_the_log_narrows_its_export_on_either_side_of_the_word(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments in (["--outcome", "ok", "export"], ["export", "--outcome", "ok"]):
        assert main(["log", *arguments]) == 0
        assert [row["decision"] for row in lines(capsys.readouterr().out)] == ["a", "b"]


async def test_csv_reads_back_with_lists_as_json_and_nulls_empty(log: Path) -> None:
    path = log / "out.csv"
    assert main(["log", "export", "--format", "csv", "--output", str(path)]) == 0
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert rows[1]["requested_model"] == 'with "quotes", and\nlines'
    assert json.loads(rows[0]["candidates"])[0]["model"] == "small"
    assert rows[2]["cost_usd"] == ""


async def test_parquet_has_types_of_its_own(log: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = log / "out.parquet"
    assert main(["log", "export", "--format", "parquet", "--output", str(path)]) == 0
    table = parquet.read_table(path)
    assert table.num_rows == 3 and table.num_columns == len(EXPORTED)
    row = table.to_pylist()[0]
    assert (row["at"].timestamp(), row["stream"], row["cost_usd"]) == (AT, False, 0.00012)
    assert json.loads(row["propensities"]) == {"small": 0.95, "large": 0.05}


async def test_a_file_that_is_there_is_never_written_over(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = log / "mine.jsonl"
    path.write_text("mine")
    assert main(["log", "export", "--output", str(path)]) == 1
    assert path.read_text() == "mine"
    assert "name another file" in capsys.readouterr().err


async def test_what_cannot_be_written_is_told_with_what_to_do(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["log", "export", "--output", str(log / "none" / "a.jsonl")]) == 1
    assert "Name another file" in capsys.readouterr().err
    assert main(["log", "export", "--format", "parquet"]) == 1
    assert "--output" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert main(["log", "export", "--format", "parquet", "--output", str(log / "a")]) == 1
    assert "pip install 'slm-router[parquet]'" in capsys.readouterr().err
