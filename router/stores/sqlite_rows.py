"""Many rows of the decision log in few statements.

The driver lets go of the interpreter for each statement and has to get it back, which takes up to
5 ms while the event loop is busy: row by row a writer would keep up with 200 requests a second.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain, groupby
from typing import Any

from msgspec import Struct

from router.core.ledger import PriceSheet
from router.errors import DecisionLogError, RouterError
from router.stores.decision_columns import COLUMNS
from router.stores.decision_row import NOT_A_ROW
from router.stores.pace import Pace

Values = Sequence[Any]
NAMES = tuple(column.name for column in COLUMNS)

SIZES = (32, 16, 8, 4, 2, 1)
"""Rows in a statement. Few sizes, so that each is prepared once; 32 stay far below SQLite's bound
on parameters."""

MOST_AT_LEISURE = 8
"""Rows in a statement where there is time: about as much as is done without a rest."""


def pieces(rows: int, most: int = SIZES[0]) -> Iterator[slice]:
    """So many rows cut into pieces of SIZES, none of more than `most`."""
    start = 0
    for size in (it for it in SIZES if it <= most):
        while rows - start >= size:
            yield slice(start, start + size)
            start += size


class JournaledRow(Struct, frozen=True):
    """A row that is safe in a journal, by its values and the names of their columns.

    `priced_by` are the prices that it names, if it names any. `is_left_behind`, by a process that
    died: it may be in the database already. While a disk stalls thousands of these wait, so they
    hold on to nothing else.
    """

    values: Values
    names: Sequence[str] = NAMES
    priced_by: PriceSheet | None = None
    is_left_behind: bool = False


def insert_journaled(
    connection: sqlite3.Connection,
    rows: Sequence[JournaledRow],
    written: Callable[[JournaledRow], None],
    pace: Pace,
) -> list[RouterError | None]:
    """Write them at a pace; what is wrong with each, None if nothing. `written` hears of each that
    was not there before. Raises sqlite3.Error."""
    most = SIZES[0] if pace.hurries else MOST_AT_LEISURE
    results: list[RouterError | None] = []
    for names, group in groupby(rows, lambda row: row.names):
        found = list(group)
        for piece in pieces(len(found), most):
            try:
                _insert(connection, found[piece], names)
            except (sqlite3.IntegrityError, *NOT_A_ROW):
                # One of them is wrong in itself: that must not take the others down with it.
                results += (_insert_one(connection, row, written) for row in found[piece])
            else:
                for row in found[piece]:
                    written(row)
                results += [None] * (piece.stop - piece.start)
            pace.rest()
    return results


def not_logged(id: object, error: Exception) -> DecisionLogError:
    """The error for a row that cannot be kept, whatever the database's state."""
    return DecisionLogError(f"The decision {id!r} cannot be logged: {error}.")


def _insert_one(
    connection: sqlite3.Connection, row: JournaledRow, written: Callable[[JournaledRow], None]
) -> RouterError | None:
    try:
        _insert(connection, [row], row.names)
    except (sqlite3.IntegrityError, *NOT_A_ROW) as error:
        id = row.values[row.names.index("id")]
        return None if row.is_left_behind else not_logged(id, error)
    written(row)
    return None


def _insert(
    connection: sqlite3.Connection, rows: Sequence[JournaledRow], names: Sequence[str]
) -> None:
    """All of them or none."""
    values = tuple(chain.from_iterable(row.values for row in rows))
    connection.execute(_statement(len(rows), tuple(names)), values)


@cache
def _statement(rows: int, names: tuple[str, ...]) -> str:
    row = f"({', '.join('?' * len(names))})"
    return f"INSERT INTO decisions ({', '.join(names)}) VALUES {', '.join([row] * rows)}"


INSERT = _statement(1, NAMES)
"""Takes the values of COLUMNS."""
