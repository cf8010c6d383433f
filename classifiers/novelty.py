"""Whether a prompt is unlike everything the classifier was calibrated on.

Its similarity is the largest cosine to the centroids of the training prompts' embeddings; below
the floor that all but three in a thousand training prompts reach, the prompt is new ground. It
knows subjects, not sense: random letters are caught as a foreign language, not by this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, FloatArray, unit_rows

CENTROIDS = 96
_SHARE = 0.003  # of training prompts that may count as new ground


@dataclass(frozen=True, slots=True)
class Novelty:
    """Where the training prompts lie.

    Attributes:
        centroids: [c, d] of unit length.
        floor: similarity below which a prompt is new ground.
    """

    centroids: FloatArray
    floor: float

    @classmethod
    def fit(cls, vectors: FloatArray, weights: NDArray[np.float64], seed: int) -> Self:
        """Learn from the unit vectors [n, d] of training prompts and their weights [n]."""
        from sklearn.cluster import KMeans

        clusters = min(CENTROIDS, len(np.unique(vectors, axis=0)))
        found = KMeans(clusters, n_init=1, max_iter=30, random_state=seed).fit(
            vectors, sample_weight=weights
        )
        centroids = unit_rows(found.cluster_centers_)
        nearest = np.sort((vectors @ centroids.T).max(axis=1))
        return cls(centroids, float(nearest[int(_SHARE * len(nearest))]))

    def unlike(self, vectors: FloatArray) -> NDArray[np.bool_]:
        """Return [n] whether each unit vector lies on new ground; a zero vector does."""
        nearest = (vectors @ self.centroids.T).max(axis=1)
        result: NDArray[np.bool_] = (nearest < self.floor) | ~vectors.any(axis=1)
        return result

    def arrays(self) -> Arrays:
        """What the artifact must store."""
        return {"centroids": self.centroids, "floor": np.array([self.floor], dtype=np.float32)}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from stored arrays."""
        return cls(arrays["centroids"], float(arrays["floor"][0]))
