"""All linear maps of a prompt classifier side by side: two products for all heads and latents.

On one prompt numpy spends its time on calls, not on numbers: five heads, two maps onto latents and
the centroids of novelty one by one take three times as long as all of them at once. Calibrations
are folded in, so what comes out are log-odds and latents.

Rule: what it says is what the parts would say by themselves, but for rounding (float32).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Design, FloatArray, SparseRows
from classifiers.calibrate import Calibration
from classifiers.encoder import FEATURE_SCALE, FULL, PRODUCT_SCALE, SURFACE, scales
from classifiers.heads.linear import LinearHead
from classifiers.latents import Latents
from classifiers.novelty import Novelty

_FEW = 3
"""Rows for which a product each takes less time than one of two matrices, for which all of the
second is first copied into another order."""

_BLOCK = 16


class Part(NamedTuple):
    """A linear head with its calibration, and the view that it reads: FULL or SURFACE."""

    head: LinearHead
    calibration: Calibration
    view: str


class Read(NamedTuple):
    """What the products tell of n texts.

    Attributes:
        odds: [n] rows of plain numbers, those of all parts side by side: of each one column for two
            classes, else one a class.
        sides: [n, 2 k] latents, as in `Blend`; k is 0 without any.
        nearness: [n, c] to each of the centroids; c is 0 without any.
    """

    odds: list[list[float]]
    sides: FloatArray
    nearness: FloatArray


@dataclass(frozen=True, slots=True)
class Fused:
    """The maps, in two blocks: of one matrix for both a third would be zeros, and what a judgement
    reads takes the place in the processor's caches of what the rest of a request needs.

    Attributes:
        words: [v, c] of the embedding in `Encoder.crossed`, onto nearness, then odds, then the
            latents that go by the words.
        shape: [w - v, d] of all behind it, onto odds, then the latents by words and by shape.
        sparse, scale: [width, s] int8 and [s], of its n-grams, onto odds and latents by words.
            The three matrices are `_padded`.
        ends: where the odds of each part end, then those of `Read.sides` behind them.
        near: columns of `Read.nearness`.
    """

    words: FloatArray
    shape: FloatArray
    sparse: NDArray[np.int8]
    scale: FloatArray
    ends: tuple[int, ...]
    near: int

    @classmethod
    def of(
        cls, parts: Sequence[Part], latents: Latents | None, novelty: Novelty | None, features: int
    ) -> Self:
        """Put them together; `features` is how many the surface has."""
        products = features * (features + 1) // 2
        width = max((len(it.head.sparse_coef_) for it in parts), default=0)
        vectors = next(len(it.head.coef_) for it in parts if it.view == FULL) - features
        place = _Place(vectors, features, products)
        blocks, sparse = [], []
        for part in parts:
            coef, constant = _calibrated(part)
            blocks.append((place.of(coef, part.view), constant))
            sparse.append(_sparse(part, width))
        if latents is not None:
            blocks.append((latents.coef, np.zeros(latents.coef.shape[1])))
            sparse.append((latents.sparse_coef, latents.sparse_scale))
        read = np.concatenate([one for one, _ in blocks], axis=1)
        centroids = np.zeros((vectors, 0)) if novelty is None else novelty.centroids.T
        words = np.concatenate((centroids, read[:vectors]), axis=1)
        if latents is not None:
            shape = latents.shape_coef
            blocks.append((place.of(shape[1:], SURFACE), shape[0]))
        behind = np.concatenate([one[vectors:] for one, _ in blocks], axis=1)
        constant = np.concatenate([constant for _, constant in blocks])
        behind = np.insert(behind, 0, constant, axis=0) * scales(features)[:, None]
        sides = 0 if latents is None else 2 * latents.coef.shape[1]
        return cls(
            _padded(words.astype(np.float32)),
            _padded(behind.astype(np.float32)),
            _padded(np.concatenate([coef for coef, _ in sparse], axis=1)),
            np.concatenate([scale for _, scale in sparse]).astype(np.float32),
            tuple(accumulate([*(part.head.coef_.shape[1] for part in parts), sides])),
            centroids.shape[1],
        )

    def read(self, crossed: Design) -> Read:
        """Return what n texts tell."""
        vectors, s = len(self.words), len(self.scale)
        words = _product(crossed.dense[:, :vectors], self.words)
        found = _product(crossed.dense[:, vectors:], self.shape)
        told = found[:, :s]
        told += words[:, self.near : self.near + s]
        if crossed.sparse is not None:
            told += self._sparse_product(crossed.sparse)
        odds, sides = self.ends[-2:]
        return Read(found[:, :odds].tolist(), found[:, odds:sides], words[:, : self.near])

    def _sparse_product(self, rows: SparseRows) -> FloatArray:
        """Return [n, s]; of one text [s]."""
        picked = self.sparse.take(rows.indices, axis=0).astype(np.float32)
        n, s = len(rows.offsets) - 1, len(self.scale)
        if n == 1:
            alone: FloatArray = rows.values.dot(picked)[:s]
            alone *= self.scale
            return alone
        found = np.empty((n, s), dtype=np.float32)
        for row, (start, end) in enumerate(pairwise(rows.offsets.tolist())):
            found[row] = rows.values[start:end].dot(picked[start:end])[:s]
        found *= self.scale
        return found


def _product(rows: FloatArray, columns: FloatArray) -> FloatArray:
    if not 1 < len(rows) <= _FEW:
        all_at_once: FloatArray = rows.dot(columns)
        return all_at_once
    found = np.empty((len(rows), columns.shape[1]), dtype=np.float32)
    for row, out in zip(rows, found, strict=True):
        row.dot(columns, out)
    return found


def _padded(columns: NDArray[Any]) -> NDArray[Any]:
    """With columns of zeros up to a whole number of blocks: a product rounds those of a block that
    is not whole otherwise, and then an added latent would change what all heads say by a trifle."""
    return np.pad(columns, ((0, 0), (0, -columns.shape[1] % _BLOCK)))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the views stand in the `wide` one: the vector, the features, their products."""

    vectors: int
    features: int
    products: int

    @property
    def width(self) -> int:
        return self.vectors + self.features + self.products

    def of(self, coef: NDArray[Any], view: str) -> NDArray[Any]:
        """Coefficients of a view as those of the wide one."""
        placed = np.zeros((self.width, coef.shape[1]))
        if view == FULL:
            placed[: len(coef)] = coef
        else:
            # There the products are scaled as the features are.
            placed[self.vectors :] = coef
            placed[self.vectors + self.features :] *= float(FEATURE_SCALE / PRODUCT_SCALE)
        return placed


def _calibrated(part: Part) -> tuple[NDArray[Any], NDArray[Any]]:
    """The coefficients and constants of a head whose softmax needs no calibration any more."""
    slope, offset = part.calibration.slope, part.calibration.offset
    constant = part.head.intercept_ * slope
    constant[-1] += offset
    return part.head.coef_ * slope, constant


def _sparse(part: Part, width: int) -> tuple[NDArray[np.int8], FloatArray]:
    columns = part.head.coef_.shape[1]
    if not len(part.head.sparse_coef_):
        return np.zeros((width, columns), np.int8), np.ones(columns, np.float32)
    scale = part.head.sparse_scale_ * np.float32(part.calibration.slope)
    return part.head.sparse_coef_, scale


def parts_of(
    heads: Mapping[str, Any], views: Mapping[str, str], names: Sequence[str]
) -> list[Part] | None:
    """The named heads as parts; None where one of them is not linear."""
    found = [Part(heads[name].head, heads[name].calibration, views[name]) for name in names]
    return found if all(isinstance(part.head, LinearHead) for part in found) else None
