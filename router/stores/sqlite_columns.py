"""Columns of whole numbers from SQLite, each fetched as one value.

Rule: SQLite writes a column as one text and numpy reads it, exact to the last digit. As rows, or as
JSON, the same numbers take twice as long; and before each row a thread waits for whatever else this
process is at.
"""

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def whole_columns(
    connection: sqlite3.Connection, source: str, values: Sequence[Any], names: Sequence[str]
) -> "list[NDArray[np.int64]]":
    """Columns of a statement's rows, none of them null. Raises sqlite3.Error."""
    asked = ", ".join(map(_whole, names))
    columns = connection.execute(f"SELECT {asked} FROM ({source})", values).fetchone()
    return [*map(_numbers, columns)]


def told_columns(
    connection: sqlite3.Connection, source: str, values: Sequence[Any], names: Sequence[str]
) -> "tuple[Sequence[str | None], list[NDArray[np.int64]]]":
    """The same after the texts of the column `told`, in the same order. Raises sqlite3.Error."""
    asked = ", ".join(["json_group_array(told)", *map(_whole, names)])
    told, *columns = connection.execute(f"SELECT {asked} FROM ({source})", values).fetchone()
    return msgspec.json.decode(told, type=list[str | None]), [*map(_numbers, columns)]


def _whole(name: str) -> str:
    return f"group_concat({name})"


def _numbers(column: str | None) -> "NDArray[np.int64]":
    # On first use: who only writes the log has no need of numpy.
    import numpy as np

    return np.fromstring(column or "", dtype=np.int64, sep=",")
