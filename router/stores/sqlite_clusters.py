"""Sums by cluster, from the packs of days that are over and the sums themselves of all others.

Rule: all is read in one transaction, so that no sum is missed or met twice while others settle.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

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

    Table = NDArray[np.int64]
    """Rows of group, cluster and CLUSTER_SUMS."""

By = str | None

_SUMS = ", ".join(f"sum({name})" for name in CLUSTER_SUMS)


def clusters_of(
    path: Path, busy_s: float, window: Window, where: LedgerFilter | None, by: Grouping | None
) -> Mapping[By, Sequence[ClusterSums]]:
    """Sums by cluster over the window's whole days, by value of `by`. Raises DecisionLogError."""
    groups: dict[By, int] = {}
    try:
        with closing(open_for_reading(path, busy_s)) as connection:
            connection.execute("BEGIN")
            tables = _packs(connection, window, where, by, groups)
            source, values = cluster_sums(window, where, by)
            found = connection.execute(
                f"SELECT told, cluster, {_SUMS} FROM ({source}) GROUP BY 1, 2", values
            ).fetchall()
    except sqlite3.Error as error:
        raise cannot("be read", path, error) from error
    except UnicodeEncodeError:
        # Half a surrogate pair in what was asked for: no row can hold that.
        return {} if by else {None: []}
    tables += _table(found, groups)
    return _summed(tables, list(groups)) or ({} if by else {None: []})


def _packs(
    connection: sqlite3.Connection,
    window: Window,
    where: LedgerFilter | None,
    by: Grouping | None,
    groups: dict[By, int],
) -> list["Table"]:
    """What the packs hold of the keys that are asked for. New groups are numbered."""
    if by == "tag":
        # As `cluster_sums` has them: those of any tag are taken off those of all rows.
        tagged, values = chosen_keys(TAG, where)
        keys = connection.execute(
            "SELECT k.id, k.tag, CASE WHEN k.tag IS NULL THEN -1 ELSE 1 END"
            f" FROM roll_up_keys k WHERE {tagged}",
            values,
        ).fetchall()
        found = _of_keys(_blobs(connection, TAG, window), keys, groups)
        return found + _packs(connection, window, where, None, groups)
    level = level_of(where, by)
    chosen, values = chosen_keys(level, where)
    told = f"k.{by}" if by else "NULL"
    keys = connection.execute(
        f"SELECT k.id, {told}, 1 FROM roll_up_keys k WHERE {chosen}", values
    ).fetchall()
    return _of_keys(_blobs(connection, level, window), keys, groups)


def _blobs(connection: sqlite3.Connection, level: str, window: Window) -> Iterable[bytes]:
    source, values = packed_sums(level, window)
    return (value for (value,) in connection.execute(source, values).fetchall())


def _of_keys(
    packs: Iterable[bytes], keys: Sequence[tuple[int, By, int]], groups: dict[By, int]
) -> list["Table"]:
    """Packed sums of some keys, each with its group and its sign."""
    import numpy as np

    last = max((id for id, _, _ in keys), default=0)
    group_of, sign_of = np.full(last + 1, -1), np.ones(last + 1, dtype=np.int64)
    for id, value, sign in keys:
        group_of[id], sign_of[id] = groups.setdefault(value, len(groups)), sign
    found = []
    for pack in packs:
        table = unpacked(pack)
        if not len(table):
            continue
        known = table[table[:, 0] <= last]
        known = known[group_of[known[:, 0]] >= 0]
        known[:, 2:] *= sign_of[known[:, 0], None]
        known[:, 0] = group_of[known[:, 0]]
        found.append(known)
    return found


def _table(rows: Sequence[Sequence[Any]], groups: dict[By, int]) -> list["Table"]:
    """Rows of a group's value, cluster and sums, with the group's number instead."""
    import numpy as np

    told = [(groups.setdefault(value, len(groups)), *rest) for value, *rest in rows]
    return [np.array(told, dtype=np.int64)] if told else []


def _summed(tables: Sequence["Table"], groups: Sequence[By]) -> dict[By, Sequence[ClusterSums]]:
    """All of them added up, by group and cluster. What comes to nothing is left out."""
    import numpy as np

    if not tables:
        return {}
    whole = np.concatenate(tables)
    places = whole[:, 0] * CLUSTERS + whole[:, 1]
    order = np.argsort(places, kind="stable")
    places = places[order]
    begins = np.flatnonzero(np.diff(places, prepend=-1))
    sums = np.add.reduceat(whole[order, 2:], begins, axis=0) if len(whole) else whole[:, 2:]
    kept = sums.any(axis=1)
    of, clusters = np.divmod(places[begins][kept], CLUSTERS)
    rows = np.column_stack([clusters, sums[kept]])
    ends = np.searchsorted(of, np.arange(len(groups) + 1))
    return {
        value: ClusterTable(rows[ends[at] : ends[at + 1]].tobytes())
        for at, value in enumerate(groups)
        if ends[at] < ends[at + 1]
    }
