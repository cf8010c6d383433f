"""Usage as providers tell it, in their own documents' form, each with the invoice worked out by
hand from the price list beside it. Prices are US dollars per million tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from router.answer import read_messages_usage, read_responses_usage, read_usage
from router.core.cost import Usage
from router.core.price import Price

PriceOf = Mapping[str, Any]


@dataclass(frozen=True)
class Recorded:
    """One answer's usage, who tells it so, what it costs per token, and its line on the invoice."""

    told: Mapping[str, Any]
    price: PriceOf
    invoice: Decimal
    read: Callable[[Mapping[str, object]], Usage | None] = read_usage

    @property
    def usage(self) -> Usage:
        """As we read it."""
        found = self.read(self.told)
        assert found is not None
        return found

    @property
    def card(self) -> Price:
        """As a card has it."""
        return Price(**{f"{name}_usd_per_mtok": dollars for name, dollars in self.price.items()})


GPT_4O = {"input": 2.5, "output": 10.0, "cached_input": 1.25}
O_REASONING = {"input": 1.1, "output": 4.4, "cached_input": 0.55}
AUDIO = {"input": 2.5, "output": 10.0, "input_audio": 40.0, "output_audio": 80.0}
SONNET = {
    "input": 3.0,
    "output": 15.0,
    "cached_input": 0.3,
    "cache_write": 3.75,
    "cache_write_1h": 6.0,
}
FLASH = {"input": 0.3, "output": 2.5, "cached_input": 0.03, "input_audio": 1.0}
DEEPSEEK = {"input": 0.28, "output": 0.42, "cached_input": 0.028}
GROK = {"input": 0.3, "output": 0.5, "cached_input": 0.075}

RECORDED: Mapping[str, Recorded] = {
    "OpenAI, plain": Recorded(
        {"prompt_tokens": 1200, "completion_tokens": 340, "total_tokens": 1540},
        GPT_4O,
        # 1200 * 2.5 + 340 * 10 = 3000 + 3400 millionths
        Decimal("0.006400"),
    ),
    "OpenAI, streamed, cached": Recorded(
        {
            "prompt_tokens": 2006,
            "completion_tokens": 300,
            "total_tokens": 2306,
            "prompt_tokens_details": {"cached_tokens": 1920, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        },
        GPT_4O,
        # 86 * 2.5 + 1920 * 1.25 + 300 * 10 = 215 + 2400 + 3000
        Decimal("0.005615"),
    ),
    "OpenAI, reasoning": Recorded(
        {
            "prompt_tokens": 500,
            "completion_tokens": 1800,
            "total_tokens": 2300,
            "completion_tokens_details": {"reasoning_tokens": 1600},
        },
        O_REASONING,
        # reasoning is within the 1800: 500 * 1.1 + 1800 * 4.4 = 550 + 7920
        Decimal("0.008470"),
    ),
    "OpenAI, audio in and out": Recorded(
        {
            "prompt_tokens": 130,
            "completion_tokens": 220,
            "total_tokens": 350,
            "prompt_tokens_details": {"audio_tokens": 100, "cached_tokens": 0, "text_tokens": 30},
            "completion_tokens_details": {"audio_tokens": 180, "text_tokens": 40},
        },
        AUDIO,
        # 30 * 2.5 + 100 * 40 + 40 * 10 + 180 * 80 = 75 + 4000 + 400 + 14400
        Decimal("0.018875"),
    ),
    "OpenAI, responses": Recorded(
        {
            "input_tokens": 328,
            "output_tokens": 52,
            "total_tokens": 380,
            "input_tokens_details": {"cached_tokens": 128},
            "output_tokens_details": {"reasoning_tokens": 12},
        },
        GPT_4O,
        # 200 * 2.5 + 128 * 1.25 + 52 * 10 = 500 + 160 + 520
        Decimal("0.001180"),
        read_responses_usage,
    ),
    "Anthropic, cache written and read": Recorded(
        {
            "input_tokens": 50,
            "cache_creation_input_tokens": 1500,
            "cache_read_input_tokens": 8000,
            "cache_creation": {"ephemeral_5m_input_tokens": 1000, "ephemeral_1h_input_tokens": 500},
            "output_tokens": 400,
        },
        SONNET,
        # 50 * 3 + 1000 * 3.75 + 500 * 6 + 8000 * 0.3 + 400 * 15 = 150 + 3750 + 3000 + 2400 + 6000
        Decimal("0.015300"),
        read_messages_usage,
    ),
    "Anthropic through litellm": Recorded(
        {
            "prompt_tokens": 9550,
            "completion_tokens": 400,
            "total_tokens": 9950,
            "prompt_tokens_details": {
                "cached_tokens": 8000,
                "cache_creation_tokens": 1500,
                "cache_creation_token_details": {
                    "ephemeral_5m_input_tokens": 1000,
                    "ephemeral_1h_input_tokens": 500,
                },
            },
            "cache_creation_input_tokens": 1500,
            "cache_read_input_tokens": 8000,
        },
        SONNET,
        # the same call, so the same line
        Decimal("0.015300"),
    ),
    "Gemini through litellm, audio and thinking": Recorded(
        {
            "prompt_tokens": 1100,
            "completion_tokens": 900,
            "total_tokens": 2000,
            "prompt_tokens_details": {"text_tokens": 600, "audio_tokens": 500, "cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 700, "text_tokens": 200},
        },
        FLASH,
        # 600 * 0.3 + 500 * 1 + 900 * 2.5 = 180 + 500 + 2250
        Decimal("0.002930"),
    ),
    "Gemini's own OpenAI form, thinking left out": Recorded(
        {"prompt_tokens": 100, "completion_tokens": 60, "total_tokens": 460},
        FLASH,
        # 300 tokens of thought are in the total alone: 100 * 0.3 + 360 * 2.5 = 30 + 900
        Decimal("0.000930"),
    ),
    "xAI, reasoning beside the completion": Recorded(
        {
            "prompt_tokens": 200,
            "completion_tokens": 50,
            "total_tokens": 650,
            "prompt_tokens_details": {"cached_tokens": 120, "text_tokens": 200},
            "completion_tokens_details": {"reasoning_tokens": 400},
        },
        GROK,
        # 80 * 0.3 + 120 * 0.075 + 450 * 0.5 = 24 + 9 + 225
        Decimal("0.000258"),
    ),
    "DeepSeek, cache hit": Recorded(
        {
            "prompt_tokens": 1000,
            "completion_tokens": 200,
            "total_tokens": 1200,
            "prompt_cache_hit_tokens": 750,
            "prompt_cache_miss_tokens": 250,
        },
        DEEPSEEK,
        # 250 * 0.28 + 750 * 0.028 + 200 * 0.42 = 70 + 21 + 84
        Decimal("0.000175"),
    ),
    "llama.cpp, on a machine of one's own": Recorded(
        {"prompt_tokens": 40, "completion_tokens": 90, "total_tokens": 130},
        {"input": 0.0, "output": 0.0},
        Decimal("0"),
    ),
}
