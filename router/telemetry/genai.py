"""Names of attributes in traces: OpenTelemetry's GenAI conventions in two profiles, and our own.

Rule: every name and every value of a fixed list that a span holds stands here. Which profile is
in force is what OTEL_SEMCONV_STABILITY_OPT_IN says, as the conventions' transition plan asks:
version 1.36.0 by default, the latest experimental one where `gen_ai_latest_experimental` is listed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from router.core.catalog import LiteLLMSpec, UpstreamSpec

OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST_EXPERIMENTAL = "gen_ai_latest_experimental"

OPERATION = "gen_ai.operation.name"
REQUEST_MODEL = "gen_ai.request.model"
RESPONSE_MODEL = "gen_ai.response.model"
CONVERSATION = "gen_ai.conversation.id"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"
ERROR = "error.type"
STATUS = "http.response.status_code"

DECISION = "slm_router.decision.id"
POLICY = "slm_router.policy.name"
POLICY_VERSION = "slm_router.policy.version"
RULE = "slm_router.rule"
STRATEGY = "slm_router.strategy"
REASON = "slm_router.reason"
CONFIDENCE = "slm_router.confidence"
EXPLORED = "slm_router.explored"
CHOICE = "slm_router.choice"
OUTCOME = "slm_router.outcome"
OVERHEAD = "slm_router.overhead_s"
COST = "slm_router.cost_usd"
BASELINE = "slm_router.baseline"
BASELINE_COST = "slm_router.baseline_cost_usd"
SIMULATED = "slm_router.simulated"
UPSTREAM = "slm_router.upstream"
FAILED_SIGNALS = "slm_router.failed_signals"


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of the conventions: what its attributes are called, None where it has none.

    `providers` maps litellm's names of providers to the profile's, where the two differ.
    """

    schema_url: str
    provider: str
    providers: Mapping[str, str]
    cached_input: str | None = None
    reasoning_output: str | None = None
    stream: str | None = None
    first_chunk: str | None = None


_PROVIDERS = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "vertex_ai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
}

DEFAULT = Profile("https://opentelemetry.io/schemas/1.36.0", "gen_ai.system", _PROVIDERS)
"""Version 1.36.0."""

LATEST = Profile(
    schema_url="",  # what is in development has no schema of its own
    provider="gen_ai.provider.name",
    providers={**_PROVIDERS, "xai": "x_ai"},
    cached_input="gen_ai.usage.cache_read.input_tokens",
    reasoning_output="gen_ai.usage.reasoning.output_tokens",
    stream="gen_ai.request.stream",
    first_chunk="gen_ai.response.time_to_first_chunk",
)
"""As of November 2026."""

OPERATIONS = {
    "completions": "text_completion",
    "embeddings": "embeddings",
    "moderations": "moderations",
    "rerank": "rerank",
    "images": "generate_content",
    "speech": "generate_content",
}
"""By our endpoint, where it is no chat. The conventions have no word for the scores of moderators
and rankers, and leave it to us."""

CHAT = "chat"


def profile(opted_in: str) -> Profile:
    """The profile in force by the value of OTEL_SEMCONV_STABILITY_OPT_IN, a list with commas."""
    listed = {one.strip() for one in opted_in.split(",")}
    return LATEST if LATEST_EXPERIMENTAL in listed else DEFAULT


def operation(endpoint: str) -> str:
    """What an endpoint does, in the conventions' words."""
    return OPERATIONS.get(endpoint, CHAT)


def provider(spec: UpstreamSpec | None, within: Profile) -> str:
    """Whose kind of service an upstream is: what a server compatible with OpenAI's says, openai.

    An upstream that is no longer in any catalog counts as one of these.
    """
    if isinstance(spec, LiteLLMSpec):
        return within.providers.get(spec.provider, spec.provider)
    return "simulated" if spec is not None and spec.kind == "simulated" else "openai"
