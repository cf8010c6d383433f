"""DecisionReader: reads a SQLite decision log, also while a gateway writes it.

Rule: it opens the file anew for every question, so it belongs to no thread and holds no lock.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from router.core.feedback import Feedback, Judged, judged
from router.core.review import Review
from router.stores.decision_columns import COLUMNS, CONTENT
from router.stores.decision_row import DecisionFilter, Row, decoded
from router.stores.feedback_row import IN_ORDER, SELECT_FEEDBACK
from router.stores.review_row import SELECT_CALLS, SELECT_REVIEW, read_review
from router.stores.sqlite_schema import cannot, fetched, open_for_reading

_MOST_ASKED = 500
"""Ids in one question; SQLite takes 999 in its oldest builds."""

_AT = [column.name for column in COLUMNS].index("at")
_LISTED = tuple(column for column in COLUMNS if column.name not in CONTENT)


class DecisionReader:
    """The rows of one file. `busy_s` is how long to wait for a lock, in seconds."""

    def __init__(self, path: Path, busy_s: float = 2.0) -> None:
        self._path = path
        self._busy_s = busy_s

    def recent(self, limit: int, where: DecisionFilter | None = None) -> Sequence[Row]:
        """The last rows that `where` takes, newest first, without their content.

        Raises DecisionLogError.
        """
        conditions, values = _conditions(where or DecisionFilter())
        names = ", ".join(column.name for column in _LISTED)
        found = self._fetch(
            f"SELECT {names} FROM decisions {conditions} ORDER BY at DESC, rowid DESC LIMIT ?",
            (*values, max(limit, 0)),
        )
        return [decoded(_LISTED, row) for row in found]

    def oldest_first(self, where: DecisionFilter | None = None) -> Iterator[Row]:
        """Every row that `where` takes, without content, one at a time. Raises DecisionLogError."""
        conditions, values = _conditions(where or DecisionFilter())
        names = ", ".join(column.name for column in _LISTED)
        try:
            with closing(open_for_reading(self._path, self._busy_s)) as connection:
                found = connection.execute(
                    f"SELECT {names} FROM decisions {conditions} ORDER BY at, rowid", values
                )
                for row in found:
                    yield decoded(_LISTED, row)
        except sqlite3.Error as error:
            raise cannot("be read", self._path, error) from error

    def find(self, decision: str) -> Row | None:
        """The row of one decision id, content included; None if there is none.

        Raises DecisionLogError.
        """
        names = ", ".join(column.name for column in COLUMNS)
        found = self._fetch(f"SELECT {names} FROM decisions WHERE id = ?", (decision,))
        return decoded(COLUMNS, found[0]) if found else None

    def find_all(self, decisions: Iterable[str]) -> Mapping[str, Row]:
        """The rows of some decisions, by decision, without content. Raises DecisionLogError."""
        names = ", ".join(column.name for column in _LISTED)
        found: dict[str, Row] = {}
        for some in _batched(decisions):
            marks = ", ".join("?" * len(some))
            rows = self._fetch(f"SELECT {names} FROM decisions WHERE id IN ({marks})", some)
            found |= {row[0]: decoded(_LISTED, row) for row in rows}
        return found

    def feedback_on(self, decisions: Iterable[str]) -> Mapping[str, Sequence[Feedback]]:
        """What was said of some decisions, by decision; those without feedback are left out.

        Raises DecisionLogError.
        """
        found: dict[str, list[Feedback]] = {}
        for some in _batched(decisions):
            marks = ", ".join("?" * len(some))
            rows = self._fetch(f"{SELECT_FEEDBACK} WHERE decision IN ({marks}) {IN_ORDER}", some)
            for row in rows:
                found.setdefault(row[0], []).append(Feedback(*row))
        return found

    def review_of(self, decision: str) -> Review | None:
        """What the router itself had done about an answer; None if nothing.

        Raises DecisionLogError.
        """
        found = self._fetch(SELECT_REVIEW, (decision,))
        return read_review(found[0], self._fetch(SELECT_CALLS, (decision,))) if found else None

    def judged(self, since: float | None = None, unjudged: bool = False) -> Iterator[Judged]:
        """Every decision from `since` (Unix seconds) on that has feedback, oldest first.

        With `unjudged` also those without. Content included, one at a time. Raises
        DecisionLogError.
        """
        only = "" if unjudged else " AND EXISTS (SELECT 1 FROM feedback f WHERE f.decision = d.id)"
        names = ", ".join(f"d.{column.name}" for column in COLUMNS)
        try:
            with closing(open_for_reading(self._path, self._busy_s)) as connection:
                found = connection.execute(
                    f"SELECT {names} FROM decisions d WHERE d.at >= ?{only} ORDER BY d.at, d.rowid",
                    (float("-inf") if since is None else since,),
                )
                for values in found:
                    said = connection.execute(
                        f"{SELECT_FEEDBACK} WHERE decision = ? {IN_ORDER}", (values[0],)
                    )
                    feedback = tuple(Feedback(*row) for row in said)
                    yield judged(decoded(COLUMNS, values), values[_AT], feedback)
        except sqlite3.Error as error:
            raise cannot("be read", self._path, error) from error

    def _fetch(self, statement: str, values: Sequence[Any]) -> list[Any]:
        return fetched(self._path, self._busy_s, statement, values)


def _conditions(where: DecisionFilter) -> tuple[str, list[Any]]:
    asked = {
        "model = ?": where.model,
        "rule = ?": where.rule,
        "outcome = ?": where.outcome,
        "at >= ?": where.since,
    }
    given = {condition: value for condition, value in asked.items() if value is not None}
    return (f"WHERE {' AND '.join(given)}" if given else ""), list(given.values())


def _batched(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    rest = iter(ids)
    while some := tuple(islice(rest, _MOST_ASKED)):
        yield some
