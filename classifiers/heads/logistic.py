"""Multinomial logistic regression (scikit-learn's, L2)."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Design, Labels
from classifiers.heads.linear import LinearHead, as_matrix, sorted_classes


class LogisticHead(LinearHead):
    """Probabilities learned directly; `strength` is scikit-learn's C (larger = freer)."""

    kind: ClassVar[str] = "logistic"

    def __init__(self, strength: float = 10.0) -> None:
        self.strength = strength

    def fit(self, X: Design, y: Labels, sample_weight: NDArray[np.float64] | None = None) -> Self:
        """Learn from n labelled rows; raises DataError for fewer than two classes."""
        from sklearn.linear_model import LogisticRegression

        self.classes_ = sorted_classes(y)
        model = LogisticRegression(C=self.strength, max_iter=300, tol=1e-3)
        model.fit(as_matrix(X), list(y), sample_weight)
        self._keep(model.coef_, model.intercept_, X.dense.shape[1])
        return self
