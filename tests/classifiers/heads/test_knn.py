"""Nearest neighbours: the nearer counts more, and equal rows are one neighbour."""

from __future__ import annotations

import numpy as np

from classifiers.base import Design
from classifiers.heads.knn import KnnHead


def around(angle: float) -> list[float]:
    return [float(np.cos(angle)), float(np.sin(angle))]


def test_the_nearer_of_two_camps_decides() -> None:
    X = Design(np.array([around(a) for a in (0.0, 0.1, 0.2, 1.2, 1.3, 1.4)], dtype=np.float32))
    head = KnnHead().fit(X, ["a", "a", "a", "b", "b", "b"])

    chances = head.predict_proba(Design(np.array([around(a) for a in (0.3, 1.1)], np.float32)))

    assert chances[0, 0] > 0.6 and chances[1, 1] > 0.6


def test_length_does_not_count() -> None:
    X = Design(np.array([around(0.1), around(1.4)], dtype=np.float32))
    head = KnnHead().fit(X, ["a", "b"])
    asked = np.array([around(0.2)], dtype=np.float32)

    np.testing.assert_allclose(
        head.predict_proba(Design(asked)), head.predict_proba(Design(100 * asked)), atol=1e-3
    )


def test_equal_rows_of_both_classes_are_one_neighbour_with_a_share_of_each() -> None:
    rows = np.array([around(0.1), around(0.1), around(1.4)], dtype=np.float32)

    head = KnnHead(neighbours=1).fit(Design(rows), ["a", "b", "b"], np.array([3.0, 1.0, 1.0]))

    assert len(head.vectors_) == 2
    assert 0.5 < head.predict_proba(Design(rows[:1]))[0, 0] < 0.75
