"""SQLiteScores: what was said of answers, session by session, from a SQLite decision log.

Rule: as SQLiteLedger, it reads sums, never the rows they are of; it opens the file anew for every
question and holds no lock.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

from router.core.ledger import SECONDS_PER_HOUR, Window
from router.core.session_score import SessionPairs, SessionScore
from router.stores.roll_up import MICRO, rounded
from router.stores.sqlite_schema import fetched

# Summed and sorted here: hardly any session has more than one row, and they come nearly in order.
_SESSIONS = f"""
    SELECT session, arm, source, at, judged, score_micro / {MICRO:.1f} FROM session_scores
    WHERE hour >= ? AND hour < ? AND simulated = ?
"""
_PAIRS = f"""
    SELECT session, pairs, difference_micro / {MICRO:.1f} FROM session_pairs
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
        rows = await asyncio.to_thread(self._fetch, _HOURS, window, simulated)
        return dict(rows)

    def _sessions(self, window: Window, simulated: bool) -> list[SessionScore]:
        found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for row in self._fetch(_SESSIONS, window, simulated):
            known = found.get(place := row[:3])
            if known is not None:
                row = (*place, min(known[3], row[3]), known[4] + row[4], known[5] + row[5])
            found[place] = row
        return sorted(map(SessionScore._make, found.values()), key=itemgetter(3, 0))

    def _pairs(self, window: Window, simulated: bool) -> list[SessionPairs]:
        rows = self._fetch(_PAIRS, window, simulated)
        # Mostly each session has pairs of one hour alone, and there is nothing to add up.
        if len({row[0] for row in rows}) < len(rows):
            rows = _by_session(rows)
        return [*map(SessionPairs._make, rows)]

    def _fetch(self, statement: str, window: Window, simulated: bool) -> list[Any]:
        hours = rounded(window, SECONDS_PER_HOUR)
        return fetched(self._path, self._busy_s, statement, (*hours, simulated))


def _by_session(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        known = found.get(session := row[0])
        if known is not None:
            row = (session, known[1] + row[1], known[2] + row[2])
        found[session] = row
    return [*found.values()]
