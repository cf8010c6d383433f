"""`slm-router train`: from tables to a classifier, from labels to an adapted one."""

import json
import re
import shutil
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from classifiers.dataset import read_table
from classifiers.prompt_classifier import PRETRAINED, PromptClassifier
from classifiers.table_schema import TABLES
from router.cli import main
from tests.classifiers.labelled import labelled, write_labels
from tests.classifiers.tables import write_tables

FEW = ("--folds", "3", "--bootstrap", "60")


def adapt(labels: Path, out: Path, *more: str) -> int:
    return main(
        ["train", str(labels), "--start-from", "pretrained", "--out", str(out), *FEW, *more]
    )


def manifest(folder: Path) -> Any:
    return json.loads((folder / "manifest.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("labels") / "labels.csv", labelled())


@dataclass(frozen=True)
class Adapted:
    """A classifier that was adapted to labels, and what the command said meanwhile."""

    folder: Path
    out: str
    err: str


def adapted_to(labels: Path, folder: Path) -> Adapted:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        assert adapt(labels, folder) == 0
    return Adapted(folder, out.getvalue(), err.getvalue())


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labels(tmp_path_factory.mktemp("few") / "few.csv", labelled(60, seed=1))


@pytest.fixture(scope="module")
def taught_little(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier adapted to those sixty labelled prompts."""
    return adapted_to(few, tmp_path_factory.mktemp("little") / "mine").folder


@pytest.fixture(scope="module")
def replaced(
    labels: Path, taught_little: Path, tmp_path_factory: pytest.TempPathFactory
) -> Adapted:
    """The same, adapted to three hundred in its place."""
    out = tmp_path_factory.mktemp("out") / "mine"
    shutil.copytree(taught_little, out)
    return adapted_to(labels, out)


@pytest.fixture(scope="module")
def adapted(replaced: Adapted) -> Path:
    """A classifier adapted to three hundred labelled prompts."""
    return replaced.folder


def test_labels_in_a_csv_make_a_better_classifier(replaced: Adapted) -> None:
    assert re.search(r"APGR .*: better by 0\.\d+ .*\(beyond chance\)", replaced.out)
    assert "Written: " in replaced.out
    assert "fold 3 of 3 ..." in replaced.err
    assert PromptClassifier.load(replaced.folder).manifest.body["adapted"]
    assert "Against what it replaces" in (replaced.folder / "card.md").read_text("utf-8")


def test_the_same_labels_and_seed_give_the_same_classifier(
    few: Path, taught_little: Path, tmp_path: Path
) -> None:
    assert adapt(few, tmp_path / "again") == 0

    assert manifest(tmp_path / "again")["sha256"] == manifest(taught_little)["sha256"]


def test_a_worse_classifier_is_refused_saying_by_how_much(
    adapted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    shutil.copytree(adapted, out)
    before = manifest(out)
    few = write_labels(tmp_path / "few.csv", labelled(24, seed=1))

    assert adapt(few, out) == 1

    told = capsys.readouterr()
    assert "(WORSE)" in told.out and "Written" not in told.out
    assert "nothing was written" in told.err and "--force" in told.err
    assert re.search(r"worse by 0\.\d+ \[0\.\d+, \d\.\d+\] on 24 held-back prompts", told.err)
    assert manifest(out) == before

    assert adapt(few, out, "--force") == 0
    assert manifest(out) != before


def test_more_labels_replace_what_fewer_taught(taught_little: Path, adapted: Path) -> None:
    assert manifest(adapted) != manifest(taught_little)
    assert manifest(adapted)["adaptation"]["prompts"] == 300


def test_labels_may_be_jsonl_with_one_score_a_prompt(tmp_path: Path) -> None:
    """As feedback gives them: no prompt was answered by both models."""
    table = labelled(80)
    rows = [
        {"prompt": text, "model": table.models[at % 2], "score": table.scores[at, at % 2]}
        for at, text in enumerate(table.texts)
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    assert adapt(path, tmp_path / "mine") == 0

    assert manifest(tmp_path / "mine")["adaptation"]["labels"] == dict.fromkeys(table.models, 40)


def test_a_whole_classifier_is_learned_from_jsonl_tables_of_the_users_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In place of the shipped one, which knows far more than these few tables teach."""
    data, out = own_tables(tmp_path), tmp_path / "out"
    shutil.copytree(PRETRAINED, out)
    words = ["--embedder", "hashing", "--buckets", "256", "--folds", "2", "--head", "task=knn"]

    code = main(["train", str(data), "--out", str(out), "--bootstrap", "20", "--force", *words])

    told = capsys.readouterr()
    assert code == 0 and "learning task ..." in told.err
    for figure in ("APGR", "accuracy of domain", "accuracy of task"):
        assert re.search(rf"  {figure} 0\.\d+ -> \d\.\d+: (worse|better) by ", told.out)
    body = manifest(out)
    assert body["embedder"]["kind"] == "hashing"
    assert body["heads"]["task"]["kind"] == "knn" and body["heads"]["domain"]["kind"] == "ridge"
    assert {"own-small", "own-large"} <= set(PromptClassifier.load(out).models)


def own_tables(tmp_path: Path) -> Path:
    """Tables of a dataset and of models that no public one knows, as JSONL."""
    parquet, lines = tmp_path / "parquet", tmp_path / "lines"
    parquet.mkdir()
    lines.mkdir()
    write_tables(parquet)
    tables = {name: read_table(parquet / f"{name}.parquet") for name in TABLES}
    own = [
        {
            "dataset": "own",
            "prompt_id": str(number),
            "prompt": f"{kind} case {number} of our own",
            "category": kind,
            "split": ("train", "val")[number % 2],
        }
        for number in range(40)
        for kind in (("easy", "hard")[number % 3 == 0],)
    ]
    tables["prompts"] += own
    tables["scores"] += [
        {
            "dataset": "own",
            "prompt_id": row["prompt_id"],
            "model": model,
            "score": int(model == "own-large" or row["category"] == "easy"),
        }
        for row in own
        for model in ("own-small", "own-large")
    ]
    for name, rows in tables.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (lines / f"{name}.jsonl").write_text(text, "utf-8")
    return lines


GOOD = "prompt,model,score\nWhat is it?,a,1\n"


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        (GOOD, [], "add --start-from pretrained"),
        (GOOD, ["--start-from", "pretrained"], "every model needs 20 labels or more: a has 1"),
        (GOOD, ["--start-from", "nowhere"], "nowhere/manifest.json"),
        (GOOD, ["--start-from", "pretrained", "--embedder", "static"], "--embedder is decided by"),
        (GOOD, ["--start-from", "pretrained", "--small", "b"], "no label is of model 'b'"),
        (GOOD, ["--start-from", "pretrained", "--since", "1h"], "--since is only with --from-log"),
        (GOOD, ["--start-from", "pretrained", "--from-log"], "either DATA or --from-log"),
        (f"{GOOD}And this?,a,good\n", ["--start-from", "pretrained"], ":3: the column `score` is"),
        (f"{GOOD}And, this?,a,1\n", ["--start-from", "pretrained"], ":3: expected as many cells"),
        ("text,score\nx,1\n", ["--start-from", "pretrained"], ":2: no column `prompt` in text"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    content: str, words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(content, "utf-8")

    assert main(["train", str(path), "--out", str(tmp_path / "out"), *words]) == 1

    error = capsys.readouterr().err
    assert told in error and "Traceback" not in error
    assert not (tmp_path / "out").exists()


def test_tables_that_are_missing_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path), "--out", str(tmp_path / "out")]) == 1

    assert "lacks the tables prompts, scores" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--head", "strange"], "no head 'strange'; there are boosting, category_mean, knn"),
        (["--head", "familiar=knn"], "--head sets complexity, domain, task"),
        (["--embedder", "strange"], "strange"),
        (["--small", "x"], "--small is only with --start-from pretrained"),
    ],
)
def test_what_a_whole_classifier_cannot_be_learned_with_is_said(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(tmp_path), "--out", str(tmp_path / "out"), *words]) == 1

    assert told in capsys.readouterr().err


def test_a_folder_that_holds_something_else_is_left_alone(
    labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "card.md").write_text("mine")

    assert adapt(labels, tmp_path) == 1

    assert "holds no classifier" in capsys.readouterr().err
    assert (tmp_path / "card.md").read_text() == "mine"


def test_a_classifier_that_cannot_be_read_is_replaced_by_force_alone(
    adapted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    shutil.copytree(adapted, out)
    (out / "responses.npz").write_bytes(b"damaged")
    few = write_labels(tmp_path / "few.csv", labelled(60))

    assert adapt(few, out) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert (out / "responses.npz").read_bytes() == b"damaged"

    assert adapt(few, out, "--force") == 0
    assert PromptClassifier.load(out).manifest.body["adaptation"]["prompts"] == 60


def test_without_the_extra_it_says_how_to_install_it(
    labels: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "scipy"]:
        monkeypatch.delitem(sys.modules, name)

    class Missing:
        @staticmethod
        def find_spec(name: str, *_: Any) -> None:
            if name.partition(".")[0] == "scipy":
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Missing, *sys.meta_path])

    assert adapt(labels, tmp_path / "out") == 1

    assert 'pip install "slm-router[train]"' in capsys.readouterr().err
