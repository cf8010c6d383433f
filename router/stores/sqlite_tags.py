"""TagNames: which tags have sums of their own in a decision log.

Rule: whoever may call may make tags up, so the first MOST_TAGS_OF_A_LOG do, and the others share.
"""

import sqlite3

from router.core.ledger import MOST_TAGS_OF_A_LOG, OTHER_TAGS

_KNOWN = "SELECT 1 FROM roll_up_tags WHERE tag = ?"
_NEW = (
    "INSERT INTO roll_up_tags SELECT ?"
    f" WHERE (SELECT count(*) FROM roll_up_tags) < {MOST_TAGS_OF_A_LOG}"
)


class TagNames:
    """The tags that one connection has met. For the thread that writes through it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: set[str] = set()

    def summed_under(self, tag: str) -> str:
        """The tag itself, made known if there is room. Call it in a transaction that writes."""
        if tag in self._known:
            return tag
        ask = self._connection.execute
        if ask(_KNOWN, (tag,)).fetchone() is None and not ask(_NEW, (tag,)).rowcount:
            return OTHER_TAGS
        self._known.add(tag)
        return tag

    def forget(self) -> None:
        """The transaction was rolled back, and what it had made known with it."""
        self._known.clear()
