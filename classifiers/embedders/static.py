"""The default embedder: one stored vector per token, averaged. No model runs.

The vectors come from a sentence-transformers model (see `distill.py`); rare tokens weigh more
because model2vec scales each vector by its token's SIF weight (Arora et al., ICLR 2017).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers import artifact
from classifiers.base import Arrays, FloatArray, Options, TokenBatch
from classifiers.errors import ArtifactError

VECTORS = "vectors.npz"
SHIPPED = Path(__file__).parents[1] / "pretrained" / VECTORS
_DISTILL = "classifiers.distill --out DIR"


@dataclass(frozen=True, slots=True)
class StaticEmbedder:
    """Mean of int8 token vectors.

    Attributes:
        vectors: [vocabulary, d] int8.
        scales: [vocabulary] float32; a token's vector is `vectors[id] * scales[id]`.
    """

    kind: ClassVar[str] = "static"
    vectors: NDArray[np.int8]
    scales: FloatArray

    @classmethod
    def open(cls, model: str | None) -> Self:
        """Read `vectors.npz` or a folder that holds it, as `classifiers.distill` writes it; None
        means the shipped one. Raises ArtifactError when it cannot be read."""
        path = SHIPPED if model is None else Path(model)
        path = path / VECTORS if path.is_dir() else path
        try:
            return cls.restore({}, artifact.unpack(path.read_bytes(), path))
        except OSError as error:
            problem = f"cannot be read ({error.strerror}); make it with `python -m {_DISTILL}`"
            raise ArtifactError(path, problem) from error
        except KeyError as error:
            raise ArtifactError(path, f"holds no {error}; is it of another embedder?") from error

    @classmethod
    def quantise(cls, vectors: NDArray[Any]) -> Self:
        """Store float vectors [vocabulary, d] as int8 with one scale per token."""
        largest = np.abs(vectors.astype(np.float32)).max(axis=1)
        scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
        return cls(np.rint(vectors / scales[:, None]).astype(np.int8), scales)

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return int(self.vectors.shape[1])

    def embed(self, batch: TokenBatch) -> FloatArray:
        """Return unit vectors [n, dimensions]; zero for a text without tokens."""
        rows = np.zeros((len(batch.ids), self.dimensions), dtype=np.float32)
        for row, ids in enumerate(batch.ids):
            # The mean's divisor cancels in the unit length.
            summed = self.scales.take(ids).dot(self.vectors.take(ids, axis=0).astype(np.float32))
            length = sqrt(summed.dot(summed))
            if length > 0:
                np.divide(summed, np.float32(length), out=rows[row])
        return rows

    def options(self) -> Options:
        """Nothing: the arrays say it all."""
        return {}

    def arrays(self) -> Arrays:
        """The quantised vectors."""
        return {"vectors": self.vectors, "scales": self.scales}

    @classmethod
    def restore(cls, options: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from stored arrays."""
        return cls(arrays["vectors"], arrays["scales"])
