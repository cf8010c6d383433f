"""SQLiteMeasured: what was measured of models' answers and tokenizers, in the decision log's file.

Rule: processes add what each has measured and read what all have: sums of each day, so that what
is older than DAYS is forgotten a day at a time.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from router.core.lengths import UNMEASURED, Compared, Counted, Lengths, Measured
from router.stores.sqlite_schema import cannot, open_for_writing

DAYS = 90
"""How long a measurement counts: prompts change, and models behind a name too."""

_ADD_ANSWERS = """
    INSERT INTO measured_answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        own_n = own_n + excluded.own_n, own_tokens = own_tokens + excluded.own_tokens,
        own_squares = own_squares + excluded.own_squares,
        control_n = control_n + excluded.control_n,
        control_tokens = control_tokens + excluded.control_tokens,
        control_squares = control_squares + excluded.control_squares
"""
_ADD_TEXTS = """
    INSERT INTO measured_texts VALUES (?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET
        n = n + excluded.n, told = told + excluded.told, estimated = estimated + excluded.estimated
"""
_ANSWERS = """
    SELECT model, baseline, sum(own_n), sum(own_tokens), sum(own_squares),
        sum(control_n), sum(control_tokens), sum(control_squares)
    FROM measured_answers WHERE day > ? GROUP BY model, baseline
"""
_TEXTS = """
    SELECT model, sum(n), sum(told), sum(estimated) FROM measured_texts WHERE day > ? GROUP BY model
"""
_FORGET = (
    "DELETE FROM measured_answers WHERE day <= ?",
    "DELETE FROM measured_texts WHERE day <= ?",
)


class SQLiteMeasured:
    """The measurements in one file. From any thread; `busy_s` is how long another's commit is
    waited for, in seconds."""

    def __init__(self, path: Path, busy_s: float = 2.0) -> None:
        self._path = path
        self._busy_s = busy_s

    def exchange(self, added: Mapping[str, Measured], day: int) -> dict[str, Measured]:
        """Add what was measured of models since the last time, and tell what all have measured
        in the last DAYS up to `day` (days since 1970). Raises DecisionLogError, and then nothing
        was added."""
        try:
            with closing(open_for_writing(self._path, self._busy_s, False)) as connection:
                if added:
                    with connection:
                        connection.execute("BEGIN IMMEDIATE")
                        _add(connection, added, day)
                return _read(connection, day)
        except sqlite3.Error as error:
            raise cannot("be written", self._path, error) from error


def _add(connection: sqlite3.Connection, added: Mapping[str, Measured], day: int) -> None:
    for model, it in added.items():
        for baseline, found in it.compared.items():
            both = (*_values(found.own), *_values(found.control))
            connection.execute(_ADD_ANSWERS, (day, model, baseline, *both))
        if it.counted.n:
            counted = it.counted
            texts = (day, model, counted.n, counted.told, counted.estimated)
            connection.execute(_ADD_TEXTS, texts)
    for forget in _FORGET:
        connection.execute(forget, (day - DAYS,))


def _values(of: Lengths) -> tuple[int, float, float]:
    return of.n, of.total, of.squares


def _read(connection: sqlite3.Connection, day: int) -> dict[str, Measured]:
    compared: dict[str, dict[str, Compared]] = {}
    for model, baseline, *sums in connection.execute(_ANSWERS, (day - DAYS,)):
        both = Compared(Lengths(*sums[:3]), Lengths(*sums[3:]))
        compared.setdefault(model, {})[baseline] = both
    texts = connection.execute(_TEXTS, (day - DAYS,))
    counted = {model: Counted(*sums) for model, *sums in texts}
    nothing = UNMEASURED.counted
    return {
        model: Measured(compared.get(model, {}), counted.get(model, nothing))
        for model in compared.keys() | counted.keys()
    }
