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

# Odd multipliers spread consecutive ids over the buckets; their values do not matter. Arrays, as
# numpy takes them in half the time of a plain number.
_FIRST, _SECOND, _PAIR = (np.array(value) for value in (40503, 1000003, 2654435761))
_SINGLE, _FOLLOWING, _SHIFT = (np.array(value) for value in (7, 6, 7))

# 1 + log(count), as far as the tokens of the longest text go.
_SUBLINEAR = (1 + np.log(np.maximum(np.arange(8192), 1))).astype(np.float32)
_NOTHING, _WEIGHTLESS = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)


def _hashed(ids: IntArray, width: int) -> IntArray:
    """Return the buckets of n >= 1 unigrams and, behind them, of the n - 1 bigrams."""
    n = len(ids)
    found = np.empty(2 * n - 1, dtype=np.int64)
    single, pairs = found[:n], found[n:]
    np.multiply(ids, _FIRST, out=single)
    single += _SINGLE
    np.multiply(ids[:-1], _SECOND, out=pairs)
    pairs += single[1:]
    pairs += _FOLLOWING
    pairs *= _PAIR
    pairs >>= _SHIFT
    if width & (width - 1):
        found %= width
    else:  # the same, four times as fast
        found &= width - 1
    return found


def _by_text(ids: Sequence[IntArray], width: int) -> IntArray:
    """Return the buckets of n texts, those of each with numbers of their own (text * width +
    bucket), so that all can be sorted and counted in one go."""
    hashed = _hashed(np.concatenate(ids), width)
    bases = np.arange(0, len(ids) * width, width).repeat([len(each) for each in ids])
    tokens = len(bases)
    hashed[:tokens] += bases
    hashed[tokens:] += bases[:-1]
    # No bigram spans two texts: one that would is taken for a text beyond the last.
    spanning = (bases[1:] != bases[:-1]).nonzero()[0]
    spanning += tokens
    hashed[spanning] = len(ids) * width
    return hashed


def _counted(found: IntArray) -> tuple[IntArray, IntArray]:
    """Return what is found, in order, and how often. Sorts what it is given."""
    # As np.unique(found, return_counts=True), which takes three times as long on one prompt.
    found.sort()
    edges = np.empty(len(found) + 1, dtype=np.bool_)
    edges[0] = edges[-1] = True
    np.not_equal(found[1:], found[:-1], out=edges[1:-1])
    bounds = edges.nonzero()[0]
    starts = bounds[:-1]
    return found.take(starts), bounds[1:] - starts


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
            if len(text):
                seen[_counted(_hashed(text, width))[0]] += 1
        idf = np.log((1 + len(ids)) / (1 + seen)) + 1
        return cls(idf.astype(np.float32))

    def transform(self, ids: Sequence[IntArray]) -> SparseRows:
        """Return unit rows: (1 + log count) * idf, as in sublinear TF-IDF."""
        width, n = len(self.idf), len(ids)
        if not any(map(len, ids)):
            return SparseRows(_NOTHING, _WEIGHTLESS, np.zeros(n + 1, dtype=np.int64), width)
        if n == 1:
            found, counts = _counted(_hashed(ids[0], width))
            values = self._weights(found, counts)
            values /= np.float32(sqrt(values.dot(values)))
            return SparseRows(found, values, np.array((0, len(found))), width)
        keys, counts = _counted(_by_text(ids, width))
        offsets = keys.searchsorted(np.arange(n + 1) * width)
        rows, found = np.divmod(keys[: offsets[n]], width)
        values = self._weights(found, counts[: offsets[n]])
        norms = np.sqrt(np.bincount(rows, values * values)).astype(np.float32)
        values /= norms.take(rows)
        return SparseRows(found, values, offsets, width)

    def _weights(self, found: IntArray, counts: IntArray) -> FloatArray:
        weights: FloatArray = _SUBLINEAR.take(counts, mode="clip")
        weights *= self.idf.take(found)
        return weights
