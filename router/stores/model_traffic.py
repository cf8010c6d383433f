"""ModelTraffic: the latest calls to models, as the decision log tells of them.

Rule: bounded work: the newest MOST_REQUESTS of a period.
"""

from collections.abc import Sequence
from typing import NamedTuple

from router.stores.sqlite_reader import DecisionReader

MOST_REQUESTS = 10_000
"""Half of what a page of decisions looks at, for each has to be taken apart."""

_CALLS = """
    SELECT d.at, json_extract(a.value, '$.model'), json_extract(a.value, '$.error'),
        json_extract(a.value, '$.seconds'), d.stream, d.first_byte_s, d.total_s, d.output_tokens,
        d.cost_usd
    FROM (
        SELECT at, attempts, stream, first_byte_s, total_s, output_tokens, cost_usd
        FROM decisions WHERE at >= ? ORDER BY at DESC, rowid DESC LIMIT ?
    ) d, json_each(d.attempts) a
"""


class ModelCall(NamedTuple):
    """One call to one model. `error` is the class of what went wrong; times are in seconds.

    What follows `seconds` is the whole request's, and this call's own only where it answered.
    """

    at: float
    model: str
    error: str | None
    seconds: float
    stream: int
    first_byte_s: float | None
    total_s: float
    output_tokens: int | None
    cost_usd: float | None


class ModelTraffic(DecisionReader):
    """The calls in one file."""

    def calls(self, since: float, most: int = MOST_REQUESTS) -> Sequence[ModelCall]:
        """The calls of the newest `most` requests from `since` on. Raises DecisionLogError."""
        if not self._path.exists():
            return ()
        return [ModelCall(*row) for row in self._fetch(_CALLS, (since, most))]
