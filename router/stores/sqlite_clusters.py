"""Sums by cluster, from the packs of days that are over and the sums themselves of all others.

Rule: all is read in one transaction, so that no sum is missed or met twice while others settle.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from router.core.cluster_table import ClusterTable
from router.core.ledger import CLUSTERS, ClusterSums, Grouping, LedgerFilter, Window
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.packed_sums import unpacked
from router.stores.roll_up import TAG
from router.stores.sqlite_schema import cannot, open_for_reading
from router.stores.sqlite_sums import chosen_keys, cluster_sums, level_of, packed_sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Whole = NDArray[np.signedinteger[Any]]

By = str | None


class Part(NamedTuple):
    """Some sums: where each belongs, which is its group's number times CLUSTERS plus its cluster,
    and a column of each of CLUSTER_SUMS. `taken_off`: they are taken off, not added."""

    places: "Whole"
    figures: Sequence["Whole"]
    taken_off: bool = False


_SUMS = ", ".join(f"sum({name})" for name in CLUSTER_SUMS)


def clusters_of(
    path: Path, busy_s: float, window: Window, where: LedgerFilter | None, by: Grouping | None
) -> Mapping[By, Sequence[ClusterSums]]:
    """Sums by cluster over the window's whole days, by value of `by`. Raises DecisionLogError."""
    groups: dict[By, int] = {}
    try:
        with closing(open_for_reading(path, busy_s)) as connection:
            connection.execute("BEGIN")
            parts = _packs(connection, window, where, by, groups)
            source, values = cluster_sums(window, where, by)
            found = connection.execute(
                f"SELECT told, cluster, {_SUMS} FROM ({source}) GROUP BY 1, 2", values
            ).fetchall()
    except sqlite3.Error as error:
        raise cannot("be read", path, error) from error
    except UnicodeEncodeError:
        # Half a surrogate pair in what was asked for: no row can hold that.
        return {} if by else {None: []}
    parts += _unpacked(found, groups)
    return _summed(parts, list(groups)) or ({} if by else {None: []})


def _packs(
    connection: sqlite3.Connection,
    window: Window,
    where: LedgerFilter | None,
    by: Grouping | None,
    groups: dict[By, int],
) -> list[Part]:
    """What the packs hold of the keys that are asked for. New groups are numbered."""
    level = TAG if by == "tag" else level_of(where, by)
    chosen, values = chosen_keys(level, where)
    told = f"k.{by}" if by else "NULL"
    keys = connection.execute(
        f"SELECT k.id, {told} FROM roll_up_keys k WHERE {chosen}", values
    ).fetchall()
    source, values = packed_sums(level, window)
    packs = [unpacked(value) for (value,) in connection.execute(source, values).fetchall()]
    if by != "tag":
        return list(_of_keys(packs, keys, groups))
    # As `cluster_sums` has them: those of any tag are taken off those of all rows.
    of_any = [it for it in keys if it[1] is None]
    return [
        *_of_keys(packs, [it for it in keys if it[1] is not None], groups),
        *(it._replace(taken_off=True) for it in _of_keys(packs, of_any, groups)),
        *_packs(connection, window, where, None, groups),
    ]


def _of_keys(
    packs: Iterable[Sequence["Whole"]], keys: Sequence[tuple[int, By]], groups: dict[By, int]
) -> Iterator[Part]:
    """Packed sums of some keys, each in its group."""
    import numpy as np

    last = max((id for id, _ in keys), default=0)
    # Beyond the last one there are others, none of which is asked for.
    group_of = np.full(last + 2, -1)
    for id, value in keys:
        group_of[id] = groups.setdefault(value, len(groups))
    for pack in packs:
        if not pack:
            continue
        of_key, clusters, *figures = pack
        of = group_of[np.minimum(of_key, last + 1)]
        rows = np.flatnonzero(of >= 0)
        places = of[rows] * CLUSTERS + clusters[rows]
        yield Part(places, [it[rows] for it in figures])


def _unpacked(rows: Sequence[Sequence[Any]], groups: dict[By, int]) -> list[Part]:
    """Rows of a group's value, cluster and sums."""
    import numpy as np

    told = [(groups.setdefault(value, len(groups)), *rest) for value, *rest in rows]
    if not told:
        return []
    of, clusters, *figures = np.array(told, dtype=np.int64).T
    return [Part(of * CLUSTERS + clusters, figures)]


def _summed(parts: Sequence[Part], groups: Sequence[By]) -> dict[By, Sequence[ClusterSums]]:
    """All of them added up, by group and cluster. What comes to nothing is left out."""
    import numpy as np

    met = np.zeros(len(groups) * CLUSTERS, dtype=bool)
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
    ends = np.searchsorted(of, np.arange(len(groups) + 1))
    return {
        value: ClusterTable(rows[ends[number] : ends[number + 1]].tobytes())
        for number, value in enumerate(groups)
        if ends[number] < ends[number + 1]
    }
