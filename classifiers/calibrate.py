"""Probabilities that mean what they say: a head's scores mapped so that 0.7 happens 70 % of times.

Two classes: Platt scaling (Platt, 1999), softmax of slope * score + offset. More classes:
temperature scaling (Guo et al., ICML 2017), the same with equal offsets. Both keep the order of
prompts, so ranking metrics do not change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.base import FloatArray, softmax


@dataclass(frozen=True, slots=True)
class Calibration:
    """softmax(slope * scores), the last class's score shifted by `offset`."""

    slope: float = 1.0
    offset: float = 0.0

    def apply(self, scores: FloatArray) -> FloatArray:
        """Return probabilities [n, k] of scores [n, k]."""
        shifted = self.slope * scores
        shifted[:, -1] += self.offset
        return softmax(shifted)


def fit_platt(
    scores: NDArray[Any], targets: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> Calibration:
    """Fit slope and offset of two-class scores [n, 2] to soft targets [n] in [0, 1].

    Newton's method on the weighted log loss of sigmoid(slope * margin + offset).
    """
    margin = np.asarray(scores[:, 1] - scores[:, 0], dtype=np.float64)
    sample = np.ones_like(margin) if weights is None else weights
    design = np.stack([margin, np.ones_like(margin)], axis=1)
    found = np.array([1.0, 0.0])
    for _ in range(50):
        fitted = 1 / (1 + np.exp(-np.clip(design @ found, -30, 30)))
        gradient = design.T @ (sample * (fitted - targets))
        curvature = (design * (sample * fitted * (1 - fitted))[:, None]).T @ design
        step = np.linalg.solve(curvature + 1e-6 * np.eye(2), gradient)
        found = found - np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-8:
            break
    return Calibration(float(found[0]), float(found[1]))


def fit_temperature(scores: NDArray[Any], labels: NDArray[np.int64]) -> Calibration:
    """Fit the slope of scores [n, k] to class indices [n] by golden-section search."""

    def loss(log_slope: float) -> float:
        scaled = np.exp(log_slope) * np.asarray(scores, dtype=np.float64)
        top = scaled.max(axis=1)
        normaliser = top + np.log(np.exp(scaled - top[:, None]).sum(axis=1))
        return float((normaliser - scaled[np.arange(len(labels)), labels]).mean())

    return Calibration(slope=float(np.exp(_golden(loss, -4.0, 4.0))))


def _golden(loss: Callable[[float], float], low: float, high: float) -> float:
    """Return the minimiser of a unimodal function on [low, high]."""
    ratio = (5**0.5 - 1) / 2
    for _ in range(60):
        width = ratio * (high - low)
        if loss(high - width) < loss(low + width):
            high = low + width
        else:
            low = high - width
    return (low + high) / 2
