"""SQLiteRepeats: how often requests of a SQLite decision log came twice, or were sent twice.

Rule: as DecisionPages, it looks at a bounded number of rows, along the index by time.
"""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from router.core.ledger import SECONDS_PER_HOUR, Window
from router.core.repeats import AGAIN_S, Repeated, RepeatedHour
from router.stores.sqlite_schema import cannot, open_for_reading

MOST_LOOKED_AT = 5_000

# A retry is another call of a model that was called before; most rows have one attempt alone, and
# a text without a second object need not be read as JSON.
_RETRIED = """
    attempts LIKE '%},{%' AND (
        SELECT count(*) > count(DISTINCT json_extract(value, '$.model')) FROM json_each(attempts)
    )
"""
_HOURS = f"""
    WITH newest AS (
        SELECT at, session, signals, failed_signals, requested_model, model, input_tokens, attempts
        FROM decisions
        WHERE at >= ? AND at < ? AND simulated = ? ORDER BY at DESC LIMIT ?
    ), told AS (
        SELECT at, session IS NOT NULL AS named, {_RETRIED} AS retried,
            session IS NOT NULL AND signals != '{{}}' AND failed_signals = '{{}}'
            AND signals = lag(signals) OVER one
            AND (input_tokens IS lag(input_tokens) OVER one OR model IS NOT lag(model) OVER one)
            AND requested_model = lag(requested_model) OVER one
            AND at - lag(at) OVER one <= ? AS again
        FROM newest WINDOW one AS (PARTITION BY session ORDER BY at)
    )
    SELECT CAST(at / {SECONDS_PER_HOUR} AS INTEGER) * {SECONDS_PER_HOUR}, count(*),
        sum(retried), sum(named), sum(coalesce(again, 0)), min(at)
    FROM told GROUP BY 1 ORDER BY 1
"""


class SQLiteRepeats:
    """The rows of one file. `busy_s` is how long to wait for a lock, in seconds."""

    def __init__(self, path: Path, busy_s: float = 2.0, looked_at: int = MOST_LOOKED_AT) -> None:
        self._path = path
        self._busy_s = busy_s
        self._looked_at = looked_at

    async def repeated(self, window: Window, simulated: bool = False) -> Repeated:
        """Over the newest `looked_at` requests of a window. Raises DecisionLogError."""
        found = await asyncio.to_thread(self._fetch, window, simulated)
        cut = sum(row[1] for row in found) >= self._looked_at
        since = found[0][-1] if cut else window.since
        return Repeated([RepeatedHour(*row[:-1]) for row in found], since, cut)

    def _fetch(self, window: Window, simulated: bool) -> list[Any]:
        values = (window.since, window.until, simulated, self._looked_at, AGAIN_S)
        try:
            with closing(open_for_reading(self._path, self._busy_s)) as connection:
                return connection.execute(_HOURS, values).fetchall()
        except sqlite3.Error as error:
            raise cannot("be read", self._path, error) from error
