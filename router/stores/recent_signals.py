"""RecentSignals: what the latest requests looked like, and how their answers were judged.

Rule: bounded work, as for a page of decisions; what people wrote is not read.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from router.core.browsing import MOST_LOOKED_AT
from router.stores.sqlite_reader import DecisionReader

MOST_SIGNALS = 5_000

_SIGNALS = (
    "SELECT signals, failed_signals, policy FROM decisions ORDER BY at DESC, rowid DESC LIMIT ?"
)
_JUDGED = """
    SELECT d.model, d.candidates, AVG(f.score) FROM (
        SELECT id, model, candidates FROM decisions ORDER BY at DESC, rowid DESC LIMIT ?
    ) d JOIN feedback f ON f.decision = d.id GROUP BY d.id
"""


class Seen(NamedTuple):
    """A request's signals, the kinds that failed and why, and the policy that it came under."""

    signals: dict[str, Any]
    failed: dict[str, str]
    policy: str


class Foreseen(NamedTuple):
    """A model's answer: the quality that was predicted of it, and the mean score it was given."""

    model: str
    predicted: float
    score: float


class RecentSignals(DecisionReader):
    """The latest requests of one file."""

    def signals(self, most: int = MOST_SIGNALS) -> Sequence[Seen]:
        """Of the newest `most` requests. Raises DecisionLogError."""
        if not self._path.exists():
            return ()
        decode = msgspec.json.decode
        rows = self._fetch(_SIGNALS, (most,))
        return [Seen(decode(found), decode(failed), policy) for found, failed, policy in rows]

    def foreseen(self, most: int = MOST_LOOKED_AT) -> Sequence[Foreseen]:
        """The judged answers among the newest `most` requests. Raises DecisionLogError."""
        if not self._path.exists():
            return ()
        found = []
        for model, candidates, score in self._fetch(_JUDGED, (most,)):
            expected = {it["model"]: it["quality"] for it in msgspec.json.decode(candidates)}
            if model in expected:
                found.append(Foreseen(model, expected[model], score))
        return found
