"""An embedder without any stored knowledge: signed hashing of token ids.

For tests and as the floor every other embedder must beat (Weinberger et al., ICML 2009).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, FloatArray, Options, TokenBatch, unit_rows
from classifiers.errors import ArtifactError

_MULTIPLIER = np.int64(2654435761)


@dataclass(frozen=True, slots=True)
class HashingEmbedder:
    """Counts token ids into `dimensions` signed buckets."""

    kind: ClassVar[str] = "hashing"
    dimensions: int = 64

    @classmethod
    def open(cls, model: str | None) -> Self:
        """Return one with `model` buckets. Raises ArtifactError when that is no number."""
        if model is None:
            return cls()
        if not model.isdecimal() or int(model) == 0:
            problem = f"the embedder {cls.kind} takes a number of buckets for a model"
            raise ArtifactError(Path(model), problem)
        return cls(int(model))

    def embed(self, batch: TokenBatch) -> FloatArray:
        """Return unit vectors [n, dimensions]; zero for a text without tokens."""
        rows = np.zeros((len(batch.ids), self.dimensions), dtype=np.float32)
        for row, ids in enumerate(batch.ids):
            hashed = (ids + 1) * _MULTIPLIER
            np.add.at(rows[row], (hashed >> 8) % self.dimensions, np.where(hashed & 16, 1.0, -1.0))
        return unit_rows(rows)

    def options(self) -> Options:
        """The number of buckets."""
        return {"dimensions": self.dimensions}

    def arrays(self) -> Arrays:
        """Nothing is stored."""
        return {}

    @classmethod
    def restore(cls, options: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from the manifest's options."""
        return cls(int(options["dimensions"]))
