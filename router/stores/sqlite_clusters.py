"""Sums by cluster, from the packs of days that are over and the sums themselves of all others.

Rule: all is read in one transaction, so that no sum is missed or met twice while others settle.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.core.ledger import CLUSTERS, ClusterSums, Grouping, LedgerFilter, Window
from router.stores.cluster_parts import CLUSTER_COLUMNS, By, Part, part_of, summed
from router.stores.packed_sums import unpacked
from router.stores.roll_up import TAG
from router.stores.sqlite_columns import told_columns
from router.stores.sqlite_schema import cannot, open_for_reading
from router.stores.sqlite_sums import chosen_keys, cluster_sums, level_of, packed_sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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
            found = told_columns(connection, source, values, CLUSTER_COLUMNS)
    except sqlite3.Error as error:
        raise cannot("be read", path, error) from error
    except UnicodeEncodeError:
        # Half a surrogate pair in what was asked for: no row can hold that.
        return {} if by else {None: []}
    parts += part_of(found, groups)
    return summed(parts, groups) or ({} if by else {None: []})


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
    [last] = connection.execute("SELECT max(id) FROM roll_up_keys").fetchone()
    added, taken_off = keys, []
    if by == "tag":
        # As `cluster_sums` has them: those of any tag are taken off those of all rows.
        added = [it for it in keys if it[1] is not None]
        taken_off = [it for it in keys if it[1] is None]
    sides = ((added, False), (taken_off, True))
    wanted = [(_group_of(some, last, groups), off) for some, off in sides if some]
    found = []
    source, values = packed_sums(level, window)
    # One after the other: together those of full sums take more room than all else of a page.
    for (value,) in connection.execute(source, values):
        if pack := unpacked(value):
            found += [_chosen(pack, group_of, off) for group_of, off in wanted]
    return found + (_packs(connection, window, where, None, groups) if by == "tag" else [])


def _group_of(
    keys: Sequence[tuple[int, By]], last: int | None, groups: dict[By, int]
) -> "NDArray[np.int64]":
    """The number of each key's group, -1 of a key that is not asked for."""
    import numpy as np

    found = np.full((last or 0) + 1, -1, dtype=np.int64)
    for id, value in keys:
        found[id] = groups.setdefault(value, len(groups))
    return found


def _chosen(
    pack: Sequence["NDArray[np.signedinteger[Any]]"], group_of: "NDArray[np.int64]", off: bool
) -> Part:
    import numpy as np

    of_key, clusters, *figures = pack
    of = group_of[of_key]
    rows = np.flatnonzero(of >= 0)
    return Part(of[rows] * CLUSTERS + clusters[rows], [it[rows] for it in figures], off)
