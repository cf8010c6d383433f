from __future__ import annotations

import sys

import pytest

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
