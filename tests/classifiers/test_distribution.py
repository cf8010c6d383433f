"""What held-back prompts look like to a classifier, as its artifact tells it."""

import json
import shutil
from pathlib import Path

import numpy as np

from classifiers import artifact
from classifiers.dataset import of_split
from classifiers.distribution import BINS, DISTRIBUTION, LABELS, NUMBERS, bin_of
from classifiers.prompt_classifier import COMPLEXITY, DOMAIN, PRETRAINED, TASK, PromptClassifier
from classifiers.record_distribution import record
from tests.classifiers.conftest import generated_tables


def test_each_signal_is_counted_over_every_held_back_prompt_once(
    small_artifact: Path, tmp_path: Path
) -> None:
    shutil.copytree(small_artifact, tmp_path / "copy")
    tables = generated_tables()
    manifest = record(tmp_path / "copy", tables)

    found = manifest.body[DISTRIBUTION]
    texts = {e.text for name in (COMPLEXITY, DOMAIN, TASK) for e in of_split(tables[name], "val")}
    assert found["n"] == len(texts)
    assert all(len(found[name]) == BINS and sum(found[name]) == len(texts) for name in NUMBERS)
    assert all(sum(found[name].values()) == len(texts) for name in LABELS)
    judged = PromptClassifier.load(tmp_path / "copy").judge(sorted(texts))
    tens = np.bincount([bin_of(it.complexity) for it in judged], minlength=BINS)
    assert found["complexity"] == tens.tolist()


def test_to_record_it_changes_nothing_but_the_version(small_artifact: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(small_artifact, folder)
    before = PromptClassifier.load(folder)
    files = {path.name: path.read_bytes() for path in folder.glob("*.npz")}
    manifest = record(folder, generated_tables())

    assert manifest.version != before.manifest.version
    assert {path.name: path.read_bytes() for path in folder.glob("*.npz")} == files
    texts = ["What is the capital of France?", "Prove it.", ""]
    assert PromptClassifier.load(folder).judge(texts) == before.judge(texts)


def test_training_records_it(whole_artifact: Path) -> None:
    manifest, _ = artifact.load(whole_artifact)
    assert sum(manifest.body[DISTRIBUTION]["complexity"]) == manifest.body[DISTRIBUTION]["n"] > 0


def test_the_shipped_artifact_has_it_of_every_signal() -> None:
    manifest, _ = artifact.load(PRETRAINED)
    found = manifest.body[DISTRIBUTION]
    assert found["n"] > 5000
    assert all(sum(found[name]) == found["n"] for name in NUMBERS)
    assert all(sum(found[name].values()) == found["n"] for name in LABELS)
    shipped = PromptClassifier.load()
    assert found["domain"].keys() <= set(shipped.domains)
    assert found["task"].keys() <= set(shipped.tasks)
    assert found["abstain"].keys() == {"true", "false"}
    assert json.loads((PRETRAINED / "manifest.json").read_text("utf-8"))["sha256"][:12] in (
        PRETRAINED / "card.md"
    ).read_text("utf-8")
