"""local_cards: what may be assumed of a model on this machine from its name alone. Pure.

Every number here is an assumption, stated so that `slm-router init` can write it down for the
operator to correct. A capability that a server might lack is not assumed.
"""

import re
from dataclasses import dataclass
from typing import Any

from router.core.catalog import Endpoint

LOCAL_USD_PER_HOUR = 0.04
"""What an hour of answering costs: some 130 W at 0.30 US dollars a kWh. Never free: a model that
costs nothing would win every comparison, however long it kept the machine busy."""

MEMORY_BYTES_PER_SECOND = 100e9
BYTES_PER_PARAMETER = 0.6
"""Writing a token reads every active parameter once, so memory sets the speed: 100 GB/s is a
laptop, and four bits and a little is how models are kept on one."""

MOST_TOKENS_PER_SECOND = 150.0
FIRST_TOKEN_S = 0.1
FIRST_TOKEN_S_PER_BILLION = 0.04

DEFAULT_BILLIONS = 7.0
"""Parameters of a model whose name tells no size: the usual size of local models."""

_QUALITY_BY_BILLIONS = (
    (1.2, 0.48),
    (2.2, 0.55),
    (4.5, 0.62),
    (9.5, 0.70),
    (16.0, 0.76),
    (40.0, 0.81),
    (80.0, 0.85),
)
_QUALITY_ABOVE = 0.88
"""Prior quality by size, after the order of public benchmarks (MMLU-Pro, Arena): each doubling
of the parameters buys less. On the scale on which gpt-4.1-mini has 0.83."""

SPECIALIST_GAIN = 0.10

BY_NAME_QUALITY = 0.5
"""Of what is asked for by name: nothing is chosen by it."""

_BILLIONS = re.compile(r"(?<![a-z0-9.])(?:(\d+)x)?e?(\d+(?:\.\d+)?)b(?![a-z0-9])")
_MILLIONS = re.compile(r"(?<![a-z0-9.])(\d+)m(?![a-z0-9])")
_ACTIVE = re.compile(r"(?<![a-z0-9])a(\d+(?:\.\d+)?)b(?![a-z0-9])")
_BY_FAMILY = (
    ("mixtral", 47.0),
    ("mistral-nemo", 12.0),
    ("mistral-small", 24.0),
    ("llama3.3", 70.0),
    ("llama3.2", 3.0),
    ("phi4-mini", 3.8),
    ("phi4", 14.0),
    ("phi3", 3.8),
    ("gemma3", 4.0),
    ("gpt-oss", 20.0),
)
"""What a bare family name pulls, where that is not about the default."""

_BY_NAME: tuple[tuple[re.Pattern[str], Endpoint], ...] = (
    (re.compile(r"rerank"), "rerank"),
    (re.compile(r"embed|(?<![a-z])(bge|e5|gte)-|minilm"), "embeddings"),
)
"""What is asked for by its name alone; a reranker may be of an embedder's family."""

_NOT_FOR_CHAT = re.compile(
    r"whisper|(?<![a-z])tts|clip-|guard|moderation|stable-diffusion|(?<![a-z])flux"
)
"""What none of these servers is asked for here."""

_TOOLS = re.compile(
    r"llama-?3\.[1-3]|llama-?4|qwen-?2\.5|qwen-?3|mistral|mixtral|devstral|command-r|granite"
    r"|gpt-oss|hermes|phi-?4-mini|nemotron|glm-4|kimi"
)
_VISION = re.compile(
    r"vision|(?<![a-z])vl|llava|minicpm-v|pixtral|moondream|gemma-?3(?!n)|llama-?4"
)
_SPECIALISTS = (
    (
        re.compile(r"(?<!de)coder|cod(estral|ellama|egemma)|(?<![a-z])code-|devstral|sql"),
        "computer science",
        "code",
    ),
    (re.compile(r"math"), "math", "maths"),
    (re.compile(r"(?<![a-z])med|biomistral|clinical"), "health", None),
    (re.compile(r"(?<![a-z])(law|legal|saul)"), "law", None),
    (re.compile(r"(?<![a-z])fin(ance|gpt|ma)"), "business", None),
)

RELIABLE_TOOLS = frozenset({"ollama", "lm-studio"})
"""Servers that take tools without being told at their start, as vLLM and llama.cpp must be."""


RANKING = frozenset({"vllm", "llama-cpp"})
"""Servers that have an endpoint for rerankers."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model as its server tells of it. `server` is the kind of server, a key of the upstream."""

    name: str
    server: str
    context_window: int | None = None

    @property
    def made_for(self) -> Endpoint | None:
        """What it is asked for: chat, or as an embedder or a reranker; None if nothing here is."""
        name = self.name.lower()
        found = (endpoint for pattern, endpoint in _BY_NAME if pattern.search(name))
        made_for = next(found, None if _NOT_FOR_CHAT.search(name) else "chat")
        return None if made_for == "rerank" and self.server not in RANKING else made_for

    @property
    def billions(self) -> float:
        """Parameters, in billions, by the name."""
        name = self.name.lower()
        if match := _BILLIONS.search(name):
            return float(match[1] or 1) * float(match[2])
        if match := _MILLIONS.search(name):
            return float(match[1]) / 1000
        return next((size for family, size in _BY_FAMILY if family in name), DEFAULT_BILLIONS)

    def card(self, upstream: str) -> dict[str, Any]:
        """Its model card as a policy file has it. Raises ValueError if it is made for nothing."""
        match self.made_for:
            case "chat":
                return self._for_chat(upstream)
            case None:
                raise ValueError(f"nothing is known that {self.name} is made for")
            case by_name:
                # What Ollama does not tell it cuts to the model's own: no window is assumed.
                window = None if self.server == "ollama" else self.context_window
                return {
                    "upstream": upstream,
                    "upstream_model": self.name,
                    "location": "local",
                    "speaks": (by_name,),
                    "price": {"usd_per_hour": LOCAL_USD_PER_HOUR},
                    "quality": BY_NAME_QUALITY,
                    **({} if window is None else {"context_window": window}),
                }

    def _for_chat(self, upstream: str) -> dict[str, Any]:
        match = _ACTIVE.search(self.name.lower())
        active = float(match[1]) if match else self.billions
        speed = MEMORY_BYTES_PER_SECOND / (max(active, 0.1) * 1e9 * BYTES_PER_PARAMETER)
        first_token = FIRST_TOKEN_S + FIRST_TOKEN_S_PER_BILLION * active
        card: dict[str, Any] = {
            "upstream": upstream,
            "upstream_model": self.name,
            "location": "local",
            "capabilities": self._capabilities(),
            "price": {"usd_per_hour": LOCAL_USD_PER_HOUR},
            "quality": {"overall": self._quality()},
            "latency": {
                "first_token": f"{round(first_token * 1000)}ms",
                "tokens_per_second": round(min(speed, MOST_TOKENS_PER_SECOND), 1),
            },
        }
        if self.context_window is not None:
            card["context_window"] = self.context_window
        self._specialise(card)
        return card

    def _quality(self) -> float:
        size = self.billions
        return next((q for most, q in _QUALITY_BY_BILLIONS if size <= most), _QUALITY_ABOVE)

    def _capabilities(self) -> tuple[str, ...]:
        name = self.name.lower()
        tools = self.server in RELIABLE_TOOLS and _TOOLS.search(name) is not None
        vision = _VISION.search(name) is not None
        # All four servers hold an answer to a schema by a grammar, whatever the model.
        return (*(["tools"] if tools else []), "json_schema", *(["vision"] if vision else []))

    def _specialise(self, card: dict[str, Any]) -> None:
        for pattern, domain, task in _SPECIALISTS:
            if pattern.search(self.name.lower()):
                better = round(min(self._quality() + SPECIALIST_GAIN, 0.95), 2)
                card["specialises_in"] = {"domains": (domain,), "tasks": (task,) if task else ()}
                card["quality"]["domains"] = {domain: better}
                if task:
                    card["quality"]["tasks"] = {task: better}
                return
