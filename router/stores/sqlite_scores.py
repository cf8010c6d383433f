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
from router.stores.sqlite_schema import fetched_at_once

_FRACTIONS = 2**30
"""Parts of a second: a time after April 1970 is a whole number of these, to its last bit."""

# Summed and sorted here: hardly any session has more than one row, and they come nearly in order.
_SESSIONS = f"""
    SELECT session, arm, source, CAST(at * {_FRACTIONS:.1f} AS INTEGER), judged, score_micro
    FROM session_scores WHERE hour >= ? AND hour < ? AND simulated = ?
"""
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

    def _sessions(self, window: Window, simulated: bool) -> list[SessionScore]:
        rows = self._fetch(_SESSIONS, window, simulated, 6)
        # Mostly each session has one score alone, and there is nothing to add up.
        if len({row[0] for row in rows}) < len(rows):
            rows = _added_up(rows)
        rows.sort(key=itemgetter(3, 0))
        return [
            SessionScore(session, arm, source, at / _FRACTIONS, judged, score / MICRO)
            for session, arm, source, at, judged, score in rows
        ]

    def _pairs(self, window: Window, simulated: bool) -> list[SessionPairs]:
        rows = self._fetch(_PAIRS, window, simulated, 3)
        if len({row[0] for row in rows}) < len(rows):
            rows = _by_session(rows)
        return [SessionPairs(session, n, difference / MICRO) for session, n, difference in rows]

    def _fetch(self, statement: str, window: Window, simulated: bool, columns: int) -> list[Any]:
        values = (*rounded(window, SECONDS_PER_HOUR), simulated)
        return fetched_at_once(self._path, self._busy_s, statement, values, columns)


def _added_up(rows: Iterable[Sequence[Any]]) -> list[Any]:
    found: dict[tuple[str, ...], tuple[Any, ...]] = {}
    for *of, at, judged, score in rows:
        known = found.get(place := tuple(of), (at, 0, 0))
        found[place] = (min(known[0], at), known[1] + judged, known[2] + score)
    return [(*of, *figures) for of, figures in found.items()]


def _by_session(rows: Iterable[Sequence[Any]]) -> list[Any]:
    found: dict[str, tuple[int, int]] = {}
    for session, pairs, difference in rows:
        known = found.get(session, (0, 0))
        found[session] = (known[0] + pairs, known[1] + difference)
    return [(session, *figures) for session, figures in found.items()]
