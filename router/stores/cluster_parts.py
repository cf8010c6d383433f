"""Sums by cluster from several places, added up by group and cluster. Pure.

Rule: whatever is added here is a whole number of 64 bits, so that no order of adding changes a sum.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from router.core.cluster_table import ClusterTable
from router.core.ledger import CLUSTERS, ClusterSums
from router.stores.ledger_schema import CLUSTER_SUMS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.signedinteger[Any]]

CLUSTER_COLUMNS = ("cluster", *CLUSTER_SUMS)
By = str | None
Lines = tuple[Sequence[By], Sequence["Whole"]]
"""Of each line its group's value, and CLUSTER_COLUMNS."""
NO_LINES: Lines = ((), ())


class Part(NamedTuple):
    """Some sums: where each belongs, which is its group's number times CLUSTERS plus its cluster,
    and a column of each of CLUSTER_SUMS. `taken_off`: they are taken off, not added."""

    places: "Whole"
    figures: Sequence["Whole"]
    taken_off: bool = False


def part_of(lines: Lines, groups: dict[By, int]) -> list[Part]:
    """Lines as they were read. New groups are numbered."""
    import numpy as np

    values, columns = lines
    if not values:
        return []
    clusters, *figures = columns
    for value in dict.fromkeys(values):
        groups.setdefault(value, len(groups))
    of = np.fromiter(map(groups.__getitem__, values), np.int64, len(values))
    return [Part(of * CLUSTERS + clusters, figures)]


def summed(parts: Sequence[Part], groups: Iterable[By]) -> Mapping[By, Sequence[ClusterSums]]:
    """All of them added up, of groups in the order of their numbers. What comes to nothing is left
    out."""
    # On first use: who only writes the log has no need of numpy.
    import numpy as np

    names = list(groups)
    met = np.zeros(len(names) * CLUSTERS, dtype=bool)
    for part in parts:
        met[part.places] = True
    places, at = np.flatnonzero(met), np.cumsum(met) - 1
    sums = np.zeros((len(CLUSTER_SUMS), len(places)), dtype=np.int64)
    for part in parts:
        put, index = (np.subtract if part.taken_off else np.add), at[part.places]
        for whole, figures in zip(sums, part.figures, strict=True):
            # As wide as what they are added to: of any other kind it takes ten times as long.
            put.at(whole, index, figures.astype(np.int64))
    kept = sums.any(axis=0)
    of, clusters = np.divmod(places[kept], CLUSTERS)
    rows = np.column_stack([clusters, sums[:, kept].T])
    ends = np.searchsorted(of, np.arange(len(names) + 1))
    return {
        name: ClusterTable(rows[ends[number] : ends[number + 1]].tobytes())
        for number, name in enumerate(names)
        if ends[number] < ends[number + 1]
    }
