"""Ridge regression onto class indicators: the steadiest linear head on few labels."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Design, Labels
from classifiers.heads.linear import LinearHead, as_matrix, sorted_classes

# A logit has slope 4 at probability one half, so an indicator's regression is read at that slope.
_SLOPE = 4.0


class RidgeHead(LinearHead):
    """Least squares with an L2 penalty `alpha` (larger = stiffer)."""

    kind: ClassVar[str] = "ridge"

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def fit(self, X: Design, y: Labels, sample_weight: NDArray[np.float64] | None = None) -> Self:
        """Learn from n labelled rows; raises DataError for fewer than two classes."""
        from sklearn.linear_model import Ridge

        self.classes_ = sorted_classes(y)
        # Two classes need one column: the second's indicator, read against one half.
        columns = self.classes_[1:] if len(self.classes_) == 2 else self.classes_
        targets = np.array([[label == column for column in columns] for label in y], dtype=float)
        model = Ridge(alpha=self.alpha, solver="sparse_cg" if X.sparse is not None else "auto")
        model.fit(as_matrix(X), targets, sample_weight)
        offset = 0.5 if len(columns) == 1 else 0.0
        coef = np.reshape(model.coef_, (len(columns), -1))
        self._keep(_SLOPE * coef, _SLOPE * (np.ravel(model.intercept_) - offset), X.dense.shape[1])
        return self
