"""providers: clouds whose key in the environment means that they may be routed to.

A small and a large model for each, and of some what is asked for by name alone. Prices, windows and
capabilities come from litellm's bundled catalogue, against which a test holds this table. Of
OpenAI's models those are named that take every classic parameter: its reasoning models refuse
`max_tokens` and `temperature`, and a caller who names no model cannot know.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from router.core.catalog import Endpoint
from router.upstreams.local_cards import BY_NAME_QUALITY

CLOUD_FIRST_BYTE = "300s"
"""A plain answer begins when it is complete: a long one of a reasoning model takes minutes."""


@dataclass(frozen=True, slots=True)
class CloudModel:
    """A model and the assumptions made of it. `quality` is a prior in [0, 1], after the order of
    public benchmarks; `speed` is in tokens per second.
    """

    name: str
    quality: float
    speed: float

    def card(self, upstream: str) -> dict[str, Any]:
        """Its model card as a policy file has it."""
        latency = {"first_token": "600ms", "tokens_per_second": self.speed}
        return {
            "upstream": upstream,
            "upstream_model": self.name,
            "location": "cloud",
            "quality": self.quality,
            "latency": latency,
        }


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model that is asked for by its name alone, and through which endpoint. `free`: it costs
    nothing, which the catalogue cannot tell from a price that it does not know."""

    name: str
    endpoint: Endpoint
    free: bool = False

    def card(self, upstream: str) -> dict[str, Any]:
        """Its model card as a policy file has it."""
        card: dict[str, Any] = {
            "upstream": upstream,
            "upstream_model": self.name,
            "location": "cloud",
            "speaks": (self.endpoint,),
            "quality": BY_NAME_QUALITY,
        }
        if self.free:
            card["price"] = {"input_usd_per_mtok": 0.0, "output_usd_per_mtok": 0.0}
        return card


@dataclass(frozen=True, slots=True)
class Provider:
    """A cloud. `base_url` None: it does not speak OpenAI's form and is reached through litellm.

    `speaks` is what its models are asked through, `named` are those that nothing is chosen from.
    """

    name: str
    variable: str
    base_url: str | None
    small: CloudModel
    large: CloudModel
    speaks: tuple[Endpoint, ...] = ("chat",)
    named: tuple[NamedModel, ...] = ()

    def upstream(self) -> dict[str, Any]:
        """Its upstream as a policy file has it."""
        reached = (
            {"kind": "litellm", "provider": self.name}
            if self.base_url is None
            else {"kind": "openai_http", "base_url": self.base_url, "speaks": self.speaks}
        )
        return {
            **reached,
            "api_key_env": self.variable,
            "first_byte_timeout": CLOUD_FIRST_BYTE,
        }


PROVIDERS = (
    Provider(
        "openai",
        "OPENAI_API_KEY",
        "https://api.openai.com/v1",
        CloudModel("gpt-4.1-mini", 0.83, 80.0),
        CloudModel("gpt-4.1", 0.90, 70.0),
        ("chat", "responses"),
        (
            NamedModel("text-embedding-3-small", "embeddings"),
            NamedModel("text-embedding-3-large", "embeddings"),
            NamedModel("omni-moderation-latest", "moderations", free=True),
            NamedModel("gpt-image-2", "images"),
            NamedModel("gpt-4o-mini-tts", "speech"),
        ),
    ),
    Provider(
        "anthropic",
        "ANTHROPIC_API_KEY",
        None,
        CloudModel("claude-haiku-5-5", 0.86, 120.0),
        CloudModel("claude-sonnet-5-5", 0.94, 70.0),
    ),
    Provider(
        "gemini",
        "GEMINI_API_KEY",
        "https://generativelanguage.googleapis.com/v1beta/openai",
        CloudModel("gemini-2.5-flash-lite", 0.80, 200.0),
        CloudModel("gemini-2.5-pro", 0.91, 100.0),
        named=(NamedModel("gemini-embedding-2", "embeddings"),),
    ),
    Provider(
        "mistral",
        "MISTRAL_API_KEY",
        "https://api.mistral.ai/v1",
        CloudModel("mistral-small-latest", 0.80, 100.0),
        CloudModel("mistral-medium-latest", 0.88, 60.0),
        named=(NamedModel("mistral-embed", "embeddings"),),
    ),
    Provider(
        "groq",
        "GROQ_API_KEY",
        "https://api.groq.com/openai/v1",
        CloudModel("openai/gpt-oss-20b", 0.80, 900.0),
        CloudModel("openai/gpt-oss-120b", 0.86, 450.0),
    ),
    Provider(
        "deepseek",
        "DEEPSEEK_API_KEY",
        "https://api.deepseek.com/v1",
        CloudModel("deepseek-v4-flash", 0.85, 80.0),
        CloudModel("deepseek-v4-pro", 0.91, 40.0),
    ),
    Provider(
        "together_ai",
        "TOGETHER_API_KEY",
        "https://api.together.xyz/v1",
        CloudModel("Qwen/Qwen3.5-9B", 0.76, 150.0),
        CloudModel("openai/gpt-oss-120b", 0.86, 150.0),
    ),
    Provider(
        "xai",
        "XAI_API_KEY",
        "https://api.x.ai/v1",
        CloudModel("grok-4.3", 0.89, 80.0),
        CloudModel("grok-4.5", 0.91, 60.0),
    ),
)


def with_keys(environment: Mapping[str, str]) -> tuple[Provider, ...]:
    """The providers whose key is set. The keys themselves are not read further."""
    return tuple(p for p in PROVIDERS if environment.get(p.variable, "").strip())
