"""What is publicly known of models: the price catalogue that litellm bundles, read without litellm.

Importing litellm takes two seconds and asks the network; its catalogue is one JSON file of the
installed package. It is parsed on first use (about 4,200 entries) and only what routing needs
is kept.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from router.core.catalog import BY_NAME, Capability, ModelCard, Price, UpstreamSpec
from router.core.price import MOST_USD, LongContext
from router.energy import resolve_energy

FILE = "litellm/model_prices_and_context_window_backup.json"
PER_MILLION = 1_000_000
_CHAT_MODES = frozenset({"chat", "completion", "responses"})
_VECTORS, _PICTURES = "embedding", "image_generation"
_NAMED_MODES = frozenset({_VECTORS, _PICTURES, "moderation", "audio_speech"})
"""What is asked for by name. Rerankers are charged by the search, which no card has a price for."""


class _Entry(msgspec.Struct, gc=False):
    """The fields of one entry that are read; values are of any type until they are looked at."""

    mode: Any = None
    input_cost_per_token: Any = None
    output_cost_per_token: Any = None
    cache_read_input_token_cost: Any = None
    cache_creation_input_token_cost: Any = None
    cache_creation_input_token_cost_above_1hr: Any = None
    output_cost_per_reasoning_token: Any = None
    input_cost_per_audio_token: Any = None
    output_cost_per_audio_token: Any = None
    input_cost_per_image_token: Any = None
    output_cost_per_image_token: Any = None
    input_cost_per_token_above_128k_tokens: Any = None
    output_cost_per_token_above_128k_tokens: Any = None
    input_cost_per_token_above_200k_tokens: Any = None
    output_cost_per_token_above_200k_tokens: Any = None
    cache_read_input_token_cost_above_200k_tokens: Any = None
    cache_creation_input_token_cost_above_200k_tokens: Any = None
    input_cost_per_token_above_272k_tokens: Any = None
    output_cost_per_token_above_272k_tokens: Any = None
    cache_read_input_token_cost_above_272k_tokens: Any = None
    cache_creation_input_token_cost_above_272k_tokens: Any = None
    max_input_tokens: Any = None
    max_output_tokens: Any = None
    supports_function_calling: Any = None
    supports_vision: Any = None
    supports_response_schema: Any = None
    supports_audio_input: Any = None
    supports_pdf_input: Any = None


_CAPABILITIES: Mapping[str, Capability] = {
    "supports_function_calling": "tools",
    "supports_vision": "vision",
    "supports_response_schema": "json_schema",
    "supports_audio_input": "audio",
    "supports_pdf_input": "files",
}


_PROVIDERS = {
    "api.deepseek.com": "deepseek",
    "api.fireworks.ai": "fireworks_ai",
    "api.groq.com": "groq",
    "api.mistral.ai": "mistral",
    "api.together.xyz": "together_ai",
    "api.x.ai": "xai",
    "generativelanguage.googleapis.com": "gemini",
    "openrouter.ai": "openrouter",
}
"""Hosts whose models the catalogue lists under `provider/name`. OpenAI's have their bare names."""


_KINDS: Mapping[str, str] = {
    "cached_input": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "reasoning": "output_cost_per_reasoning_token",
    "input_audio": "input_cost_per_audio_token",
    "output_audio": "output_cost_per_audio_token",
    "input_image": "input_cost_per_image_token",
    "output_image": "output_cost_per_image_token",
}
_LONG_KINDS: Mapping[str, str] = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached_input": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
}
_LONG_ABOVE = (128, 200, 272)
"""Thousands of tokens above which some providers charge more."""


@dataclass(frozen=True, slots=True)
class PublicModel:
    """What the catalogue says of one model; None where it says nothing. `converses`: what it says
    is of conversations, and may be another price for the pictures that the model makes by name."""

    price: Price | None
    context_window: int | None
    max_output_tokens: int | None
    capabilities: tuple[Capability, ...]
    converses: bool = True


class PriceList:
    """The catalogue in one JSON file. Without the file nothing is known, and nothing fails."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits that change with the catalogue, "" if there is none."""
        return self._content[0]

    def find(self, name: str) -> PublicModel | None:
        """What is known under a name of the catalogue, such as `gpt-4o` or `mistral/codestral`."""
        return self._content[1].get(name)

    def resolve(self, name: str, card: ModelCard, upstream: UpstreamSpec) -> ModelCard:
        """The card with price, context window, output bound, capabilities and energy filled in.

        What the card says itself stands. A local model never takes a price: what it costs here
        is not in any list, and unknown is not free.
        """
        return resolve_energy(name, self._resolved(name, card, upstream), upstream)

    def _resolved(self, name: str, card: ModelCard, upstream: UpstreamSpec) -> ModelCard:
        wanted = (card.context_window, card.max_output_tokens, card.capabilities, card.price)
        if None not in wanted or upstream.kind == "simulated":
            return card
        by_name = BY_NAME.issuperset(card.speaks or upstream.speaks)
        listed = map(self.find, _names(name, card, upstream))
        found = next((it for it in listed if it is not None and it.converses != by_name), None)
        if found is None:
            return card
        update: dict[str, Any] = {
            "context_window": card.context_window or found.context_window,
            "max_output_tokens": card.max_output_tokens or found.max_output_tokens,
            "capabilities": (
                found.capabilities if card.capabilities is None else card.capabilities
            ),
        }
        if card.price is None and card.location == "cloud":
            update["price"] = found.price
        return card.model_copy(update=update)

    @cached_property
    def _content(self) -> tuple[str, Mapping[str, PublicModel]]:
        if self._file is None or not self._file.is_file():
            return "", {}
        raw = self._file.read_bytes()
        entries = msgspec.json.decode(raw, type=dict[str, _Entry])
        models = {
            sys.intern(name): _model(entry)
            for name, entry in entries.items()
            if entry.mode in _CHAT_MODES or entry.mode in _NAMED_MODES
        }
        return sha256(raw).hexdigest()[:12], models


@cache
def bundled() -> PriceList:
    """The catalogue of the installed litellm; an empty one where litellm is not installed."""
    try:
        return PriceList(Path(str(distribution("litellm").locate_file(FILE))))
    except PackageNotFoundError:
        return PriceList(None)


def _names(name: str, card: ModelCard, upstream: UpstreamSpec) -> Iterator[str]:
    """Names to look under, the most explicit first; with the provider in front where known."""
    provider = "ollama" if card.location == "local" else _provider(upstream)
    own = [card.catalogue_name] if card.catalogue_name else [card.upstream_model, name]
    for one in filter(None, own):
        # The same model costs differently elsewhere, so its own provider's entry comes first.
        if provider:
            yield f"{provider}/{one}"
        yield one


def _provider(upstream: UpstreamSpec) -> str | None:
    if upstream.kind == "litellm":
        return upstream.provider
    host = urlsplit(upstream.base_url).hostname if upstream.kind == "openai_http" else None
    return _PROVIDERS.get(host or "")


def _model(entry: _Entry) -> PublicModel:
    return PublicModel(
        price=_price(entry),
        context_window=_count(entry.max_input_tokens),
        max_output_tokens=_count(entry.max_output_tokens),
        capabilities=tuple(
            capability for field, capability in _CAPABILITIES.items() if getattr(entry, field)
        ),
        converses=entry.mode in _CHAT_MODES,
    )


def _price(entry: _Entry) -> Price | None:
    """The price per million tokens. Two zeros are how the catalogue says that it knows none."""
    paid, written = _dollars(entry.input_cost_per_token), _dollars(entry.output_cost_per_token)
    if entry.mode == _PICTURES:
        # Without a price for the tokens of pictures it is none by the token, whatever stands there.
        pictures = _dollars(entry.output_cost_per_image_token)
        written = None if pictures is None else (pictures if written is None else written)
    elif entry.mode == _VECTORS and written is None:
        written = 0.0
    if paid is None or written is None or paid + written == 0:
        return None
    return Price(
        input_usd_per_mtok=paid,
        output_usd_per_mtok=written,
        long_context=_long_context(entry),
        **_told(entry, _KINDS),
    )


def _long_context(entry: _Entry) -> LongContext | None:
    """What long prompts cost, where the catalogue has a second price for them."""
    for thousands in _LONG_ABOVE:
        suffix = f"_above_{thousands}k_tokens"
        told = _told(entry, {name: field + suffix for name, field in _LONG_KINDS.items()})
        if told:
            return LongContext(above_tokens=thousands * 1000, **told)
    return None


def _told(entry: _Entry, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Prices by the name they have in a Price; those that the entry lacks are left out."""
    found = {name: _dollars(getattr(entry, field, None)) for name, field in kinds.items()}
    # A zero among them is how the catalogue says that there is no such price.
    return {f"{name}_usd_per_mtok": paid for name, paid in found.items() if paid}


def _dollars(value: object) -> float | None:
    if not isinstance(value, int | float) or not 0 <= value * PER_MILLION <= MOST_USD:
        return None
    return round(value * PER_MILLION, 6)


def _count(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) and value >= 1 else None
