"""Expectation: what a request is expected to take and to cost on one model, before it is asked.

Rule: the money and the seconds are those of `cost.py` for the tokens expected. The formulas stand
here once more because every model is weighed for every request: the card is read once, and nothing
is made that only they would read.
"""

from math import inf

from router.core.catalog import ModelCard
from router.core.cost import SECONDS_PER_HOUR, TOKENS_PER_MILLION
from router.core.price import Price
from router.core.request import RoutedRequest
from router.core.stats import ModelStats


class Expectation:
    """One card, with all worked out that no request changes."""

    __slots__ = (
        "_first_s",
        "_hour",
        "_long",
        "_long_above",
        "_most_output",
        "_output",
        "_plain",
        "_speed",
    )

    def __init__(self, card: ModelCard) -> None:
        self._output, self._most_output = card.expected_output_tokens, card.max_output_tokens
        self._first_s = card.latency.first_token
        self._speed = card.latency.tokens_per_second
        price = card.price or Price.model_construct()
        self._hour = price.usd_per_hour
        self._long = self._plain = price.input_usd_per_mtok, price.output_usd_per_mtok
        self._long_above = inf
        if (long := price.long_context) is not None:
            given, written = long.input_usd_per_mtok, long.output_usd_per_mtok
            self._long_above = long.above_tokens
            self._long = (
                price.input_usd_per_mtok if given is None else given,
                price.output_usd_per_mtok if written is None else written,
            )

    def of(self, request: RoutedRequest, stats: ModelStats) -> tuple[float | None, float]:
        """US dollars (None where no price is known), and seconds to the last token."""
        output, answers = self.output_tokens(request, stats), request.answers
        first, speed = stats.first_byte_s, stats.tokens_per_second
        if first is None:
            first = self._first_s if speed is None else 0.0
        latency = first + output / answers / (speed or self._speed)
        if self._hour is not None:
            return self._hour * latency / SECONDS_PER_HOUR, latency
        tokens = request.input_tokens
        given, written = self._long if tokens > self._long_above else self._plain
        if given is None or written is None:
            return None, latency
        return (tokens * given + output * written) / TOKENS_PER_MILLION, latency

    def output_tokens(self, request: RoutedRequest, stats: ModelStats) -> int:
        """Tokens of all answers together: as is usual for the model, within both bounds."""
        output: float = stats.output_tokens or self._output
        asked, most = request.max_output_tokens, self._most_output
        if asked is not None and asked < output:
            output = asked
        if most is not None and most < output:
            output = most
        return round(output * request.answers)
