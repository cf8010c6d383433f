"""Nearest neighbours, nearer ones counting more (Dudani, IEEE Trans. SMC, 1976, with a kernel).

Distance is 1 less the cosine of the dense blocks; n-grams are left out, for their vectors are too
long to keep one of each prompt. Vectors are compared as whole numbers, so that sums are exact and
a prompt has the same neighbours alone as among others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, Design, FloatArray, Labels, softmax, unit_rows
from classifiers.heads.linear import sorted_classes
from classifiers.heads.masses import class_masses, shares

NEIGHBOURS = 40
_STEPS = 127
_WIDTHS = (0.02, 0.05, 0.1, 0.2, 0.5)
_PRIOR = 0.5  # neighbours' worth of the overall shares, so that no class is ever impossible


class KnnHead:
    """Class shares among the `neighbours` nearest training rows, weighted by exp(-distance/width).

    Attributes after `fit` on n rows, of which u differ:
        vectors_: [u, d] int8 unit rows; masses_: [u, k] weight of each class there.
        width_: kernel width, chosen by leave-one-out log loss.
    """

    kind: ClassVar[str] = "knn"
    classes_: tuple[str, ...]
    vectors_: NDArray[np.int8]
    masses_: FloatArray
    width_: float

    def __init__(self, neighbours: int = NEIGHBOURS) -> None:
        self.neighbours = neighbours

    def fit(self, X: Design, y: Labels, sample_weight: NDArray[np.float64] | None = None) -> Self:
        """Keep n labelled rows; raises DataError for fewer than two classes."""
        self.classes_ = sorted_classes(y)
        masses = class_masses(self.classes_, y, sample_weight)
        # Equal rows are one neighbour with a share of each class: a soft target is two such rows.
        self.vectors_, place = np.unique(_stepped(X.dense), axis=0, return_inverse=True)
        self.masses_ = np.zeros((len(self.vectors_), len(self.classes_)), dtype=np.float32)
        np.add.at(self.masses_, place.ravel(), masses.astype(np.float32))
        self._prepare()
        self.width_ = min(_WIDTHS, key=self._loss_without_self)
        return self

    def decision_function(self, X: Design) -> FloatArray:
        """Return log shares [n, len(classes_)] whose softmax is `predict_proba`."""
        near, distances = self._nearest(_stepped(X.dense), self.neighbours)
        return self._log_shares(near, distances, self.width_)

    def predict_proba(self, X: Design) -> FloatArray:
        """Return probabilities [n, len(classes_)]; rows sum to 1."""
        return softmax(self.decision_function(X))

    def arrays(self) -> Arrays:
        """The rows, their classes and the kernel."""
        kernel = np.array([self.width_, self.neighbours], dtype=np.float64)
        return {"vectors": self.vectors_, "masses": self.masses_, "kernel": kernel}

    @classmethod
    def restore(cls, classes: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the fitted head that returned these arrays."""
        width, neighbours = arrays["kernel"]
        head = cls(int(neighbours))
        head.classes_ = tuple(classes)
        head.vectors_, head.masses_, head.width_ = arrays["vectors"], arrays["masses"], float(width)
        head._prepare()
        return head

    def _prepare(self) -> None:
        # Whole numbers up to 2 ** 24 are exact as float32, and BLAS multiplies those fast.
        self._rows = self.vectors_.astype(np.float32).T
        lengths = np.linalg.norm(self._rows, axis=0)
        self._lengths = np.where(lengths > 0, lengths, 1)
        self._shares = shares(self.masses_)

    def _nearest(
        self, asked: NDArray[np.int8], count: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return rows and distances [n, at most `count`] of the nearest."""
        length = np.linalg.norm(asked.astype(np.float64), axis=1, keepdims=True)
        products = (asked.astype(np.float32) @ self._rows).astype(np.float64)
        cosines = products / np.where(length > 0, length, 1) / self._lengths
        near = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        return near, 1 - np.take_along_axis(cosines, near, axis=1)

    def _log_shares(
        self, near: NDArray[np.int64], distances: NDArray[np.float64], width: float
    ) -> FloatArray:
        kernel = np.exp(-(distances - distances[:, :1]) / width)
        mass = (kernel[:, :, None] * self.masses_[near]).sum(axis=1)
        typical = self.masses_.sum() / len(self.masses_)
        result: FloatArray = np.log(mass + _PRIOR * typical * self._shares).astype(np.float32)
        return result

    def _loss_without_self(self, width: float) -> float:
        """Return log loss of each of up to 1,000 rows by its neighbours alone."""
        kept = np.linspace(0, len(self.vectors_) - 1, min(1000, len(self.vectors_))).astype(int)
        near, distances = self._nearest(self.vectors_[kept], self.neighbours + 1)
        if near.shape[1] < 2:
            return 0.0
        # A row is its own nearest; among equals which comes first does not matter.
        own = near == kept[:, None]
        own[~own.any(axis=1), -1] = True
        others = (len(kept), near.shape[1] - 1)
        scores = self._log_shares(
            near[~own].reshape(others), distances[~own].reshape(others), width
        )
        truth = self.masses_[kept]
        return float(-(truth * np.log(np.maximum(softmax(scores), 1e-9))).sum())


def _stepped(dense: FloatArray) -> NDArray[np.int8]:
    """Return unit rows in steps of a 127th of each row's largest number."""
    rows = unit_rows(dense)
    largest = np.abs(rows).max(axis=1, initial=0, keepdims=True)
    return np.rint(rows / np.where(largest > 0, largest, 1) * _STEPS).astype(np.int8)
