"""What a process that died had left in its journal, written to the database by one that lives.

It would be taken over at its own next start; but that may never come, and once its rows are past
retention and gone, those that were written before it died would be counted a second time.

Rule: as in all upkeep, a step is one short transaction.
"""

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from router.stores.journal import LeftBehind, left_behind
from router.stores.pace import Pace
from router.stores.sqlite_roll_up import SQLiteRollUp
from router.stores.sqlite_rows import NAMES, JournaledRow, insert_journaled

logger = logging.getLogger(__name__)

ROWS_PER_STEP = 500


def rows_of(left: LeftBehind) -> list[JournaledRow]:
    """The rows of a segment, less the columns that there are no more."""
    known = [place for place, name in enumerate(left.columns) if name in NAMES]
    names = [left.columns[place] for place in known]
    if left.rows:
        logger.info("%d rows that a process had left in its journal are kept", len(left.rows))
    return [
        JournaledRow([row[place] for place in known], names, is_left_behind=True)
        for row in left.rows
    ]


def take_over(connection: sqlite3.Connection, directory: Path) -> Iterator[None]:
    """Write all that was left in `directory`, step by step. Raises sqlite3.Error and OSError."""
    for left in left_behind(directory):
        rows = rows_of(left)
        whole = False
        try:
            for start in range(0, len(rows), ROWS_PER_STEP):
                _write(connection, rows[start : start + ROWS_PER_STEP])
                yield
            whole = True
        finally:
            if whole:
                left.segment.discard()
            else:
                # Let go of the lock: what is there already will be passed over.
                os.close(left.segment.file)


def _write(connection: sqlite3.Connection, rows: Sequence[JournaledRow]) -> None:
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        pace = Pace()
        roll_up = SQLiteRollUp(connection, pace)
        insert_journaled(connection, rows, roll_up.add_journaled, pace)
        roll_up.flush()
