"""Hashed token n-grams with TF-IDF weights: the exact words that averaging vectors blurs.

Works on token ids, so it costs a few numpy calls and shares the embedder's tokenisation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np

from classifiers.base import FloatArray, IntArray, SparseRows

# Odd multipliers spread consecutive ids over the buckets; their values do not matter.
_FIRST, _SECOND, _PAIR = np.int64(40503), np.int64(1000003), np.int64(2654435761)


# 1 + log(count), as far as the tokens of the longest text go.
_SUBLINEAR = (1 + np.log(np.maximum(np.arange(8192), 1))).astype(np.float32)


def _buckets(ids: IntArray, width: int) -> tuple[IntArray, IntArray]:
    """Return the distinct buckets of a text's unigrams and bigrams, with their counts."""
    single = ids * _FIRST
    pairs = (ids[:-1] * _SECOND + single[1:] + 13) * _PAIR >> 7
    hashed = np.concatenate((single + 7, pairs)) % width
    # As np.unique(hashed, return_counts=True), which takes three times as long on one prompt.
    hashed.sort()
    bounds = np.concatenate((_EDGE, hashed[1:] != hashed[:-1], _EDGE[: len(hashed)])).nonzero()[0]
    starts = bounds[:-1]
    return hashed.take(starts), bounds[1:] - starts


_EDGE = np.ones(1, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class TokenNgrams:
    """Unigrams and bigrams of token ids, hashed into buckets.

    Attributes:
        idf: [width] inverse document frequency of each bucket.
    """

    idf: FloatArray

    @classmethod
    def fit(cls, ids: Sequence[IntArray], width: int) -> Self:
        """Learn smoothed document frequencies from n texts (scikit-learn's TfidfTransformer)."""
        seen = np.zeros(width)
        for text in ids:
            seen[_buckets(text, width)[0]] += 1
        idf = np.log((1 + len(ids)) / (1 + seen)) + 1
        return cls(idf.astype(np.float32))

    def transform(self, ids: Sequence[IntArray]) -> SparseRows:
        """Return unit rows: (1 + log count) * idf, as in sublinear TF-IDF."""
        width = len(self.idf)
        rows = [self._row(text, width) for text in ids]
        offsets = np.cumsum([0, *(len(found) for found, _ in rows)], dtype=np.int64)
        empty = (np.zeros(0, np.int64), np.zeros(0, np.float32))
        indices, values = zip(empty, *rows, strict=True)
        return SparseRows(np.concatenate(indices), np.concatenate(values), offsets, width)

    def _row(self, ids: IntArray, width: int) -> tuple[IntArray, FloatArray]:
        found, counts = _buckets(ids, width)
        values = _SUBLINEAR.take(counts, mode="clip") * self.idf.take(found)
        norm = max(sqrt(float(values @ values)), 1e-9)
        return found, values / np.float32(norm)
