"""What a call costs, what a request is expected to cost, and what the baseline would have cost.

None always means "no price known": it is never the same as free.
"""

from dataclasses import dataclass

from router.core.catalog import ModelCard, Price
from router.core.request import RoutedRequest
from router.core.stats import ModelStats

SECONDS_PER_HOUR = 3600.0
TOKENS_PER_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. Cached input is part of the input, reasoning part of the output."""

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0


def call_cost(price: Price | None, usage: Usage, busy_s: float) -> float | None:
    """US dollars for one call: by token, or by the machine time it kept a model busy (seconds)."""
    if price is None:
        return None
    if price.usd_per_hour is not None:
        return price.usd_per_hour * busy_s / SECONDS_PER_HOUR
    per_input, per_output = price.input_usd_per_mtok, price.output_usd_per_mtok
    if per_input is None or per_output is None:
        return None
    per_cached = price.cached_input_usd_per_mtok
    cached = usage.cached_input_tokens if per_cached is not None else 0
    dollars = (
        (usage.input_tokens - cached) * per_input
        + cached * (per_cached or 0.0)
        + usage.output_tokens * per_output
    )
    return dollars / TOKENS_PER_MILLION


def expected_usage(card: ModelCard, request: RoutedRequest, stats: ModelStats) -> Usage:
    """Tokens to expect: the input as estimated, the output as is usual for the model."""
    output = stats.output_tokens or card.expected_output_tokens
    for bound in (request.max_output_tokens, card.max_output_tokens):
        if bound is not None and bound < output:
            output = bound
    return Usage(request.input_tokens, round(output * request.answers))


def expected_latency(card: ModelCard, usage: Usage, stats: ModelStats, answers: int = 1) -> float:
    """Seconds to the last token: measured means, else the card's priors.

    `usage` is of all the `answers` together, which are written side by side.
    """
    first = stats.first_byte_s
    if first is None:
        # A speed measured on plain answers alone has the wait for the first byte in it.
        first = card.latency.first_token if stats.tokens_per_second is None else 0.0
    speed = stats.tokens_per_second or card.latency.tokens_per_second
    return first + usage.output_tokens / answers / speed


def baseline_cost(card: ModelCard, usage: Usage) -> float | None:
    """What the same tokens would have cost on the baseline model, in US dollars.

    A machine-priced baseline is priced by its card's latency, for it was not called.
    """
    return call_cost(card.price, usage, expected_latency(card, usage, ModelStats()))
