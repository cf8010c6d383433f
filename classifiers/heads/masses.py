"""How much of each class: the weights of labelled rows, as heads that count them need them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Labels


def class_masses(
    classes: Sequence[str], y: Labels, sample_weight: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return [n, len(classes)]: each row's weight (1 if none are given) in its class's column."""
    columns = np.array([classes.index(str(label)) for label in y])
    masses = np.zeros((len(columns), len(classes)))
    masses[np.arange(len(columns)), columns] = 1.0 if sample_weight is None else sample_weight
    return masses


def shares(masses: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the share [len(classes)] of each class in masses [n, len(classes)]."""
    total = masses.sum(axis=0, dtype=np.float64)
    result: NDArray[np.float64] = total / total.sum()
    return result
