"""What a call costs, what a request is expected to cost, and what the baseline would have cost.

None always means "no price known": it is never the same as free.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from router.core.catalog import ModelCard, Price
from router.core.stats import ModelStats

SECONDS_PER_HOUR = 3600.0
TOKENS_PER_MILLION = 1_000_000


class Usage(Struct, frozen=True):
    """Tokens of one answer.

    Cached, written, audio and image input are part of the input; reasoning, audio and image output
    part of the output. `cache_write_tokens` were put into the provider's prompt cache, of them
    `cache_write_1h_tokens` for an hour rather than for minutes. `charged_beside` is how often the
    provider did what it charges for beside tokens, such as a search, and that no card has a price
    for.
    """

    input_tokens: int
    output_tokens: int
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    cache_write_tokens: int = 0
    cache_write_1h_tokens: int = 0
    input_audio_tokens: int = 0
    output_audio_tokens: int = 0
    input_image_tokens: int = 0
    output_image_tokens: int = 0
    charged_beside: int = 0

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was used, as where tokens were only counted."""
        return not (self.input_tokens or self.output_tokens or self.charged_beside)

    @property
    def is_special(self) -> bool:
        """Whether any of it may have a price of its own."""
        return bool(
            self.cached_input_tokens
            or self.reasoning_tokens
            or self.cache_write_tokens
            or self.cache_write_1h_tokens
            or self.input_audio_tokens
            or self.output_audio_tokens
            or self.input_image_tokens
            or self.output_image_tokens
            or self.charged_beside
        )


def call_cost(price: Price | None, usage: Usage, busy_s: float) -> float | None:
    """US dollars for one call: by token, or by the machine time it kept a model busy (seconds).

    None where no price is known of the model, or of something beside its tokens.
    """
    if price is None:
        return None
    if price.usd_per_hour is not None:
        return price.usd_per_hour * busy_s / SECONDS_PER_HOUR
    per_input, per_output = price.input_usd_per_mtok, price.output_usd_per_mtok
    if price.long_context is not None:
        per_input, per_output = _rate(price, usage, "input"), _rate(price, usage, "output")
    if per_input is None or per_output is None:
        return None
    if not usage.is_special:
        plain = usage.input_tokens * per_input + usage.output_tokens * per_output
        return plain / TOKENS_PER_MILLION
    if usage.charged_beside:
        return None
    given = _kinds(price, usage, _INPUT, usage.input_tokens, per_input)
    written = _kinds(price, usage, _OUTPUT, usage.output_tokens, per_output)
    return (given + written) / TOKENS_PER_MILLION


_INPUT: Mapping[str, Callable[[Usage], int]] = {
    "cached_input": lambda usage: usage.cached_input_tokens,
    "cache_write": lambda usage: usage.cache_write_tokens - usage.cache_write_1h_tokens,
    "cache_write_1h": lambda usage: usage.cache_write_1h_tokens,
    "input_audio": lambda usage: usage.input_audio_tokens,
    "input_image": lambda usage: usage.input_image_tokens,
}
_OUTPUT: Mapping[str, Callable[[Usage], int]] = {
    "reasoning": lambda usage: usage.reasoning_tokens,
    "output_audio": lambda usage: usage.output_audio_tokens,
    "output_image": lambda usage: usage.output_image_tokens,
}


def _rate(price: Price, usage: Usage, kind: str) -> float | None:
    """Dollars per million tokens of a kind, at the length of this call's input."""
    name = f"{kind}_usd_per_mtok"
    long = price.long_context
    rate: float | None = None
    if long is not None and usage.input_tokens > long.above_tokens:
        rate = getattr(long, name)
    return getattr(price, name) if rate is None else rate


def _kinds(
    price: Price,
    usage: Usage,
    kinds: Mapping[str, Callable[[Usage], int]],
    tokens: int,
    plain: float,
) -> float:
    """Millionths of dollars for one side of a call; kinds without a price are plain tokens."""
    total, left = 0.0, tokens
    for kind, count in kinds.items():
        if (of_kind := min(count(usage), left)) > 0:
            rate = _rate(price, usage, kind)
            total += of_kind * (plain if rate is None else rate)
            left -= of_kind
    return total + left * plain


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
    if card.price is None or card.price.usd_per_hour is None:
        return call_cost(card.price, usage, 0.0)
    return call_cost(card.price, usage, expected_latency(card, usage, ModelStats()))
