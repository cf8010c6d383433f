"""PolicyVersions: which policy a version was of, and when it decided first and last.

Rule: bounded work, as for a page of decisions: of each version at most MOST_LOOKED_AT requests of
its first hour, and of its last.
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from typing import NamedTuple

from router.core.browsing import MOST_LOOKED_AT
from router.core.ledger import SECONDS_PER_HOUR, Span
from router.stores.sqlite_reader import DecisionReader
from router.stores.sqlite_schema import cannot, open_for_reading

_ONE = """
    SELECT policy, at FROM (
        SELECT policy, policy_version, at FROM decisions WHERE at >= ? AND at < ?
        ORDER BY at {} LIMIT ?
    ) WHERE policy_version = ? LIMIT 1
"""
_FIRST, _LAST = _ONE.format("ASC"), _ONE.format("DESC")


class Used(NamedTuple):
    """A version's policy, and when it decided first and last, in Unix seconds.

    `policy` is None where its requests are no longer in the log; the times are of whole hours then.
    """

    policy: str | None
    first_at: float
    last_at: float


class PolicyVersions(DecisionReader):
    """The versions in one file."""

    def used(self, spans: Mapping[str, Span], most: int = MOST_LOOKED_AT) -> Mapping[str, Used]:
        """Of each version, whose hours are given. Raises DecisionLogError."""
        try:
            with closing(open_for_reading(self._path, self._busy_s)) as connection:
                return {
                    version: _used(connection, version, span, most)
                    for version, span in spans.items()
                }
        except sqlite3.Error as error:
            raise cannot("be read", self._path, error) from error


def _used(connection: sqlite3.Connection, version: str, span: Span, most: int) -> Used:
    def one(statement: str, hour: int) -> tuple[str, float] | None:
        asked = (hour, hour + SECONDS_PER_HOUR, most, version)
        found: tuple[str, float] | None = connection.execute(statement, asked).fetchone()
        return found

    first, last = one(_FIRST, span.first), one(_LAST, span.last)
    known = first or last
    return Used(
        None if known is None else known[0],
        float(span.first) if first is None else first[1],
        float(span.last + SECONDS_PER_HOUR) if last is None else last[1],
    )
