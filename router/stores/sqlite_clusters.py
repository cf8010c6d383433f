"""Sums by cluster, from the packs of days that are over and the sums themselves of all others.

Rule: all is read in one transaction, so that no sum is missed or met twice while others settle.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from router.core.ledger import CLUSTERS, ClusterSums, Grouping, LedgerFilter, Window
from router.stores.cluster_parts import By, Part, part_of, summed
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.packed_sums import unpacked
from router.stores.roll_up import TAG
from router.stores.sqlite_schema import cannot, open_for_reading, rows_at_once
from router.stores.sqlite_sums import chosen_keys, cluster_sums, level_of, packed_sums

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SUMS = ", ".join(CLUSTER_SUMS)


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
            rest = f"SELECT told, cluster, {_SUMS} FROM ({source})"
            found = rows_at_once(connection, rest, values, 2 + len(CLUSTER_SUMS))
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
    packs: Sequence[Sequence["NDArray[np.signedinteger[Any]]"]],
    keys: Sequence[tuple[int, By]],
    groups: dict[By, int],
) -> Iterator[Part]:
    """Packed sums of some keys, each in its group."""
    import numpy as np

    packed = [it for it in packs if it]
    last = max([*(int(it[0].max()) for it in packed), *(id for id, _ in keys)], default=0)
    group_of = np.full(last + 1, -1)
    for id, value in keys:
        group_of[id] = groups.setdefault(value, len(groups))
    for of_key, clusters, *figures in packed:
        of = group_of[of_key]
        rows = np.flatnonzero(of >= 0)
        places = of[rows] * CLUSTERS + clusters[rows]
        yield Part(places, [it[rows] for it in figures])
