"""SQLiteScores: what was said of answers, session by session, from a SQLite decision log.

Rule: as SQLiteLedger, it reads sums, never the rows they are of; it opens the file anew for every
question and holds no lock.
"""

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from router.core.ledger import SECONDS_PER_HOUR, Window
from router.core.score_table import ScoreTable
from router.core.session_score import SessionPairs, SessionScore
from router.stores.roll_up import MICRO, rounded
from router.stores.score_parts import table_of
from router.stores.sqlite_schema import cannot, fetched_at_once, open_for_reading
from router.stores.sqlite_score_packing import score_parts

_PAIRS = """
    SELECT session, pairs, difference_micro FROM session_pairs
    WHERE hour >= ? AND hour < ? AND simulated = ?
"""
_HOURS = """
    SELECT hour, decisions FROM judged_hours WHERE hour >= ? AND hour < ? AND simulated = ?
"""


class SQLiteScores:
    """The feedback of one file. `busy_s` is how long to wait for a lock, in seconds."""

    def __init__(self, path: Path, busy_s: float = 2.0) -> None:
        self._path = path
        self._busy_s = busy_s

    async def session_scores(
        self, window: Window, simulated: bool = False
    ) -> Sequence[SessionScore]:
        """Scores of the decisions of whole hours by session, arm and source, in order of time.

        Raises DecisionLogError.
        """
        return await asyncio.to_thread(self._sessions, window, simulated)

    async def session_pairs(
        self, window: Window, simulated: bool = False
    ) -> Sequence[SessionPairs]:
        """Answers of whole hours beside a shadow's, by session.

        Raises DecisionLogError.
        """
        return await asyncio.to_thread(self._pairs, window, simulated)

    async def judged_by_hour(self, window: Window, simulated: bool = False) -> Mapping[int, int]:
        """How many decisions of each hour (its start, in Unix seconds) were judged by anyone.

        Raises DecisionLogError.
        """
        rows = await asyncio.to_thread(self._fetch, _HOURS, window, simulated, 2)
        return dict(sorted(rows))

    def _sessions(self, window: Window, simulated: bool) -> ScoreTable:
        try:
            with closing(open_for_reading(self._path, self._busy_s)) as connection:
                connection.execute("BEGIN")
                parts = score_parts(connection, window, simulated)
        except sqlite3.Error as error:
            raise cannot("be read", self._path, error) from error
        return table_of(parts)

    def _pairs(self, window: Window, simulated: bool) -> list[SessionPairs]:
        rows = self._fetch(_PAIRS, window, simulated, 3)
        if len({row[0] for row in rows}) < len(rows):
            rows = _by_session(rows)
        return [SessionPairs(session, n, difference / MICRO) for session, n, difference in rows]

    def _fetch(self, statement: str, window: Window, simulated: bool, columns: int) -> list[Any]:
        values = (*rounded(window, SECONDS_PER_HOUR), simulated)
        return fetched_at_once(self._path, self._busy_s, statement, values, columns)


def _by_session(rows: Iterable[Sequence[Any]]) -> list[Any]:
    found: dict[str, tuple[int, int]] = {}
    for session, pairs, difference in rows:
        known = found.get(session, (0, 0))
        found[session] = (known[0] + pairs, known[1] + difference)
    return [(session, *figures) for session, figures in found.items()]
