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

# Scales set how strongly one regularisation strength holds each block, beside the embedding's 1;
# chosen on val. Arrays, as numpy takes them in half the time of a plain number.
FEATURE_SCALE = np.array(0.3, dtype=np.float32)
PRODUCT_SCALE = np.array(0.1, dtype=np.float32)
# Standard deviations, and their products: an absurd prompt must not buy an absurd score.
_CLIP, _CLIP_PRODUCT = (np.array(most, dtype=np.float32) for most in (4.0, 9.0))

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
        wide = self.wide(texts)
        features = len(self.mean)
        vectors = wide.dense.shape[1] - features - len(_pairs(features)[0])
        crossed = wide.dense[:, vectors:].copy()
        crossed[:, features:] *= FEATURE_SCALE / PRODUCT_SCALE
        return {
            FULL: Design(np.ascontiguousarray(wide.dense[:, : vectors + features]), wide.sparse),
            SURFACE: Design(crossed),
            WIDE: wide,
        }

    def wide(self, texts: Sequence[str]) -> Design:
        """Return the `wide` view of n texts alone."""
        batch = self.tokeniser.batch(texts)
        shape = surface(batch.texts)
        shape -= self.mean
        shape /= self.spread
        _clip(shape, _CLIP)
        products = _products(shape)
        shape *= FEATURE_SCALE
        products *= PRODUCT_SCALE
        dense = np.concatenate((self.embedder.embed(batch), shape, products), axis=1)
        return Design(dense, self.ngrams.transform(batch.ids))

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


def _products(shape: FloatArray) -> FloatArray:
    """Return the products of all pairs of features [n, f], squares included."""
    first, second = _pairs(shape.shape[1])
    products = shape.take(first, axis=1)
    products *= shape.take(second, axis=1)
    _clip(products, _CLIP_PRODUCT)
    return products


def _clip(values: FloatArray, most: FloatArray) -> None:
    """Keep values within -most and most, in place."""
    # `np.clip` says the same and costs several times as much on the few numbers of one prompt.
    np.minimum(values, most, out=values)
    np.maximum(values, -most, out=values)
