"""What all linear heads share: scores = dense @ coef + sparse @ (int8 coef * scale) + intercept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, Design, FloatArray, Labels, softmax
from classifiers.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


def as_matrix(X: Design) -> NDArray[Any] | csr_matrix:
    """Return a Design as one matrix for scikit-learn: dense, or scipy CSR [n, d + width]."""
    if X.sparse is None:
        return X.dense
    from scipy.sparse import csr_matrix, hstack

    shape = (len(X), X.sparse.width)
    rows = csr_matrix((X.sparse.values, X.sparse.indices, X.sparse.offsets), shape=shape)
    return csr_matrix(hstack([csr_matrix(X.dense), rows]))


class LinearHead:
    """Serves a linear model with numpy alone; subclasses learn the coefficients.

    Attributes after `fit` (c columns: one per class, or a single one for two classes):
        coef_: [d, c] float32 of the dense block.
        sparse_coef_: [width, c] int8 of the sparse block, width 0 without one.
        sparse_scale_: [c] float32, the value of one int8 step.
        intercept_: [c] float32.
    """

    classes_: tuple[str, ...]
    coef_: FloatArray
    sparse_coef_: NDArray[np.int8]
    sparse_scale_: FloatArray
    intercept_: FloatArray

    def decision_function(self, X: Design) -> FloatArray:
        """Return scores [n, len(classes_)] whose softmax is `predict_proba`."""
        scores = X.dense @ self.coef_ + self.intercept_
        if X.sparse is not None and len(self.sparse_coef_):
            scores = scores + X.sparse.dot(self.sparse_coef_) * self.sparse_scale_
        if scores.shape[1] == 1:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        result: FloatArray = scores.astype(np.float32)
        return result

    def predict_proba(self, X: Design) -> FloatArray:
        """Return probabilities [n, len(classes_)]; rows sum to 1."""
        return softmax(self.decision_function(X))

    def arrays(self) -> Arrays:
        """The coefficients."""
        return {
            "coef": self.coef_,
            "sparse_coef": self.sparse_coef_,
            "sparse_scale": self.sparse_scale_,
            "intercept": self.intercept_,
        }

    @classmethod
    def restore(cls, classes: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the fitted head that returned these arrays."""
        head = cls()
        head.classes_ = tuple(classes)
        head.coef_ = arrays["coef"]
        head.sparse_coef_ = arrays["sparse_coef"]
        head.sparse_scale_ = arrays["sparse_scale"]
        head.intercept_ = arrays["intercept"]
        return head

    def _keep(self, coef: NDArray[Any], intercept: NDArray[Any], dense_width: int) -> None:
        """Store coefficients [c, d + width], the sparse part quantised to int8."""
        self.coef_ = coef[:, :dense_width].T.astype(np.float32)
        self.sparse_coef_, self.sparse_scale_ = quantised(coef[:, dense_width:].T)
        self.intercept_ = np.asarray(intercept, dtype=np.float32)


def quantised(columns: NDArray[Any]) -> tuple[NDArray[np.int8], FloatArray]:
    """Return columns [width, c] as int8 and the value [c] of one step of each."""
    largest = np.abs(columns).max(axis=0, initial=0)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.rint(columns / scale).astype(np.int8), scale


def sorted_classes(y: Labels) -> tuple[str, ...]:
    """Return the distinct labels in order. Raises DataError when there is only one."""
    classes = tuple(sorted({str(label) for label in y}))
    if len(classes) < 2:
        raise DataError(f"a head needs at least two classes, got {list(classes)}")
    return classes
