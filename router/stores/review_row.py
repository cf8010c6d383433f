"""The rows of a review in the decision log: what it told, and a row for each call that it took."""

from collections.abc import Sequence
from typing import Any

from router.core.bill import OwnCall
from router.core.cost import Usage
from router.core.review import Review, ShadowAnswer

SELECT_REVIEW = (
    "SELECT decision, at, score, shadow_model, shadow_score, shadow_output_tokens"
    " FROM reviews WHERE decision = ?"
)
SELECT_CALLS = (
    "SELECT purpose, model, input_tokens, output_tokens, cost_usd FROM own_calls"
    " WHERE decision = ? ORDER BY number"
)


def read_review(told: Sequence[Any], calls: Sequence[Sequence[Any]]) -> Review:
    """A review out of what SELECT_REVIEW and SELECT_CALLS found."""
    decision, at, score, model, shadow_score, tokens = told
    shadow = None if model is None else ShadowAnswer(model, shadow_score, tokens)
    return Review(decision, at, tuple(_call(*call) for call in calls), score, shadow)


def _call(
    purpose: str, model: str, read: int | None, written: int | None, cost_usd: float | None
) -> OwnCall:
    usage = None if read is None or written is None else Usage(read, written)
    return OwnCall(purpose, model, usage, cost_usd)
