"""The seams of the library: what an embedder and a head must do, and the arrays between them.

Words are scikit-learn's (`fit`, `decision_function`, `predict_proba`, `classes_`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
Arrays = dict[str, NDArray[Any]]
Labels = Sequence[str] | NDArray[np.str_]
Options = dict[str, str | int | float]


class TokenBatch(Struct, frozen=True):
    """Texts, already shortened, with their token ids.

    Attributes:
        texts: n strings.
        ids: n arrays of token ids (int64), each possibly empty.
        unknown_id: the id that stands for what the vocabulary does not hold.
    """

    texts: Sequence[str]
    ids: Sequence[IntArray]
    unknown_id: int


class SparseRows(Struct, frozen=True):
    """Rows with few non-zero values (compressed sparse rows, without scipy).

    Attributes:
        indices: [nnz] column of each value.
        values: [nnz] the values.
        offsets: [n + 1]; row i owns `indices[offsets[i]:offsets[i + 1]]`.
        width: number of columns.
    """

    indices: IntArray
    values: FloatArray
    offsets: IntArray
    width: int

    def dot(self, weights: NDArray[Any]) -> FloatArray:
        """Multiply by `weights` [width, k] (any numeric type) and return [n, k]."""
        out = np.zeros((len(self.offsets) - 1, weights.shape[1]), dtype=np.float32)
        for row in range(len(out)):
            start, end = self.offsets[row], self.offsets[row + 1]
            picked = weights[self.indices[start:end]].astype(np.float32)
            out[row] = self.values[start:end] @ picked
        return out


class Design(Struct, frozen=True):
    """What heads read: one dense block [n, d] and, optionally, sparse rows beside it."""

    dense: FloatArray
    sparse: SparseRows | None = None

    def __len__(self) -> int:
        return len(self.dense)


class Embedder(Protocol):
    """Turns tokenised texts into vectors of unit length (or zero for empty text)."""

    kind: ClassVar[str]

    @classmethod
    def open(cls, model: str | None) -> Self:
        """Return one to train with. What `model` names is the kind's own: a folder, a file or a
        name; None takes the kind's default.

        Raises ArtifactError for a model that is missing or unfit, MissingExtraError when an extra
        must be installed first.
        """
        ...

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        ...

    def embed(self, batch: TokenBatch) -> FloatArray:
        """Return [n, dimensions]; each row depends on its own text only."""
        ...

    def options(self) -> Options:
        """What the manifest must say to build this embedder again."""
        ...

    def arrays(self) -> Arrays:
        """What the artifact must store to build this embedder again."""
        ...

    @classmethod
    def restore(cls, options: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the embedder that returned these options and arrays."""
        ...


class Head(Protocol):
    """A classifier over a Design. `fit` may need scikit-learn; everything else is numpy."""

    kind: ClassVar[str]
    classes_: tuple[str, ...]

    def fit(self, X: Design, y: Labels, sample_weight: NDArray[np.float64] | None = None) -> Self:
        """Learn from n labelled rows; sets `classes_` (sorted). Raises DataError for one class."""
        ...

    def decision_function(self, X: Design) -> FloatArray:
        """Return scores [n, len(classes_)] whose softmax is `predict_proba`."""
        ...

    def predict_proba(self, X: Design) -> FloatArray:
        """Return probabilities [n, len(classes_)]; rows sum to 1."""
        ...

    def arrays(self) -> Arrays:
        """What the artifact must store to serve this head again."""
        ...

    @classmethod
    def restore(cls, classes: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the fitted head that returned these arrays."""
        ...


def softmax(scores: NDArray[Any]) -> FloatArray:
    """Return probabilities of scores [n, k], safe against overflow."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: FloatArray = (shifted / shifted.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def unit_rows(rows: NDArray[Any]) -> FloatArray:
    """Scale each row of [n, d] to length 1; a zero row stays zero."""
    # Plain sums: for the one row of one prompt `np.linalg.norm` costs more than all its numbers.
    norms = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    result: FloatArray = (rows / np.where(norms > 0, norms, 1)).astype(np.float32)
    return result
