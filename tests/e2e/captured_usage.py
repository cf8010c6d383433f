"""Usage as providers really sent it, each with where it was recorded and its line of an invoice.

Only the numbers were taken, from public recordings of answers; no prompt and no answer. Prices are
US dollars per million tokens, by lists as they stood then. Where a provider told its own charge
beside the tokens, the line is that charge (`charged`); else it is worked out by hand beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

Form = Literal["chat", "responses", "messages", "cohere", "bedrock"]
Place = Literal["event", "last", "choice"]
"""Where a stream told it: in an event of its own, in the last one with content, or in that one's
choice."""

PYDANTIC = "pydantic/pydantic-ai tests/models/cassettes/"
VERCEL = "vercel/ai packages/"


@dataclass(frozen=True)
class Captured:
    """One answer's usage. `source` is repository, path and commit. `began` is what a stream of
    Anthropic's told at its start. `line` is in US dollars, None where no list has a price for all
    that was charged."""

    source: str
    usage: Mapping[str, Any]
    price: Mapping[str, float]
    line: str | None
    form: Form = "chat"
    place: Place = "event"
    began: Mapping[str, Any] = field(default_factory=dict)
    charged: bool = False

    @property
    def dollars(self) -> Decimal:
        """The line as a number."""
        return Decimal(self.line or 0)


def rates(given: float, written: float, **others: float) -> Mapping[str, float]:
    """A price list."""
    return {"input": given, "output": written, **others}


def anthropic(**counts: int) -> dict[str, Any]:
    """Anthropic's counts, as it always tells them."""
    return {
        "input_tokens": counts["given"],
        "cache_creation_input_tokens": counts.get("five", 0) + counts.get("hour", 0),
        "cache_read_input_tokens": counts.get("read", 0),
        "cache_creation": {
            "ephemeral_5m_input_tokens": counts.get("five", 0),
            "ephemeral_1h_input_tokens": counts.get("hour", 0),
        },
        "output_tokens": counts["written"],
    }


def chat(given: int, written: int, total: int, **more: Any) -> dict[str, Any]:
    """OpenAI's counts of a chat completion."""
    return {"prompt_tokens": given, "completion_tokens": written, "total_tokens": total, **more}


def asked(**counts: int) -> dict[str, Any]:
    """What its input consisted of."""
    return {"prompt_tokens_details": counts}


def answered(**counts: int) -> dict[str, Any]:
    """And its output."""
    return {"completion_tokens_details": counts}


PREDICTIONS = {"accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0}
GROK = rates(0.3, 0.5, cached_input=0.075)
AUDIO = rates(2.5, 10.0, input_audio=40.0, output_audio=80.0)
SONNET = rates(3.0, 15.0, cached_input=0.3, cache_write=3.75, cache_write_1h=6.0)
DEEPSEEK = rates(0.14, 0.28, cached_input=0.028)
FLASH = rates(0.3, 2.5, output_image=30.0)

OPENAI: dict[str, Captured] = {
    "OpenAI gpt-4o": Captured(
        f"{PYDANTIC}test_openai/test_request_simple_usage.yaml @ 003e4cef",
        chat(14, 30, 44)
        | asked(audio_tokens=0, cached_tokens=0)
        | answered(audio_tokens=0, reasoning_tokens=0, **PREDICTIONS),
        rates(2.5, 10.0, cached_input=1.25),
        "0.000335",  # 14 * 2.5 + 30 * 10 = 35 + 300 millionths
    ),
    "OpenAI o3-mini, reasoning": Captured(
        f"{PYDANTIC}test_openai/test_max_completion_tokens[o3-mini].yaml @ 18a9c77c",
        chat(7, 87, 94)
        | asked(audio_tokens=0, cached_tokens=0)
        | answered(audio_tokens=0, reasoning_tokens=64, **PREDICTIONS),
        rates(1.1, 4.4, cached_input=0.55),
        "0.0003905",  # 7 * 1.1 + 87 * 4.4 = 7.7 + 382.8
    ),
    "OpenAI gpt-4o-audio-preview, audio in": Captured(
        f"{PYDANTIC}test_openai/test_audio_as_binary_content_input.yaml @ 493f0843",
        chat(64, 9, 73)
        | asked(audio_tokens=44, cached_tokens=0, image_tokens=0, text_tokens=20)
        | answered(audio_tokens=0, reasoning_tokens=0, text_tokens=9, **PREDICTIONS),
        AUDIO,
        "0.0019",  # 20 * 2.5 + 44 * 40 + 9 * 10 = 50 + 1760 + 90
    ),
    "OpenAI gpt-audio-1.5, audio out": Captured(
        f"{VERCEL}openai/src/chat/__fixtures__/openai-audio-gpt-audio-1.5.json @ 109d1fbc",
        chat(17, 40, 57)
        | asked(cached_tokens=0, audio_tokens=0, text_tokens=17, image_tokens=0)
        | answered(reasoning_tokens=0, audio_tokens=30, text_tokens=10, **PREDICTIONS),
        AUDIO,
        "0.0025425",  # 17 * 2.5 + 10 * 10 + 30 * 80 = 42.5 + 100 + 2400
    ),
    "OpenAI gpt-5.6-sol, responses": Captured(
        f"{PYDANTIC}test_openai_responses/test_openai_responses_gpt_5_6_minimal_thinking_uses"
        "_low_effort.yaml @ 06b71bcd",
        {
            "input_tokens": 18,
            "input_tokens_details": {"cache_write_tokens": 0, "cached_tokens": 0},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 23,
        },
        rates(1.25, 10.0),
        "0.0000725",  # 18 * 1.25 + 5 * 10 = 22.5 + 50
        "responses",
    ),
}
ANTHROPIC: dict[str, Captured] = {
    "Anthropic claude-sonnet-4-5, cache written for minutes and read": Captured(
        f"{PYDANTIC}test_anthropic/test_anthropic_cache_messages_real_api.yaml @ f077d56c",
        {**anthropic(given=3, five=403, read=1111, written=33), "service_tier": "standard"},
        SONNET,
        "0.00234855",  # 3 * 3 + 403 * 3.75 + 1111 * 0.3 + 33 * 15 = 9 + 1511.25 + 333.3 + 495
        "messages",
        began=anthropic(given=3, five=403, read=1111, written=1),
    ),
    "Anthropic claude-sonnet-4-6, cache written for an hour": Captured(
        f"{PYDANTIC}test_anthropic/test_anthropic_cache_earlier_breakpoint_raised_to_later_longer"
        "_ttl.yaml @ f6a5ff09",
        anthropic(given=13, hour=3913, written=4),
        SONNET,
        "0.023577",  # 13 * 3 + 3913 * 6 + 4 * 15 = 39 + 23478 + 60
        "messages",
        began=anthropic(given=13, hour=3913, written=1),
    ),
    "Anthropic claude-sonnet-4-6, conversation shortened": Captured(
        f"{PYDANTIC}test_anthropic/test_anthropic_compaction_usage_with_cache_streaming.yaml"
        " @ 2c5e4d1a",
        anthropic(given=181, written=8)
        | {
            "iterations": [
                {**anthropic(given=100, read=55096, written=83), "type": "compaction"},
                {**anthropic(given=181, written=8), "type": "message"},
            ]
        },
        SONNET,
        # 100 * 3 + 55096 * 0.3 + 83 * 15 = 300 + 16528.8 + 1245; 181 * 3 + 8 * 15 = 543 + 120
        "0.0187368",
        "messages",
        began=anthropic(given=100, read=55096, written=7),
    ),
    "Anthropic claude-sonnet-5, another model's advice": Captured(
        f"{PYDANTIC}test_anthropic/test_anthropic_advisor_tool_redacted.yaml @ 26e1a09d",
        anthropic(given=2482, written=166)
        | {
            "iterations": [
                {**anthropic(given=1128, written=155), "type": "message"},
                {
                    **anthropic(given=2564, written=99),
                    "type": "advisor_message",
                    "model": "claude-fable-5",
                },
                {**anthropic(given=1354, written=11), "type": "message"},
            ],
            "output_tokens_details": {"thinking_tokens": 71},
            "server_tool_use": {"web_fetch_requests": 0, "web_search_requests": 0},
        },
        SONNET,
        None,
        "messages",
        began=anthropic(given=1128, written=2),
    ),
    "Anthropic, two searches": Captured(
        f"{VERCEL}anthropic/src/__fixtures__/anthropic-web-search-tool.1.json @ 231909c4",
        anthropic(given=27118, written=600)
        | {"server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0}},
        SONNET,
        None,
        "messages",
        began=anthropic(given=27118, written=1),
    ),
}
