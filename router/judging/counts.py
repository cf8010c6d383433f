"""Counts: who is told what becomes of the answers that were drawn."""

from typing import Protocol

from router.core.bill import OwnCall
from router.core.review import Purpose, Result


class ReviewCounts(Protocol):
    """Is told how reviews fare."""

    def reviewed(self, policy: str, purpose: Purpose, result: Result) -> None:
        """What became of an answer that a policy had drawn, or of its shadow."""
        ...

    def paid(self, policy: str, call: OwnCall) -> None:
        """A call was paid for, or may have been."""
        ...
