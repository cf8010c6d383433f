"""The mean of a prompt's category: the simple thing that learned routers often fail to beat.

No one names a prompt's category when it is served, so categories are found: clusters of the dense
blocks of the training rows (k-means). A new row gets the class shares of the cluster whose centre
is nearest in angle, drawn towards the shares overall as far as the cluster is small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, Design, FloatArray, Labels, softmax, unit_rows
from classifiers.heads.linear import sorted_classes
from classifiers.heads.masses import class_masses, shares

_PRIOR = 4.0  # rows' worth of the overall shares in every category
_ROWS_EACH = 12
_MOST = 128


class CategoryMeanHead:
    """Class shares per category.

    Attributes after `fit`:
        centres_: [c, d] of unit length.
        rates_: [c, k] log share of each class.
    """

    kind: ClassVar[str] = "category_mean"
    classes_: tuple[str, ...]
    centres_: FloatArray
    rates_: FloatArray

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def fit(self, X: Design, y: Labels, sample_weight: NDArray[np.float64] | None = None) -> Self:
        """Find categories and count n labelled rows; DataError for fewer than two classes."""
        from sklearn.cluster import KMeans

        self.classes_ = sorted_classes(y)
        masses = class_masses(self.classes_, y, sample_weight)
        rows = unit_rows(X.dense)
        distinct = len(np.unique(rows, axis=0))
        wanted = max(len(self.classes_), min(_MOST, len(rows) // _ROWS_EACH))
        found = KMeans(min(wanted, distinct), n_init=1, random_state=self.seed)
        self.centres_ = unit_rows(found.fit(rows, sample_weight=sample_weight).cluster_centers_)
        counts = np.zeros((len(self.centres_), len(self.classes_)))
        np.add.at(counts, self._category(rows), masses)
        typical = masses.sum() / len(masses)
        counts += _PRIOR * typical * shares(masses)
        share = counts / counts.sum(axis=1, keepdims=True)
        self.rates_ = np.log(np.maximum(share, 1e-9)).astype(np.float32)
        return self

    def decision_function(self, X: Design) -> FloatArray:
        """Return log shares [n, len(classes_)] whose softmax is `predict_proba`."""
        result: FloatArray = self.rates_[self._category(unit_rows(X.dense))]
        return result

    def predict_proba(self, X: Design) -> FloatArray:
        """Return probabilities [n, len(classes_)]; rows sum to 1."""
        return softmax(self.decision_function(X))

    def arrays(self) -> Arrays:
        """The centres and the shares."""
        return {"centres": self.centres_, "rates": self.rates_}

    @classmethod
    def restore(cls, classes: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the fitted head that returned these arrays."""
        head = cls()
        head.classes_ = tuple(classes)
        head.centres_, head.rates_ = arrays["centres"], arrays["rates"]
        return head

    def _category(self, rows: FloatArray) -> NDArray[np.int64]:
        """Return the nearest centre [n] of unit rows."""
        result: NDArray[np.int64] = (rows @ self.centres_.T).argmax(axis=1)
        return result
