"""DecisionPages: reads a SQLite decision log a page at a time, for the dashboard and its API.

Rule: the work of one page is bounded whatever the log's size: at most MOST_LOOKED_AT rows are
read, along the index by time (or by model or rule and time). What people wrote is not read here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from router.core.browsing import MOST_LOOKED_AT, MOST_ON_A_PAGE, DecisionPage, DecisionQuery, Place
from router.core.feedback import Feedback
from router.stores.decision_columns import COLUMNS
from router.stores.decision_row import Row, decoded
from router.stores.sqlite_reader import DecisionReader

LISTED = (
    "id",
    "at",
    "endpoint",
    "requested_model",
    "stream",
    "policy",
    "policy_version",
    "rule",
    "strategy",
    "choice",
    "model",
    "reason",
    "outcome",
    "status",
    "explored",
    "confidence",
    "input_tokens",
    "output_tokens",
    "usage_estimated",
    "cost_usd",
    "baseline",
    "baseline_cost_usd",
    "decision_s",
    "overhead_s",
    "first_byte_s",
    "total_s",
    "fallbacks",
    "simulated",
    "key_name",
    "tags",
)
"""What a list shows of a decision; the rest is read one decision at a time."""

_COLUMNS = tuple(column for column in COLUMNS if column.name in LISTED)
# Nearly all rows of a log without tags are passed over by their text alone.
_TAGGED = "tags <> '[]' AND EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)"
_SEARCHED = ("id", "requested_model", "model", "rule", "reason")


class DecisionPages(DecisionReader):
    """The rows of one file. `looked_at` is how many are read for a page at most."""

    def __init__(self, path: Path, busy_s: float = 2.0, looked_at: int = MOST_LOOKED_AT) -> None:
        super().__init__(path, busy_s)
        self._looked_at = looked_at

    def find(self, decision: str) -> Row | None:
        """The row of one decision id; None if there is none. Raises DecisionLogError."""
        return super().find(decision) if self._path.exists() else None

    def feedback_on(self, decisions: Iterable[str]) -> Mapping[str, Sequence[Feedback]]:
        """What was said of some decisions, by decision. Raises DecisionLogError."""
        return super().feedback_on(decisions) if self._path.exists() else {}

    def any_feedback(self) -> bool:
        """Whether anything was said of any decision. Raises DecisionLogError."""
        return self._path.exists() and bool(self._fetch("SELECT 1 FROM feedback LIMIT 1", ()))

    def page(self, query: DecisionQuery) -> DecisionPage:
        """The decisions asked for, newest first. Raises DecisionLogError."""
        if not self._path.exists():
            return DecisionPage((), None, False)
        limit = min(max(query.limit, 1), MOST_ON_A_PAGE)
        along, along_values = _joined(_along_an_index(query))
        among, among_values = _joined(_among_those(query))
        names = ", ".join(column.name for column in _COLUMNS)
        near = f"SELECT rowid AS number, * FROM decisions {along} ORDER BY at DESC, rowid DESC"
        found = self._fetch(
            f"SELECT number, at, {names} FROM ({near} LIMIT ?) {among} LIMIT ?",
            (*along_values, self._looked_at, *among_values, limit),
        )
        full = len(found) == limit
        end = Place(found[-1][1], found[-1][0]) if full else self._end(along, along_values)
        rows = tuple(dict(decoded(_COLUMNS, values[2:])) for values in found)
        return DecisionPage(rows, end, full)

    def _end(self, along: str, values: list[Any]) -> Place | None:
        """Where looking has stopped, None if there is nothing beyond."""
        newest = f"SELECT at, rowid FROM decisions {along} ORDER BY at DESC, rowid DESC"
        found = self._fetch(f"{newest} LIMIT 1 OFFSET ?", (*values, self._looked_at - 1))
        return Place(*found[0]) if found else None


def _along_an_index(query: DecisionQuery) -> Iterator[tuple[str, list[Any]]]:
    """Conditions by which an index is walked: they bound what is looked at."""
    given = {
        "model = ?": query.model,
        "rule = ?": query.rule,
        "at >= ?": query.since,
        "at < ?": query.until,
    }
    yield from ((told, [value]) for told, value in given.items() if value is not None)
    if query.before is not None:
        yield "(at, rowid) < (?, ?)", list(query.before)


def _among_those(query: DecisionQuery) -> Iterator[tuple[str, list[Any]]]:
    """Conditions that each row looked at is held against."""
    given = {
        "policy = ?": query.policy,
        "outcome = ?": query.outcome,
        "key_name = ?": query.key,
        "endpoint = ?": query.endpoint,
        _TAGGED: query.tag,
        "cost_usd >= ?": query.min_cost_usd,
    }
    yield from ((told, [value]) for told, value in given.items() if value is not None)
    if query.text:
        escaped = query.text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        told = " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in _SEARCHED)
        yield f"({told})", [f"%{escaped}%"] * len(_SEARCHED)


def _joined(parts: Iterator[tuple[str, list[Any]]]) -> tuple[str, list[Any]]:
    conditions, values = [], []
    for condition, given in parts:
        conditions.append(condition)
        values += given
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), values
