"""PolicyVersions: which versions of which policies decided the latest requests.

Rule: bounded work, as for a page of decisions: the newest MOST_LOOKED_AT requests.
"""

from collections.abc import Sequence
from typing import Any

from router.core.browsing import MOST_LOOKED_AT
from router.stores.sqlite_reader import DecisionReader

_NAMES = ("policy", "version", "requests", "first_at", "last_at")
_SEEN = """
    SELECT policy, policy_version, COUNT(*), MIN(at), MAX(at)
    FROM (SELECT policy, policy_version, at FROM decisions ORDER BY at DESC, rowid DESC LIMIT ?)
    GROUP BY policy, policy_version ORDER BY MAX(at) DESC
"""


class PolicyVersions(DecisionReader):
    """The versions in one file."""

    def seen(self, most: int = MOST_LOOKED_AT) -> Sequence[dict[str, Any]]:
        """The versions, the one used last first, with when (Unix seconds) and how often.

        Raises DecisionLogError.
        """
        if not self._path.exists():
            return ()
        return [dict(zip(_NAMES, row, strict=True)) for row in self._fetch(_SEEN, (most,))]
