"""Expectation: what a request is expected to take and to cost on one model, before it is asked.

Rule: the money and the seconds are those of `cost.py` for the tokens expected. The formulas stand
here once more because every model is weighed for every request: the card is read once, and nothing
is made that only they would read.
"""

from router.core.catalog import ModelCard
from router.core.cost import SECONDS_PER_HOUR, TOKENS_PER_MILLION
from router.core.price import Price
from router.core.request import RoutedRequest
from router.core.stats import ModelStats


class Expectation:
    """One card, with all worked out that no request changes."""

    __slots__ = ("_first_s", "_most_output", "_output", "_rates", "_speed")

    def __init__(self, card: ModelCard) -> None:
        self._output, self._most_output = card.expected_output_tokens, card.max_output_tokens
        self._first_s = card.latency.first_token
        self._speed = card.latency.tokens_per_second
        self._rates = None if card.price is None else _Rates(card.price)

    def output_tokens(self, request: RoutedRequest, stats: ModelStats) -> int:
        """Tokens of all answers together: as is usual for the model, within both bounds."""
        output: float = stats.output_tokens or self._output
        asked, most = request.max_output_tokens, self._most_output
        if asked is not None and asked < output:
            output = asked
        if most is not None and most < output:
            output = most
        return round(output * request.answers)

    def latency_s(self, output_tokens: int, answers: int, stats: ModelStats) -> float:
        """Seconds to the last token, as `expected_latency` has it."""
        first, speed = stats.first_byte_s, stats.tokens_per_second
        if first is None:
            first = self._first_s if speed is None else 0.0
        return first + output_tokens / answers / (speed or self._speed)

    def cost_usd(self, input_tokens: int, output_tokens: int, busy_s: float) -> float | None:
        """US dollars for plain tokens, as `call_cost` has it; None where no price is known."""
        rates = self._rates
        return None if rates is None else rates.cost_usd(input_tokens, output_tokens, busy_s)


class _Rates:
    """A price as it is for plain tokens, in US dollars per million or per hour."""

    __slots__ = ("_hour", "_long", "_long_above", "_plain")

    def __init__(self, price: Price) -> None:
        self._hour = price.usd_per_hour
        self._plain = price.input_usd_per_mtok, price.output_usd_per_mtok
        self._long, self._long_above = self._plain, float("inf")
        if (long := price.long_context) is not None:
            self._long_above = long.above_tokens
            self._long = (
                _or_else(long.input_usd_per_mtok, price.input_usd_per_mtok),
                _or_else(long.output_usd_per_mtok, price.output_usd_per_mtok),
            )

    def cost_usd(self, input_tokens: int, output_tokens: int, busy_s: float) -> float | None:
        if self._hour is not None:
            return self._hour * busy_s / SECONDS_PER_HOUR
        given, written = self._long if input_tokens > self._long_above else self._plain
        if given is None or written is None:
            return None
        return (input_tokens * given + output_tokens * written) / TOKENS_PER_MILLION


def _or_else(rate: float | None, other: float | None) -> float | None:
    return other if rate is None else rate
