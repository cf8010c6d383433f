"""ModelCard and Catalog: what is known of each model before any request. Also the YAML schema."""

import json
from collections.abc import Mapping
from functools import cached_property
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from router.core.energy import EnergyRate
from router.core.ledger import PriceSheet
from router.core.limits import Count, Positive, Share
from router.core.price import Price as Price
from router.core.units import Duration

Location = Literal["local", "cloud"]
Capability = Literal["tools", "vision", "json_schema", "audio", "files"]
Endpoint = Literal[
    "chat",
    "completions",
    "responses",
    "messages",
    "embeddings",
    "moderations",
    "rerank",
    "images",
    "speech",
]
"""What an upstream may be asked through: OpenAI's chat completions, its legacy completions and its
responses, Anthropic's messages; and what is asked for by the model's name alone."""

BY_NAME: frozenset[Endpoint] = frozenset(
    {"embeddings", "moderations", "rerank", "images", "speech"}
)
"""Where there is nothing to choose: vectors and scores of two models do not fit together, and of
pictures and sound nothing is judged here. The very same model elsewhere may stand in."""

AUTO = "auto"
"""Stands for a model where the caller leaves the choice to us, alone or as "auto:<policy>"."""

OF_KIND: Mapping[str, tuple[Endpoint, ...]] = {
    "litellm": ("chat", "embeddings"),
    "simulated": ("chat", "embeddings"),
}
"""By kind of upstream what its models may be asked through, where no catalog can say otherwise."""

MAX_NAME = 256
"""Characters of a model's name."""

PRICE_DIGITS = 12
"""Hexadecimal digits of the hash of a catalogue's prices."""

DEFAULT_CONTEXT_WINDOW = 8_192
DEFAULT_OUTPUT_TOKENS = 300
DEFAULT_FIRST_TOKEN_S = 0.5
DEFAULT_TOKENS_PER_SECOND = 40.0


def _unlike(endpoints: tuple[Endpoint, ...]) -> tuple[Endpoint, ...]:
    if len(set(endpoints)) < len(endpoints):
        raise ValueError("expected each endpoint once")
    return endpoints


Endpoints = Annotated[tuple[Endpoint, ...], Field(min_length=1), AfterValidator(_unlike)]


class _FromFile(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False
    )


class Quality(_FromFile):
    """Prior probabilities of a good answer, each in [0, 1]; a bare number is `overall`."""

    overall: Share
    domains: Mapping[str, Share] = {}
    tasks: Mapping[str, Share] = {}


class Specialities(_FromFile):
    """What a model is made for, by the names of the `domain` and `task` signals."""

    domains: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()


class Latency(_FromFile):
    """How fast a model is thought to be until it has been measured."""

    first_token: Duration = DEFAULT_FIRST_TOKEN_S
    tokens_per_second: Positive = DEFAULT_TOKENS_PER_SECOND


def _overall(value: object) -> object:
    return {"overall": value} if isinstance(value, int | float) else value


class ModelCard(_FromFile):
    """What is known of one model.

    `upstream` names an entry of the catalog's upstreams; `upstream_model` is the model's name
    there (the card's own name by default). `speaks` is what this model is asked through where that
    is not all that its upstream speaks, such as `embeddings` or `images`. `context_window`,
    `capabilities` and `price` left out are taken from litellm's bundled catalogue, under
    `catalogue_name` if the name differs there. `power_watts` is what its machine draws while it
    answers, as measured; `energy` is taken from EcoLogits where that knows the model.
    """

    upstream: str
    upstream_model: str | None = None
    catalogue_name: str | None = None
    location: Location
    speaks: Endpoints | None = None
    specialises_in: Specialities = Specialities()
    context_window: Count | None = None
    max_output_tokens: Count | None = None
    expected_output_tokens: Count = DEFAULT_OUTPUT_TOKENS
    capabilities: tuple[Capability, ...] | None = None
    price: Price | None = None
    power_watts: Positive | None = None
    energy: EnergyRate | None = None
    quality: Annotated[Quality, BeforeValidator(_overall, json_schema_input_type=Quality | float)]
    latency: Latency = Latency()

    @property
    def window(self) -> int:
        """The context window in tokens, input and output together."""
        return self.context_window or DEFAULT_CONTEXT_WINDOW


class _UpstreamSpec(_FromFile):
    """How long an upstream may take: to connect, to its first byte, between bytes, in all.

    `retries` are the further calls to one model of it after a fault that may pass.
    """

    connect_timeout: Duration = 5.0
    first_byte_timeout: Duration = 300.0  # a plain answer has its first byte when it is whole
    idle_timeout: Duration = 60.0
    timeout: Duration = 600.0
    retries: Annotated[int, Field(ge=0, le=5)] = 1


class OpenAIHTTPSpec(_UpstreamSpec):
    """Any OpenAI-compatible server. `api_key_env` names the environment variable with its key.

    `speaks` are the endpoints that it has; requests to others are translated into chat
    completions. The key goes into `api_key_header`: by default `authorization`, and `x-api-key`
    for `messages`, as Anthropic has it.
    """

    kind: Literal["openai_http"]
    base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")]
    api_key_env: str | None = None
    api_key_header: Literal["authorization", "x-api-key"] | None = None
    speaks: Endpoints = ("chat",)


class LiteLLMSpec(_UpstreamSpec):
    """A provider spoken to through litellm, such as `anthropic`, `gemini` or `bedrock`.

    `base_url` replaces the provider's own address, for a proxy or a private deployment.
    """

    kind: Literal["litellm"]
    provider: str
    base_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")] | None = None
    api_key_env: str | None = None

    @property
    def speaks(self) -> Endpoints:
        """What litellm is asked through here."""
        return OF_KIND[self.kind]


class SimulatedSpec(_UpstreamSpec):
    """Answers by itself: for demonstrations, tests and load tests. Shares are in [0, 1]."""

    kind: Literal["simulated"]
    first_token: Duration = 0.02
    tokens_per_second: Positive = 500.0
    failing_share: Share = 0.0

    @property
    def speaks(self) -> Endpoints:
        """What it answers."""
        return OF_KIND[self.kind]


UpstreamSpec = Annotated[OpenAIHTTPSpec | LiteLLMSpec | SimulatedSpec, Field(discriminator="kind")]


def _model_name(name: str) -> str:
    if name == AUTO or name.startswith(f"{AUTO}:"):
        raise ValueError(f"expected another name, {name} asks for routing")
    if len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
        raise ValueError(f"expected printable characters, at most {MAX_NAME} of them")
    return name


ModelName = Annotated[str, Field(min_length=1), AfterValidator(_model_name)]


class Catalog(_FromFile):
    """Every model that may be named, and the upstreams that serve them."""

    upstreams: Mapping[str, UpstreamSpec]
    models: Mapping[ModelName, ModelCard]

    @property
    def is_simulated(self) -> bool:
        """Whether nothing but simulated upstreams would answer."""
        return all(self.upstream_of(name).kind == "simulated" for name in self.models)

    def speaks(self, model: str) -> tuple[Endpoint, ...]:
        """What a model is asked through. Raises KeyError for a model not in the catalog.

        Models that make embeddings, or anything else that is asked for by name, mostly make
        nothing else, so a card must say that it is one.
        """
        return self._spoken[model]

    def converses(self, model: str) -> bool:
        """Whether a model can be chosen for a conversation: some only make vectors, pictures or
        the like. Raises KeyError for one not in the catalog."""
        return not BY_NAME.issuperset(self._spoken[model])

    @cached_property
    def conversing(self) -> Mapping[str, ModelCard]:
        """The cards of all that can be chosen for a conversation, by name."""
        return {name: card for name, card in self.models.items() if self.converses(name)}

    @cached_property
    def price_sheet(self) -> PriceSheet:
        """Every model's price, None where none is known, under the hash of them all."""
        prices = {
            name: card.price and card.price.model_dump(exclude_none=True)
            for name, card in self.models.items()
        }
        text = json.dumps(prices, sort_keys=True, separators=(",", ":"))
        return PriceSheet(sha256(text.encode()).hexdigest()[:PRICE_DIGITS], text)

    @cached_property
    def _spoken(self) -> Mapping[str, tuple[Endpoint, ...]]:
        return {name: self._speaks(name, card) for name, card in self.models.items()}

    def _speaks(self, name: str, card: ModelCard) -> tuple[Endpoint, ...]:
        if card.speaks is not None:
            return card.speaks
        every = self.upstream_of(name).speaks
        return tuple(endpoint for endpoint in every if endpoint not in BY_NAME) or every

    def speaking(self, endpoint: Endpoint) -> frozenset[str]:
        """The upstreams of which a model is asked through an endpoint."""
        named = self.models.items()
        return frozenset(card.upstream for name, card in named if endpoint in self.speaks(name))

    @cached_property
    def longest_timeout(self) -> float:
        """Seconds that the slowest of its upstreams may take: as long as any request is tried."""
        return max((spec.timeout for spec in self.upstreams.values()), default=0.0)

    def served_name(self, model: str) -> str:
        """A model's name at its upstream: equal for two cards that are one and the same model."""
        return self.models[model].upstream_model or model

    def upstream_of(self, model: str) -> OpenAIHTTPSpec | LiteLLMSpec | SimulatedSpec:
        """The upstream that serves a model. Raises KeyError for a model not in the catalog."""
        return self.upstreams[self.models[model].upstream]
