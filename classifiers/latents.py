"""A prompt's latents: the few numbers that models' abilities are held against.

Linear in the words (embedding, n-grams, shape) as far as these are familiar, and in the shape
alone for the rest: a foreign prompt must not be judged by words that mean nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from classifiers.base import Arrays, Design, FloatArray
from classifiers.heads.linear import quantised


class Blend(Struct, frozen=True):
    """The latents of n prompts before they are blended.

    Attributes:
        sides: [n, 2 k] by the words and, beside them, by the shape alone.
        shares: [n] how much of them the words decide.
    """

    sides: FloatArray
    shares: list[float]

    @classmethod
    def of(cls, latents: FloatArray) -> Blend:
        """Of latents [n, k] that are blended already."""
        return cls(np.concatenate((latents, latents), axis=1), [1.0] * len(latents))

    def latents(self) -> FloatArray:
        """Return the latents [n, k]."""
        words, shape = np.split(self.sides, 2, axis=1)
        found: FloatArray = words - shape
        found *= np.array(self.shares, dtype=np.float32)[:, None]
        found += shape
        return found

    def against(self, loadings: FloatArray) -> list[list[float]]:
        """Return the products [n, a] of the latents with loadings [k, a], given as `doubled`."""
        held = self.sides.dot(loadings).tolist()
        a = loadings.shape[1] // 2
        return [
            [
                share * words + (1 - share) * shape
                for words, shape in zip(row, row[a:], strict=False)
            ]
            for row, share in zip(held, self.shares, strict=True)
        ]


def doubled(loadings: FloatArray) -> FloatArray:
    """Return loadings [k, a] as `Blend` is held against them [2 k, 2 a]: by one product for words
    and shape."""
    none = np.zeros_like(loadings)
    return np.block([[loadings, none], [none, loadings]])


@dataclass(frozen=True, slots=True)
class Latents:
    """Two linear maps onto k latents.

    Attributes:
        coef: [d, k] of the `wide` view's dense block.
        sparse_coef, sparse_scale: [width, k] int8 and [k], of its n-grams.
        shape_coef: [1 + s, k] of the `surface` view, the intercept first.
    """

    coef: FloatArray
    sparse_coef: NDArray[np.int8]
    sparse_scale: FloatArray
    shape_coef: FloatArray

    @classmethod
    def of(cls, coef: NDArray[Any], shape_coef: NDArray[Any], dense_width: int) -> Self:
        """Store fitted coefficients [d + width, k], those of n-grams as int8."""
        sparse, scale = quantised(coef[dense_width:])
        dense = coef[:dense_width].astype(np.float32)
        return cls(dense, sparse, scale, shape_coef.astype(np.float32))

    def transform(self, words: Design, shape: Design, trust: FloatArray) -> FloatArray:
        """Return latents [n, k]; `trust` [n] in [0, 1] is the share of the words."""
        read = words.dense @ self.coef
        if words.sparse is not None:
            read = read + words.sparse.dot(self.sparse_coef) * self.sparse_scale
        seen = self.shape_coef[0] + shape.dense @ self.shape_coef[1:]
        result: FloatArray = (trust[:, None] * read + (1 - trust[:, None]) * seen).astype(
            np.float32
        )
        return result

    def arrays(self) -> Arrays:
        """What the artifact must store."""
        return {
            "coef": self.coef,
            "sparse_coef": self.sparse_coef,
            "sparse_scale": self.sparse_scale,
            "shape_coef": self.shape_coef,
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from stored arrays."""
        names = ("coef", "sparse_coef", "sparse_scale", "shape_coef")
        return cls(*(arrays[name] for name in names))
