"""Texts to the arrays that heads read: tokenised once, embedded once, for all heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, Design, Embedder, FloatArray, IntArray
from classifiers.features import FEATURES, surface
from classifiers.ngrams import TokenNgrams
from classifiers.tokens import Tokeniser

# Scales set how strongly one regularisation strength holds each block, beside the embedding's 1;
# chosen on val.
FEATURE_SCALE = np.float32(0.3)
PRODUCT_SCALE = np.float32(0.1)
# Standard deviations, and their products: an absurd prompt must not buy an absurd score.
_CLIP = 4.0
# Arrays, as numpy takes them in half the time of a plain number.
_LOWEST, _HIGHEST = (np.array(bound, dtype=np.float32) for bound in (-9.0, 9.0))

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
    _mean: list[float] = field(init=False, repr=False, compare=False)
    _spread: list[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_mean", self.mean.tolist())
        object.__setattr__(self, "_spread", self.spread.tolist())

    @classmethod
    def fit(
        cls, tokeniser: Tokeniser, embedder: Embedder, texts: Sequence[str], buckets: int
    ) -> Self:
        """Learn document frequencies and feature scales from n training texts."""
        batch = tokeniser.batch(texts)
        raw = np.array(surface(batch.texts), dtype=np.float32)
        spread = np.maximum(raw.std(axis=0), 1e-3)
        return cls(tokeniser, embedder, TokenNgrams.fit(batch.ids, buckets), raw.mean(0), spread)

    def encode(self, texts: Sequence[str]) -> dict[str, Design]:
        """Return the views of n texts: `full` (embedding, features, n-grams), `surface` (features
        alone, with the products of each pair: a long prompt with options differs from a long
        story) and `wide` (all of these side by side)."""
        wide = self.wide(texts)
        features = len(self.mean)
        vectors = wide.dense.shape[1] - len(scales(features)) + 1
        crossed = wide.dense[:, vectors:].copy()
        crossed[:, features:] *= FEATURE_SCALE / PRODUCT_SCALE
        return {
            FULL: Design(np.ascontiguousarray(wide.dense[:, : vectors + features]), wide.sparse),
            SURFACE: Design(crossed),
            WIDE: wide,
        }

    def wide(self, texts: Sequence[str]) -> Design:
        """Return the `wide` view of n texts alone."""
        crossed = self.crossed(texts)
        vectors = crossed.dense.shape[1] - len(scales(len(self.mean)))
        dense = np.delete(crossed.dense, vectors, axis=1)
        dense[:, vectors:] *= scales(len(self.mean))[1:]
        return Design(dense, crossed.sparse)

    def crossed(self, texts: Sequence[str]) -> Design:
        """Return the `wide` view as `Fused` reads it: unscaled, and behind the embedding a column
        of ones."""
        batch = self.tokeniser.batch(texts)
        rows = [self._standardised(row) for row in surface(batch.texts)]
        products = _products(np.array(rows, dtype=np.float32).reshape(len(rows), -1))
        dense = np.concatenate((self.embedder.embed(batch), products), axis=1)
        return Design(dense, self.ngrams.transform(batch.ids))

    def _standardised(self, row: list[float]) -> list[float]:
        """Return a one and the features in standard deviations. The products of all pairs of these
        begin with that one, then the features themselves."""
        found = [1.0]
        for value, mean, spread in zip(row, self._mean, self._spread, strict=True):
            scaled = (value - mean) / spread
            found.append(_CLIP if scaled > _CLIP else -_CLIP if scaled < -_CLIP else scaled)
        return found

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
def scales(features: int) -> FloatArray:
    """Return what the columns of `crossed` behind the embedding are multiplied by in `wide`."""
    blocks = (1, features, features * (features + 1) // 2)
    return np.repeat(np.array((1, FEATURE_SCALE, PRODUCT_SCALE), dtype=np.float32), blocks)


@cache
def _pairs(width: int) -> tuple[IntArray, IntArray]:
    return np.triu_indices(width)


def _products(values: FloatArray) -> FloatArray:
    """Return the products of all pairs of values [n, f], squares included."""
    first, second = _pairs(values.shape[1])
    products = values.take(first, axis=1)
    products *= values.take(second, axis=1)
    # `np.clip` says the same and costs several times as much on the few numbers of one prompt.
    np.minimum(products, _HIGHEST, out=products)
    np.maximum(products, _LOWEST, out=products)
    return products
