"""A table of sums by cluster is a sequence like any other."""

from array import array
from dataclasses import astuple

import pytest

from router.core.cluster_table import ClusterTable
from router.core.ledger import ClusterSums

ROWS = [ClusterSums(cluster, *range(cluster, cluster + 10)) for cluster in (3, 7, 9)]
TABLE = ClusterTable(array("q", [it for row in ROWS for it in astuple(row)]).tobytes())


def test_it_has_the_clusters_it_was_made_of() -> None:
    assert (len(TABLE), list(TABLE), TABLE[-1], TABLE[1:]) == (3, ROWS, ROWS[2], ROWS[1:])
    assert ROWS[1] in TABLE and TABLE.index(ROWS[2]) == 2
    assert not ClusterTable(b"")


def test_there_is_none_beyond_the_last() -> None:
    with pytest.raises(IndexError):
        TABLE[3]
