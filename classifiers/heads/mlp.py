"""A small neural network: one hidden layer of rectified units (scikit-learn's, Adam)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, Design, FloatArray, Labels, softmax
from classifiers.heads.linear import as_matrix, quantised, sorted_classes

_STORED = (
    "coef",
    "sparse_coef",
    "sparse_scale",
    "hidden_intercept",
    "out_coef",
    "out_intercept",
)


class MlpHead:
    """scores = max(0, dense @ coef + sparse @ sparse_coef + intercept) @ out_coef + intercept.

    Arrays after `fit` (h hidden units; c scores: one per class, or a single one for two):
        coef [d, h] float32; sparse_coef [width, h] int8 with sparse_scale [h];
        hidden_intercept [h]; out_coef [h, c]; out_intercept [c].
    """

    kind: ClassVar[str] = "mlp"
    classes_: tuple[str, ...]
    arrays_: Arrays

    def __init__(self, hidden: int = 32, alpha: float = 1e-3, seed: int = 0) -> None:
        self.hidden = hidden
        self.alpha = alpha
        self.seed = seed

    def fit(self, X: Design, y: Labels, sample_weight: NDArray[np.float64] | None = None) -> Self:
        """Learn from n labelled rows; raises DataError for fewer than two classes."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPClassifier

        self.classes_ = sorted_classes(y)
        model = MLPClassifier(
            (self.hidden,),
            alpha=self.alpha,
            learning_rate_init=0.01,
            max_iter=60,
            tol=1e-4,
            random_state=self.seed,
        )
        with warnings.catch_warnings():
            # To stop early is a penalty of its own; what matters is measured on held-back rows.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(as_matrix(X), list(y), sample_weight)
        self._keep(model.coefs_, model.intercepts_, X.dense.shape[1])
        return self

    def decision_function(self, X: Design) -> FloatArray:
        """Return scores [n, len(classes_)] whose softmax is `predict_proba`."""
        stored = self.arrays_
        hidden = X.dense @ stored["coef"] + stored["hidden_intercept"]
        if X.sparse is not None and len(stored["sparse_coef"]):
            hidden = hidden + X.sparse.dot(stored["sparse_coef"]) * stored["sparse_scale"]
        scores = np.maximum(hidden, 0) @ stored["out_coef"] + stored["out_intercept"]
        if scores.shape[1] == 1:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        result: FloatArray = scores.astype(np.float32)
        return result

    def predict_proba(self, X: Design) -> FloatArray:
        """Return probabilities [n, len(classes_)]; rows sum to 1."""
        return softmax(self.decision_function(X))

    def arrays(self) -> Arrays:
        """The weights of both layers."""
        return self.arrays_

    @classmethod
    def restore(cls, classes: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the fitted head that returned these arrays."""
        head = cls()
        head.classes_ = tuple(classes)
        head.arrays_ = {name: arrays[name] for name in _STORED}
        return head

    def _keep(
        self, coefs: Sequence[NDArray[Any]], intercepts: Sequence[NDArray[Any]], width: int
    ) -> None:
        sparse, scale = quantised(coefs[0][width:])
        parts: tuple[NDArray[Any], ...] = (
            coefs[0][:width],
            sparse,
            scale,
            intercepts[0],
            coefs[1],
            intercepts[1],
        )
        self.arrays_ = {
            name: part if part.dtype == np.int8 else part.astype(np.float32)
            for name, part in zip(_STORED, parts, strict=True)
        }
