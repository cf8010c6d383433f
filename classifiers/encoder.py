"""Texts to the arrays that heads read: tokenised once, embedded once, for all heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, Design, Embedder, FloatArray, IntArray
from classifiers.features import FEATURES, surface
from classifiers.ngrams import TokenNgrams
from classifiers.tokens import Tokeniser

# Scales set how strongly one regularisation strength holds each block; chosen on val.
EMBEDDING_SCALE = np.float32(1.0)
FEATURE_SCALE = np.float32(0.3)
PRODUCT_SCALE = np.float32(0.1)
# Standard deviations, and their products: an absurd prompt must not buy an absurd score.
_CLIP, _CLIP_PRODUCT = 4.0, 9.0

FULL, SURFACE, WIDE = "full", "surface", "wide"


@dataclass(frozen=True, slots=True)
class Encoder:
    """One tokeniser, one embedder, n-grams and surface features side by side.

    Attributes:
        mean: [features] average of each surface feature on the training texts.
        spread: [features] its standard deviation.
    """

    tokeniser: Tokeniser
    embedder: Embedder
    ngrams: TokenNgrams
    mean: FloatArray
    spread: FloatArray

    @classmethod
    def fit(
        cls, tokeniser: Tokeniser, embedder: Embedder, texts: Sequence[str], buckets: int
    ) -> Self:
        """Learn document frequencies and feature scales from n training texts."""
        batch = tokeniser.batch(texts)
        raw = surface(batch.texts)
        spread = np.maximum(raw.std(axis=0), 1e-3)
        return cls(tokeniser, embedder, TokenNgrams.fit(batch.ids, buckets), raw.mean(0), spread)

    def encode(self, texts: Sequence[str]) -> dict[str, Design]:
        """Return the views of n texts: `full` (embedding, features, n-grams), `surface` (features
        alone, with the products of each pair: a long prompt with options differs from a long
        story) and `wide` (all of these side by side)."""
        batch = self.tokeniser.batch(texts)
        scaled = (surface(batch.texts) - self.mean) / self.spread
        shape = np.minimum(np.maximum(scaled, -_CLIP), _CLIP)
        features = shape * FEATURE_SCALE
        vectors = self.embedder.embed(batch) * EMBEDDING_SCALE
        dense = np.concatenate([vectors, features], axis=1, dtype=np.float32)
        sparse, crossed = self.ngrams.transform(batch.ids), _with_products(shape)
        products = crossed[:, shape.shape[1] :] * PRODUCT_SCALE
        return {
            FULL: Design(dense, sparse),
            SURFACE: Design(crossed * FEATURE_SCALE),
            WIDE: Design(np.concatenate([dense, products], axis=1, dtype=np.float32), sparse),
        }

    def arrays(self) -> Arrays:
        """What was learned, for the artifact (the embedder and tokeniser store themselves)."""
        return {"idf": self.ngrams.idf, "mean": self.mean, "spread": self.spread}

    @classmethod
    def restore(
        cls, tokeniser: Tokeniser, embedder: Embedder, arrays: Mapping[str, NDArray[Any]]
    ) -> Self:
        """Build from stored arrays. Raises ValueError when they were made for other features."""
        if len(arrays["mean"]) != len(FEATURES):
            raise ValueError(f"made for {len(arrays['mean'])} features, not {len(FEATURES)}")
        ngrams = TokenNgrams(arrays["idf"])
        return cls(tokeniser, embedder, ngrams, arrays["mean"], arrays["spread"])


@cache
def _pairs(width: int) -> tuple[IntArray, IntArray]:
    return np.triu_indices(width)


def _with_products(shape: FloatArray) -> FloatArray:
    """Return features [n, f] followed by the products of all pairs, squares included."""
    first, second = _pairs(shape.shape[1])
    products = shape[:, first] * shape[:, second]
    bounded = np.minimum(np.maximum(products, -_CLIP_PRODUCT), _CLIP_PRODUCT)
    return np.concatenate([shape, bounded], axis=1, dtype=np.float32)
