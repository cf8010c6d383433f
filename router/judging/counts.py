"""Counts: what becomes of the answers that were drawn, in words of a fixed list."""

from typing import Literal, Protocol

from router.core.bill import OwnCall

Purpose = Literal["judge", "shadow"]

Result = Literal[
    "judged",
    "not_understood",
    "not_allowed",
    "unreadable",
    "too_large",
    "unavailable",
    "failed",
    "over_budget",
    "no_price",
    "dropped",
]
"""judged: it has a score. not_understood: the judge gave none. not_allowed: what was asked may not
be sent to that model. unreadable, too_large: it cannot be shown to a judge. unavailable, failed:
the model was not asked, for its circuit is open, or did not answer. over_budget: the day's ceiling
is reached. no_price: there is a ceiling, and what it would cost is not known. dropped: too many
were waiting, or the process ended."""


class ReviewCounts(Protocol):
    """Is told how reviews fare."""

    def reviewed(self, policy: str, purpose: Purpose, result: Result) -> None:
        """What became of an answer that a policy had drawn, or of its shadow."""
        ...

    def paid(self, policy: str, call: OwnCall) -> None:
        """A call was paid for, or may have been."""
        ...
