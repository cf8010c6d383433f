"""Sums by cluster as an array: hundreds of groups are summed and drawn as quickly as one."""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from router.core.cluster_table import ClusterTable
from router.core.ledger import ClusterSums
from router.evidence.bounds import Floats

Figures = NDArray[np.int64]
"""Clusters by the fields of ClusterSums, in order."""

PLACES = {one.name: at for at, one in enumerate(fields(ClusterSums))}

_of_a_cluster = attrgetter(*PLACES)

_NET = np.array(
    [ClusterSums(**{"cluster": 0, name: 1}).net_nano for name in PLACES], dtype=np.int64
)
"""How much each field adds to what is saved, net."""


def figures_of(clusters: Sequence[ClusterSums]) -> Figures:
    """What some clusters come to [n, fields], in order of cluster."""
    if isinstance(clusters, ClusterTable):
        found = np.frombuffer(clusters.figures, dtype=np.int64).reshape(-1, len(PLACES))
    else:
        found = np.array([*map(_of_a_cluster, clusters)], dtype=np.int64).reshape(-1, len(PLACES))
    return found[np.argsort(found[:, 0], kind="stable")]


def whole_of(figures: Figures) -> ClusterSums:
    """All clusters as one. Each sum is of whole numbers, so the parts still add up exactly."""
    return ClusterSums(0, *figures[:, 1:].sum(axis=0).tolist())


def net_and_baseline(figures: Figures) -> Floats:
    """What each cluster saved and what its baseline would have cost [n, 2], in nano-dollars."""
    return np.column_stack([figures @ _NET, figures[:, PLACES["baseline_nano"]]]).astype(np.float64)
