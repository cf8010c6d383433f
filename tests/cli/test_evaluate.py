"""`slm-router evaluate`: from a table, or from nothing, to a report."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from router.cli import main
from tests.classifiers.tables import write_tables

CSV = "prompt,model,score,category,split\n" + "".join(
    f"What is {n} plus {n}?,{model},{score},sum,{split}\n"
    f"Prove theorem {n} of the book.,{model},{int(model == 'big')},proof,{split}\n"
    for n in range(12)
    for model, score in (("tiny", 1), ("big", 1))
    for split in (("train", "val")[n % 2],)
)


def evaluated(
    capsys: pytest.CaptureFixture[str], out: Path, *arguments: str
) -> tuple[int, str, str]:
    code = main(["evaluate", "--bootstrap", "20", "--out", str(out), *arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def report(out: Path) -> Any:
    assert (out / "report.html").read_text("utf-8").startswith("<!doctype html>")
    return json.loads((out / "report.json").read_text("utf-8"))


def test_without_data_it_runs_on_the_sample_and_says_that_it_is_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told, _ = evaluated(capsys, tmp_path / "new" / "out")

    assert code == 0
    assert told.startswith("SIMULATED")
    for name in ("ours", "random", "always small", "always large", "prompt length"):
        assert f"\n{name} " in told
    for name in ("category mean", "kNN", "TF-IDF + ridge", "oracle", "best per category"):
        assert f"\n{name} " in told
    found = report(tmp_path / "new" / "out")
    assert found["simulated"] is True
    drawing = ElementTree.parse(tmp_path / "new" / "out" / "sample-simulated.svg").getroot()
    assert drawing.tag == "{http://www.w3.org/2000/svg}svg"
    (pair,) = found["pairs"]
    assert (pair["small"], pair["large"]) == ("simulated-8b", "simulated-70b")
    assert pair["figures"]["oracle"]["APGR"]["value"] > pair["figures"]["ours"]["APGR"]["value"]


def test_a_users_csv_is_enough(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.csv").write_text(CSV)

    code, told, _ = evaluated(
        capsys, tmp_path / "out", "--data", str(tmp_path / "mine.csv"), "--seed", "4"
    )

    assert code == 0 and "SIMULATED" not in told
    (pair,) = report(tmp_path / "out")["pairs"]
    assert (pair["small"], pair["large"], pair["n"]) == ("tiny", "big", 12)
    assert pair["figures"]["category mean"]["CPT(80)"]["value"] == pytest.approx(0.4)


def test_the_shared_tables_give_pairs_and_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    write_tables(data)
    rows = [{"kind": "sentences", "lang": "en", "text": "The house is old.", "split": "val"}]
    parquet.write_table(pa.Table.from_pylist(rows), data / "language.parquet")
    mail = {"text": "mail ann@example.com", "spans": '[[5, 20, "EMAIL_ADDRESS"]]', "split": "val"}
    parquet.write_table(pa.Table.from_pylist([mail]), data / "pii.parquet")

    code, told, heard = evaluated(capsys, tmp_path / "out", "--data", str(data))

    assert code == 0 and "measuring mmlu_pro" in heard
    found = report(tmp_path / "out")
    assert {pair["dataset"] for pair in found["pairs"]} == {"mmlu_pro", "alpaca_eval"}
    assert {it["name"] for it in found["labels"]} == {"domain", "task", "language"}
    (private,) = found["detections"]
    assert private["recall"]["email"]["value"] == 1
    assert private["false_alarms"]["value"] == 0
    assert "domain, all" in told


def test_one_dataset_and_one_pair_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(write_tables(tmp_path))
    words = ["--data", data, "--dataset", "mmlu_pro", "--no-labels", "--split", "train"]

    code, _, _ = evaluated(
        capsys, tmp_path / "out", *words, "--small", "mathstral-7B", "--large", "gemini-1.5-pro-002"
    )

    found = report(tmp_path / "out")
    assert code == 0 and found["labels"] == []
    (pair,) = found["pairs"]
    assert (pair["small"], pair["large"]) == ("mathstral-7B", "gemini-1.5-pro-002")
    # Nothing is left to learn from when the train rows are judged.
    assert pair["n_train"] == 0 and "kNN" not in pair["figures"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--data", "nowhere"], "nowhere"),
        (["--dataset", "strange"], "no dataset strange; there are sample-simulated"),
        (["--small", "strange", "--large", "stranger"], "strange"),
        (["--artifact", "nowhere"], "nowhere/manifest.json"),
        (["--split", "test"], "no prompt of split 'test'"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    code, _, error = evaluated(capsys, tmp_path / "out", *words)

    assert code == 1 and told in error
