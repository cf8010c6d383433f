"""Stickiness: whether a conversation stays with its model, and what a change of it would lose.

Rule: staying never loosens a limit. A model that may not or cannot serve is left at once.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.core.catalog import Catalog, ModelCard
from router.core.cost import TOKENS_PER_MILLION
from router.core.decision import Candidate, Rejection
from router.core.request import RoutedRequest
from router.core.session import Held, Sessions
from router.core.strategies import Ranking

IN_TOOL_LOOP = "the request answers tool calls of this model"
STATE_KEPT = "this model's upstream keeps the conversation"
ALWAYS = "the policy keeps a conversation with its model"


class Stay(Struct, frozen=True):
    """The model that a conversation is to stay with, and why."""

    model: str
    why: str


def stay_of(request: RoutedRequest, sessions: Sessions) -> Stay | None:
    """With whom the conversation stays if that model may and can serve; None if it is free."""
    held = request.held
    if held is None or not request.is_routed:
        return None
    if request.state is not None:
        # No policy lets another upstream know what it was not told.
        return Stay(held.model, STATE_KEPT)
    if sessions.stick == "off":
        return None
    if request.in_tool_loop:
        return Stay(held.model, IN_TOOL_LOOP)
    return Stay(held.model, ALWAYS) if sessions.stick == "always" else None


def cache_loss(request: RoutedRequest, sessions: Sessions, catalog: Catalog) -> float:
    """US dollars that any model but the held one would lose: the discount on what is cached.

    That is the cached prefix at the held model's input price, less the same at its cached price. 0
    where nothing is held, the cache has expired or was too short, or no such prices are known.
    """
    held = request.held
    if held is None or sessions.stick not in ("cost", "always") or not request.is_routed:
        return 0.0
    card = catalog.models.get(held.model)
    tokens = min(held.tokens, request.input_tokens)
    if card is None or held.idle_s > sessions.cache_lifetime:
        return 0.0
    return _discount(card, tokens) if tokens >= sessions.min_cached_tokens else 0.0


def _discount(card: ModelCard, tokens: int) -> float:
    price = card.price
    if price is None or price.input_usd_per_mtok is None or price.cached_input_usd_per_mtok is None:
        return 0.0
    saved = price.input_usd_per_mtok - price.cached_input_usd_per_mtok
    return max(saved, 0.0) * tokens / TOKENS_PER_MILLION


def charged(candidate: Candidate, request: RoutedRequest, loss: float) -> Candidate:
    """The candidate with the loss, if choosing it is a change of model."""
    if not loss or request.held is None or candidate.model == request.held.model:
        return candidate
    return replace(candidate, switch_cost_usd=loss)


def staying(ranking: Ranking, stay: Stay | None, rejected: Sequence[Rejection]) -> Ranking:
    """The ranking with the model that stays in front; where it cannot, with a word of why."""
    if stay is None:
        return ranking
    if any(candidate.model == stay.model for candidate in ranking.candidates):
        ordered = sorted(ranking.candidates, key=lambda candidate: candidate.model != stay.model)
        return Ranking(tuple(ordered), stay.why, good_enough=1)
    codes = [rejection.code for rejection in rejected if rejection.model == stay.model]
    left = codes[0] if codes else "no longer to be chosen"
    told = f"the conversation leaves its model ({left}): {ranking.reason}"
    return replace(ranking, reason=told)


def cached_prefix(held: Held | None, model: str, read: int, cached: int | None) -> int:
    """How many tokens of a conversation a model's provider has cached after that model's answer.

    All that it has just `read`, unless the conversation had been with it before and it says that
    it had nothing of it `cached` (None: it says nothing): then it keeps none, or none for us.
    """
    if held is None or held.model != model:
        return read
    keeps = held.tokens > 0 if cached is None else cached > 0
    return read if keeps else 0
