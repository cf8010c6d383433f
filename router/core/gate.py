"""The capability gate: which models may and can serve a request, before any is scored.

Every model that falls out keeps the first thing that stands against it, in a fixed order: what
the operator or the caller forbids, what the model cannot do, what its health allows, and last
what its price, speed and predicted quality would be.
"""

from collections.abc import Iterator, Mapping

from router.core.catalog import Catalog, ModelCard
from router.core.cost import call_cost, expected_latency, expected_usage
from router.core.decision import Candidate, Rejection, RejectionCode
from router.core.limits import Limits
from router.core.policy import Candidates, Selector
from router.core.quality import is_specialist, predicted_quality
from router.core.request import RoutedRequest
from router.core.signals import Signals
from router.core.stats import ModelStats, StatsSnapshot

Objection = tuple[RejectionCode, str]


def selected(name: str, card: ModelCard, candidates: Candidates) -> bool:
    """Whether a route's `candidates` take in the model."""
    if isinstance(candidates, Selector):
        wanted = candidates
        return (
            name not in wanted.without
            and wanted.location in (None, card.location)
            and wanted.specialises_in_domain in (None, *card.specialises_in.domains)
            and wanted.specialises_in_task in (None, *card.specialises_in.tasks)
        )
    return candidates == "all" or name in candidates


def weigh(
    name: str,
    request: RoutedRequest,
    signals: Signals,
    catalog: Catalog,
    snapshot: StatsSnapshot,
    limits: Limits,
) -> Candidate | Rejection:
    """One model of the catalog: a candidate with its expectations, or what stands against it."""
    card, stats = catalog.models[name], snapshot.of(name)
    candidate = _expected(name, card, request, signals, stats)
    objections = (
        *_forbidden(candidate, limits),
        *_unable(card, request),
        *_out_of_order(stats, snapshot.now),
        *_out_of_bounds(candidate, limits),
    )
    return Rejection(name, *objections[0]) if objections else candidate


def _expected(
    name: str, card: ModelCard, request: RoutedRequest, signals: Signals, stats: ModelStats
) -> Candidate:
    usage = expected_usage(card, request, stats)
    latency = expected_latency(card, usage, stats)
    return Candidate(
        model=name,
        location=card.location,
        quality=predicted_quality(card, signals),
        cost_usd=call_cost(card.price, usage, latency),
        latency_s=latency,
        specialist=is_specialist(card, signals),
    )


def _forbidden(candidate: Candidate, limits: Limits) -> Iterator[Objection]:
    if limits.allowed_models is not None and candidate.model not in limits.allowed_models:
        yield "not_allowed", "not among the models allowed for this request"
    if limits.local_only and candidate.location != "local":
        yield "must_stay_local", "this request must stay on local models"


_NEEDS: Mapping[RejectionCode, str] = {
    "lacks_tools": "tools",
    "lacks_vision": "vision",
    "lacks_json_schema": "json_schema",
    "lacks_audio": "audio",
    "lacks_files": "files",
}


def _unable(card: ModelCard, request: RoutedRequest) -> Iterator[Objection]:
    needs = {
        "tools": request.tools > 0,
        "vision": request.images > 0,
        "json_schema": request.json_schema,
        "audio": any(turn.audio for turn in request.turns),
        "files": any(turn.files for turn in request.turns),
    }
    for code, capability in _NEEDS.items():
        if needs[capability] and capability not in (card.capabilities or ()):
            yield code, f"the request needs {capability}, which the model lacks"
    tokens = request.input_tokens + (request.max_output_tokens or 0)
    if tokens > card.window:
        yield "context_too_small", f"about {tokens} tokens exceed its window of {card.window}"


def _out_of_order(stats: ModelStats, now: float) -> Iterator[Objection]:
    if not stats.is_healthy(now):
        left = stats.cooldown_until - now
        yield (
            "unhealthy",
            f"{stats.failures_in_a_row} failures in a row, tried again in {left:.0f} s",
        )


def _out_of_bounds(candidate: Candidate, limits: Limits) -> Iterator[Objection]:
    cost, most = candidate.cost_usd, limits.max_cost_usd
    if most is not None and cost is None:
        yield "cost_unknown", f"no price known, and the limit is {most:.6f} USD"
    if most is not None and cost is not None and cost > most:
        yield "too_expensive", f"expected {cost:.6f} USD, above the limit of {most:.6f} USD"
    if limits.max_latency is not None and candidate.latency_s > limits.max_latency:
        yield (
            "too_slow",
            f"expected {candidate.latency_s:.2f} s, above the limit of {limits.max_latency:.2f} s",
        )
    if limits.min_quality is not None and candidate.quality < limits.min_quality:
        yield (
            "quality_too_low",
            f"predicted quality {candidate.quality:.2f}, below the minimum of"
            f" {limits.min_quality:.2f}",
        )
