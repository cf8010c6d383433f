"""Small designs for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classifiers.base import SparseRows


def rows_of(columns: Sequence[Sequence[int]], width: int) -> SparseRows:
    """Sparse rows with a one in each of the given columns."""
    offsets = np.cumsum([0, *map(len, columns)], dtype=np.int64)
    indices = np.array([column for row in columns for column in row], dtype=np.int64)
    return SparseRows(indices, np.ones(len(indices), dtype=np.float32), offsets, width)
