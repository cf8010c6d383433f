"""What every embedder promises, asked of each of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.base import Embedder
from classifiers.embedders import EMBEDDERS
from classifiers.encoder import Encoder
from classifiers.errors import ArtifactError, MissingExtraError
from classifiers.prompt_classifier import PromptClassifier, save
from classifiers.tokens import Tokeniser

LONG = "Prove that every even number is a sum. " * 4000
TEXTS = ["What is a tide?", "Prove it.", "", "Wie spät ist es?", "x" * 9000, LONG, "half \ud83d"]
pytestmark = pytest.mark.filterwarnings("default")  # torch and its friends warn at import


def test_every_text_gets_a_unit_vector_and_the_empty_one_zero(
    embedder: Embedder, tokeniser: Tokeniser
) -> None:
    vectors = embedder.embed(tokeniser.batch(TEXTS))

    lengths = np.linalg.norm(vectors, axis=1)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(lengths, [float(text != "") for text in TEXTS], atol=1e-3)


def test_a_text_of_blanks_is_as_good_as_none(embedder: Embedder, tokeniser: Tokeniser) -> None:
    assert not embedder.embed(tokeniser.batch([" \n\t "])).any()


def test_no_texts_give_no_vectors(embedder: Embedder, tokeniser: Tokeniser) -> None:
    assert embedder.embed(tokeniser.batch([])).shape == (0, embedder.dimensions)


def test_a_text_is_embedded_alike_alone_and_in_company(
    embedder: Embedder, tokeniser: Tokeniser
) -> None:
    together = embedder.embed(tokeniser.batch(TEXTS))
    alone = np.concatenate([embedder.embed(tokeniser.batch([text])) for text in TEXTS])

    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_different_texts_differ(embedder: Embedder, tokeniser: Tokeniser) -> None:
    first, second = embedder.embed(tokeniser.batch(TEXTS[:2]))

    assert float(first @ second) < 0.99


def test_restoring_from_options_and_arrays_gives_the_same_vectors(
    embedder: Embedder, tokeniser: Tokeniser
) -> None:
    again = EMBEDDERS[embedder.kind].restore(embedder.options(), embedder.arrays())
    batch = tokeniser.batch(TEXTS)

    np.testing.assert_allclose(again.embed(batch), embedder.embed(batch), atol=1e-6)
    assert again.dimensions == embedder.dimensions


def test_an_artifact_brings_the_embedder_back(
    embedder: Embedder, tokeniser: Tokeniser, small: PromptClassifier, tmp_path: Path
) -> None:
    encoder = Encoder.fit(tokeniser, embedder, TEXTS, buckets=64)

    save(tmp_path, encoder, small.heads, {"mean_complexity": 0.5})
    again = PromptClassifier.load(tmp_path).encoder

    assert again.embedder.kind == embedder.kind
    before, after = encoder.encode(TEXTS), again.encode(TEXTS)
    np.testing.assert_allclose(after["full"].dense, before["full"].dense, atol=1e-6)


def test_its_kind_is_the_name_it_is_registered_under(embedder: Embedder) -> None:
    assert type(embedder) is EMBEDDERS[embedder.kind]


@pytest.mark.parametrize("kind", sorted(EMBEDDERS))
def test_a_model_that_is_not_there_is_refused_by_its_name(kind: str, tmp_path: Path) -> None:
    with pytest.raises((ArtifactError, MissingExtraError), match=r"gone|not installed"):
        EMBEDDERS[kind].open(str(tmp_path / "gone"))
