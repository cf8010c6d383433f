"""ClusterTable: sums by cluster of sessions as one piece of memory, for groups that are many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from struct import Struct
from typing import overload

from router.core.ledger import ClusterSums

_ROW = Struct(f"={len(fields(ClusterSums))}q")


@dataclass(frozen=True, slots=True)
class ClusterTable(Sequence[ClusterSums]):
    """A sequence of ClusterSums that makes each as it is asked for.

    `figures` are theirs, one cluster after the other, each field in order as 8 bytes in this
    machine's order: whoever sums them all reads them as an array.
    """

    figures: bytes

    def __len__(self) -> int:
        return len(self.figures) // _ROW.size

    @overload
    def __getitem__(self, index: int) -> ClusterSums: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[ClusterSums]: ...

    def __getitem__(self, index: int | slice) -> ClusterSums | Sequence[ClusterSums]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        return ClusterSums(*_ROW.unpack_from(self.figures, at * _ROW.size))

    def __iter__(self) -> Iterator[ClusterSums]:
        return (ClusterSums(*row) for row in _ROW.iter_unpack(self.figures))
