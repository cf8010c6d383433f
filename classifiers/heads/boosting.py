"""Gradient boosted trees over the dense block (scikit-learn's histogram kind; Friedman, 2001).

N-grams are left out: trees over 65,536 columns that are nearly always 0 learn little and slowly.
Served from plain arrays: all trees are walked side by side, one level a step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, Design, FloatArray, Labels, softmax
from classifiers.heads.linear import sorted_classes

_NODES = ("feature", "threshold", "left", "right", "value")


class BoostingHead:
    """A sum of small trees.

    Attributes after `fit` (t trees of m nodes in all; c scores: one per class, or one for two):
        feature, left, right: [m] int32; a leaf's children are itself.
        threshold: [m] float64; a row goes left where its feature is not above it.
        value: [m] float32, 0 in inner nodes.
        roots: [t] first node of each tree; of_class: [t] which score it adds to.
        baseline: [c].
    """

    kind: ClassVar[str] = "boosting"
    classes_: tuple[str, ...]
    nodes_: Arrays
    roots_: NDArray[np.int32]
    of_class_: NDArray[np.int32]
    baseline_: NDArray[np.float64]
    depth_: int

    def __init__(self, rounds: int = 100, leaves: int = 15, seed: int = 0) -> None:
        self.rounds = rounds
        self.leaves = leaves
        self.seed = seed

    def fit(self, X: Design, y: Labels, sample_weight: NDArray[np.float64] | None = None) -> Self:
        """Learn from n labelled rows; raises DataError for fewer than two classes."""
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        self.classes_ = sorted_classes(y)
        model = HistGradientBoostingClassifier(
            max_iter=self.rounds,
            max_leaf_nodes=self.leaves,
            l2_regularization=1.0,
            early_stopping=False,
            random_state=self.seed,
        )
        # Threads that wait for each other on a busy machine cost far more than they save here.
        with threadpool_limits(1, user_api="openmp"):
            model.fit(X.dense, list(y), sample_weight)
        # scikit-learn has no public way to its trees; the tests hold ours to its own answers.
        self._keep(model._predictors, np.ravel(model._baseline_prediction))
        return self

    def decision_function(self, X: Design) -> FloatArray:
        """Return scores [n, len(classes_)] whose softmax is `predict_proba`."""
        rows = X.dense.astype(np.float64)
        at = np.tile(self.roots_, (len(rows), 1))
        feature, threshold, left, right, value = (self.nodes_[name] for name in _NODES)
        for _ in range(self.depth_):
            seen = np.take_along_axis(rows, feature[at], axis=1)
            at = np.where(seen <= threshold[at], left[at], right[at])
        added = value[at].astype(np.float64)
        scores = np.tile(self.baseline_, (len(rows), 1))
        for column in range(scores.shape[1]):
            scores[:, column] += added[:, self.of_class_ == column].sum(axis=1)
        if scores.shape[1] == 1:
            scores = np.concatenate([np.zeros_like(scores), scores], axis=1)
        return scores.astype(np.float32)

    def predict_proba(self, X: Design) -> FloatArray:
        """Return probabilities [n, len(classes_)]; rows sum to 1."""
        return softmax(self.decision_function(X))

    def arrays(self) -> Arrays:
        """The trees, node by node."""
        shape = np.array([self.depth_], dtype=np.int32)
        of_trees = {"roots": self.roots_, "of_class": self.of_class_, "depth": shape}
        return {**self.nodes_, **of_trees, "baseline": self.baseline_}

    @classmethod
    def restore(cls, classes: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build the fitted head that returned these arrays."""
        head = cls()
        head.classes_ = tuple(classes)
        head.nodes_ = {name: arrays[name] for name in _NODES}
        head.roots_, head.of_class_ = arrays["roots"], arrays["of_class"]
        head.baseline_, head.depth_ = arrays["baseline"], int(arrays["depth"][0])
        return head

    def _keep(self, rounds: Sequence[Sequence[Any]], baseline: NDArray[np.float64]) -> None:
        """Store scikit-learn's trees, one list per round with one tree per score."""
        trees = [(place, tree.nodes) for each in rounds for place, tree in enumerate(each)]
        sizes = [len(nodes) for _, nodes in trees]
        self.roots_ = np.cumsum([0, *sizes[:-1]]).astype(np.int32)
        self.of_class_ = np.array([place for place, _ in trees], dtype=np.int32)
        self.baseline_ = baseline.astype(np.float64)
        nodes = np.concatenate([nodes for _, nodes in trees])
        leaf = nodes["is_leaf"].astype(bool)
        own = np.arange(len(nodes), dtype=np.int32)
        start = np.repeat(self.roots_, sizes)
        self.nodes_ = {
            "feature": np.where(leaf, 0, nodes["feature_idx"]).astype(np.int32),
            "threshold": np.where(leaf, 0.0, nodes["num_threshold"]),
            "left": np.where(leaf, own, start + nodes["left"]).astype(np.int32),
            "right": np.where(leaf, own, start + nodes["right"]).astype(np.int32),
            "value": np.where(leaf, nodes["value"], 0.0).astype(np.float32),
        }
        self.depth_ = int(nodes["depth"].max())
