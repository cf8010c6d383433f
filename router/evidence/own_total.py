"""What the router paid for its own ends in a period: how many calls, of what, and what they cost.

Rule: it is a sum of what is known, and says how much of it is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from router.core.ledger import NANO
from router.core.own_cost import OwnCost
from router.evidence.figure import usd


@dataclass(frozen=True, slots=True)
class OwnTotal:
    """All of it. `of` has the parts, by purpose and by whom was called."""

    sentence: str
    calls: int
    unpriced: int
    nano: int
    of: Sequence[OwnCost]


def own_total(of: Sequence[OwnCost]) -> OwnTotal:
    """The parts together, in one sentence."""
    calls, unpriced = sum(it.calls for it in of), sum(it.unpriced for it in of)
    nano = sum(it.nano for it in of)
    return OwnTotal(_told(of, calls, unpriced, nano), calls, unpriced, nano, of)


def _told(of: Sequence[OwnCost], calls: int, unpriced: int, nano: int) -> str:
    if not calls:
        return "The router made no call of its own: it had nothing judged."
    parts = ", ".join(f"{it.calls:,} to {it.model} ({_why(it.purpose)})" for it in of)
    lacks = f" Of these, {unpriced:,} without a price are in no sum." if unpriced else ""
    return (
        f"Having answers judged cost {usd(nano / NANO)} in {calls:,} calls of the router's own:"
        f" {parts}.{lacks}"
    )


def _why(purpose: str) -> str:
    return {"judge": "to judge", "shadow": "as the baseline, unseen"}.get(purpose, purpose)
