"""SQLiteScores: what was said of answers, session by session, from a SQLite decision log.

Rule: as DecisionReader, it opens the file anew for every question and holds no lock.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from router.core.ledger import SECONDS_PER_HOUR, Window
from router.core.session_score import SessionScore
from router.stores.sqlite_schema import fetched

# Feedback drives: there is far less of it than there are decisions.
_JUDGED = """
    FROM feedback f CROSS JOIN decisions d ON d.id = f.decision
    WHERE d.at >= ? AND d.at < ? AND d.simulated = ?
"""
_SESSIONS = f"""
    SELECT COALESCE(d.session, d.id), d.arm, f.source, MIN(f.at), COUNT(*), SUM(f.score)
    {_JUDGED} GROUP BY 1, 2, 3 ORDER BY 4, 1
"""
_HOURS = f"""
    SELECT CAST(d.at / {SECONDS_PER_HOUR} AS INTEGER) * {SECONDS_PER_HOUR}, COUNT(DISTINCT d.id)
    {_JUDGED} GROUP BY 1 ORDER BY 1
"""


class SQLiteScores:
    """The feedback of one file. `busy_s` is how long to wait for a lock, in seconds."""

    def __init__(self, path: Path, busy_s: float = 2.0) -> None:
        self._path = path
        self._busy_s = busy_s

    async def session_scores(
        self, window: Window, simulated: bool = False
    ) -> Sequence[SessionScore]:
        """Scores of the window's decisions by session, arm and source, in order of time.

        Raises DecisionLogError.
        """
        rows = await asyncio.to_thread(self._fetch, _SESSIONS, window, simulated)
        return [SessionScore(*row) for row in rows]

    async def judged_by_hour(self, window: Window, simulated: bool = False) -> Mapping[int, int]:
        """How many decisions of each hour (its start, in Unix seconds) were judged by anyone.

        Raises DecisionLogError.
        """
        rows = await asyncio.to_thread(self._fetch, _HOURS, window, simulated)
        return dict(rows)

    def _fetch(self, statement: str, window: Window, simulated: bool) -> list[Any]:
        values = (window.since, window.until, simulated)
        return fetched(self._path, self._busy_s, statement, values)
