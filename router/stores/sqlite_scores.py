"""SQLiteScores: what was said of answers, session by session, from a SQLite decision log.

Rule: as SQLiteLedger, it reads sums, never the rows they are of; it opens the file anew for every
question and holds no lock.
"""

import asyncio
from collections.abc import Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from router.core.ledger import SECONDS_PER_HOUR, Window
from router.core.session_score import SessionScore
from router.stores.roll_up import MICRO, rounded
from router.stores.sqlite_schema import fetched

# Summed and sorted here: SQLite would sort rows once for each, and they are short.
_SESSIONS = """
    SELECT session, arm, source, at, judged, score_micro FROM session_scores
    WHERE hour >= ? AND hour < ? AND simulated = ?
"""
_HOURS = """
    SELECT hour, decisions FROM judged_hours WHERE hour >= ? AND hour < ? AND simulated = ?
    ORDER BY 1
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

    async def judged_by_hour(self, window: Window, simulated: bool = False) -> Mapping[int, int]:
        """How many decisions of each hour (its start, in Unix seconds) were judged by anyone.

        Raises DecisionLogError.
        """
        rows = await asyncio.to_thread(self._fetch, _HOURS, window, simulated)
        return dict(rows)

    def _sessions(self, window: Window, simulated: bool) -> list[SessionScore]:
        found: dict[tuple[Any, ...], tuple[float, int, int]] = {}
        for *of, at, judged, score in self._fetch(_SESSIONS, window, simulated):
            known = found.get(place := tuple(of))
            if known is not None:
                at, judged, score = min(known[0], at), known[1] + judged, known[2] + score
            found[place] = (at, judged, score)
        told = [
            SessionScore(session, arm, source, at, judged, score / MICRO)
            for (session, arm, source), (at, judged, score) in found.items()
        ]
        return sorted(told, key=itemgetter(3, 0))

    def _fetch(self, statement: str, window: Window, simulated: bool) -> list[Any]:
        hours = rounded(window, SECONDS_PER_HOUR)
        return fetched(self._path, self._busy_s, statement, (*hours, simulated))
