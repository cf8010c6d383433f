"""Tables of results: folders and single files, parquet, JSONL and CSV."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers.errors import DataError
from classifiers.results import read_results
from classifiers.sample import FOLDER, NAME, SHOWN_PAIR, sample_prompts
from classifiers.sample.generate import generate
from tests.classifiers.tables import write_tables

CSV = (
    "prompt,model,score,split\nWhat is 1+1?,a,1,val\nWhat is 1+1?,b,0.5,val\nProve it.,a,0,train\n"
)


def test_a_csv_of_prompt_model_score_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(CSV)

    (table,) = read_results(tmp_path / "mine.csv").values()

    assert table.texts == ("What is 1+1?", "Prove it.")
    assert table.models == ("a", "b") and table.splits == ("val", "train")
    np.testing.assert_equal(table.scores, [[1, 0.5], [0, np.nan]])
    assert np.isnan(table.costs).all()


def test_parquet_and_jsonl_folders_say_the_same(tmp_path: Path) -> None:
    parquet, jsonl = write_tables(tmp_path), tmp_path / "jsonl"
    from classifiers.dataset import read_table

    jsonl.mkdir()
    for name in ("prompts", "scores"):
        rows = read_table(parquet / f"{name}.parquet")
        (jsonl / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))

    ours, theirs = read_results(parquet), read_results(jsonl)

    assert ours.keys() == theirs.keys() == {"mmlu_pro", "alpaca_eval"}
    for name, table in ours.items():
        assert table.texts == theirs[name].texts and table.models == theirs[name].models
        np.testing.assert_equal(table.scores, theirs[name].scores)


def test_win_rates_of_other_judges_are_left_out(tmp_path: Path) -> None:
    table = read_results(write_tables(tmp_path))["alpaca_eval"]

    assert not (table.scores == 0.123).any()


def test_a_table_without_splits_is_halved_the_same_way_every_time(tmp_path: Path) -> None:
    rows = [json.dumps({"prompt": f"number {n}", "model": "a", "score": 1}) for n in range(100)]
    (tmp_path / "rows.jsonl").write_text("\n".join(rows))

    first, second = (read_results(tmp_path / "rows.jsonl")["prompts"] for _ in range(2))

    assert first.splits == second.splits
    assert 30 < first.splits.count("val") < 70


def test_models_are_found_by_their_last_path_part_and_prompts_both_answered(
    tmp_path: Path,
) -> None:
    rows = "prompt,model,score\np,lab/a,1\np,b,0\nq,lab/a,1\n"
    (tmp_path / "t.csv").write_text(rows)
    (table,) = read_results(tmp_path / "t.csv").values()

    assert table.of_models(["b", "a"]).scores.tolist() == [[0, 1]]
    with pytest.raises(DataError, match="no model 'c'; it has b, lab/a"):
        table.of_models(["c"])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        (
            "t.csv",
            "prompt,model,score\np,a,much\n",
            r"t\.csv:2: the column `score` is 'much', expected a number",
        ),
        (
            "t.csv",
            "prompt,model,score\np,a,7\n",
            r"t\.csv:2: the column `score` is 7, expected a number from 0 to 1",
        ),
        ("t.csv", "prompt,score\np,1\n", r"t\.csv:2: no column `model` in prompt, score"),
        ("t.csv", "text,model,score\np,a,1\n", r"t\.csv:2: no column `prompt`"),
        ("t.jsonl", '{"prompt": "p"}\n{nope\n', r"t\.jsonl:2: not JSON"),
        ("t.jsonl", "[]\n", "expected an object"),
        ("t.jsonl", "", "no prompt has a score"),
        ("t.csv", b"prompt,model,score\nx,a,nan\n", "t.csv:2: the column `score` is no number"),
        ("t.csv", b"prompt;model;score\nx;a;1\n", "t.csv:1: no comma parts the columns"),
        ("t.csv", b"prompt,model,score\ncaf\xe9,a,1\n", "t.csv: the text is not in UTF-8"),
        ("t.csv", "prompt,model,score\nx,a,1\n".encode("utf-16"), "t.csv: the text is not in UTF"),
        ("t.jsonl", b'{"prompt":"caf\xe9"}\n', "t.jsonl: the text is not in UTF-8"),
        ("t.parquet", b"prompt,model,score\n", "t.parquet: .*Parquet"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(
    tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(DataError, match=told):
        read_results(tmp_path / name)


def test_a_csv_takes_prompts_as_long_as_models_do(tmp_path: Path) -> None:
    (tmp_path / "long.csv").write_text(f"prompt,model,score\n{'x' * 200_000},a,1\n")

    (table,) = read_results(tmp_path / "long.csv").values()

    assert len(table.texts[0]) == 200_000


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"prompts\.parquet, prompts\.jsonl"):
        read_results(tmp_path)
    with pytest.raises(DataError, match=r"gone\.jsonl"):
        read_results(tmp_path / "gone.jsonl")


def test_the_sample_is_labelled_as_simulated_and_is_what_its_generator_writes(
    tmp_path: Path,
) -> None:
    generate(tmp_path)

    for name in ("prompts.jsonl", "scores.jsonl"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()
    (table,) = read_results(FOLDER).values()
    assert table.dataset == NAME and "simulated" in NAME
    assert all("simulated" in model for model in table.models)
    assert set(SHOWN_PAIR) < set(table.models)
    assert not np.isnan(table.scores).any() and (table.costs > 0).all()
    assert len(set(sample_prompts())) == len(table) >= 250
