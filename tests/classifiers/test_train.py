"""The whole offline path on made-up tables: read, train, evaluate, save, describe, load."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers import card, train
from classifiers import prompt_classifier as names
from classifiers.base import Design
from classifiers.embedders.hashing import HashingEmbedder
from classifiers.embedders.static import StaticEmbedder
from classifiers.errors import ArtifactError, DataError
from classifiers.prompt_classifier import PRETRAINED, PromptClassifier, save
from classifiers.tokens import Tokeniser
from tests.classifiers.conftest import generated_tables
from tests.classifiers.designs import rows_of


def test_tables_become_an_artifact_that_judges(whole_artifact: Path) -> None:
    classifier = PromptClassifier.load(whole_artifact)

    assert classifier.manifest.body["embedder"]["kind"] == "hashing"
    assert len(classifier.judge(["hello friend 77"])) == 1


def test_the_card_names_sources_with_licences_versions_and_every_figure(
    whole_artifact: Path,
) -> None:
    text = (whole_artifact / card.CARD).read_text()
    body = json.loads((whole_artifact / "manifest.json").read_text())

    assert "Apache-2.0" in text and "numpy" in text and f"Seed {body['seed']}" in text
    for test, found in body["figures"].items():
        for name, row in found.items():
            assert f"| {test} | {name} |" in text
            assert row["n"] > 0 and row["low"] <= row["high"]


def test_figures_stand_beside_the_baselines(whole_artifact: Path) -> None:
    routing = json.loads((whole_artifact / "manifest.json").read_text())["figures"][
        "routing mmlu_pro"
    ]

    assert {"APGR", "CPT(50)", "CPT(80)", "APGR random", "APGR prompt length"} <= set(routing)
    assert routing["APGR random"]["value"] == 0.5
    assert routing["APGR oracle"]["value"] >= routing["APGR"]["value"]


def test_training_twice_gives_the_same_artifact(tokeniser: Tokeniser, tmp_path: Path) -> None:
    versions = set()
    for run in ("first", "second"):
        encoder, heads = train.train(generated_tables(), tokeniser, HashingEmbedder(16), 128)
        versions.add(save(tmp_path / run, encoder, heads, {"mean_complexity": 0.5}).version)

    assert len(versions) == 1


def test_a_soft_target_becomes_two_weighted_rows(small: PromptClassifier) -> None:
    examples = generated_tables()[names.COMPLEXITY][:3]

    rows = train.labelled(names.COMPLEXITY, examples, small.encoder)

    assert rows.y.tolist() == ["enough"] * 3 + ["short"] * 3
    np.testing.assert_allclose(rows.weights[:3] + rows.weights[3:], [e.weight for e in examples])
    np.testing.assert_allclose(rows.weights[3:], [e.weight * e.target for e in examples])


def test_taking_rows_keeps_their_sparse_values() -> None:
    X = Design(np.arange(3, dtype=np.float32)[:, None], rows_of([[0, 2], [], [1]], 3))

    taken = train.take(X, np.array([2, 0]))

    assert taken.dense.ravel().tolist() == [2, 0]
    assert taken.sparse is not None
    assert taken.sparse.dot(np.eye(3)).tolist() == [[0, 1, 0], [1, 0, 1]]


def test_the_default_embedder_reads_the_shipped_vectors() -> None:
    assert isinstance(train.open_embedder("static", PRETRAINED, None), StaticEmbedder)


def test_an_unknown_embedder_is_refused_with_those_there_are() -> None:
    with pytest.raises(DataError, match="no embedder 'elmo'; there are hashing, onnx"):
        train.open_embedder("elmo", PRETRAINED, None)


def test_an_embedder_that_needs_a_model_gets_the_one_given(tmp_path: Path) -> None:
    assert train.open_embedder("hashing", PRETRAINED, "32").dimensions == 32
    with pytest.raises(ArtifactError, match="gone"):
        train.open_embedder("onnx", PRETRAINED, str(tmp_path / "gone"))
