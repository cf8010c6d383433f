"""The real MiniLM, exported once: the graph embeds as the float model does."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from classifiers import artifact, export_onnx
from classifiers.embedders.onnx import OnnxEmbedder
from classifiers.errors import ArtifactError, MissingExtraError
from classifiers.minilm import packaged_minilm
from classifiers.tokens import Tokeniser
from tests.classifiers.embedders.conftest import Exported

pytestmark = pytest.mark.filterwarnings("default")  # torch and its friends warn at import


def test_int8_embeds_as_the_float_model_does(minilm: Exported) -> None:
    assert len(minilm.cosines) >= 100
    assert minilm.cosines.mean() > 0.98
    assert minilm.cosines.min() > 0.95


def test_it_puts_paraphrases_nearer_than_strangers(minilm: Exported, tokeniser: Tokeniser) -> None:
    embedder = OnnxEmbedder.open(str(minilm.folder))
    texts = ["How old are you?", "What is your age?", "The stock market fell sharply."]

    asked, paraphrase, stranger = embedder.embed(tokeniser.batch(texts))

    assert embedder.dimensions == 384
    assert asked @ paraphrase > asked @ stranger + 0.3


def test_the_real_limit_pooling_and_size_are_kept(minilm: Exported) -> None:
    embedder = OnnxEmbedder.open(str(minilm.folder))

    assert embedder.graph.folder.max_tokens == 256
    assert embedder.graph.folder.pooling == "mean"
    assert len(artifact.pack(embedder.arrays())) < 25e6


def test_a_model_that_int8_changes_too_much_is_not_written(
    minilm: Exported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = (minilm.folder / "model.onnx").read_bytes()
    monkeypatch.setattr(export_onnx, "_trace", lambda name, path: path.write_bytes(b""))
    monkeypatch.setattr(export_onnx, "_quantise", lambda source, path: path.write_bytes(content))
    monkeypatch.setattr(export_onnx, "fidelity", lambda *given: np.array([0.9, 0.95]))

    with pytest.raises(ArtifactError, match=r"int8 would be 0\.925 like it"):
        export_onnx.export(packaged_minilm(), tmp_path / "out")

    assert not (tmp_path / "out").exists()


def test_without_torch_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(MissingExtraError, match=r"slm-router\[export-onnx\]"):
        export_onnx.export(packaged_minilm(), tmp_path / "out")


def test_a_folder_that_is_no_model_is_refused_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["export_onnx", "--out", str(tmp_path / "out"), "--model", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", asked)

    assert export_onnx.main() == 1
    assert "tokenizer.json: cannot be read" in capsys.readouterr().err
