"""The capability gate: which models may and can serve a request, before any is scored.

Every model that falls out keeps the first thing that stands against it, in a fixed order: what
the operator or the caller forbids, what the model cannot do, what its price, speed and predicted
quality would be, and last what its health allows: a model that is merely unhealthy could serve.
"""

from collections.abc import Mapping, Sequence

from router.core.catalog import Capability, Catalog, Endpoint, ModelCard
from router.core.cost import call_cost, expected_latency, expected_usage
from router.core.decision import Candidate, Rejection, RejectionCode
from router.core.limits import Limits
from router.core.policy import Candidates
from router.core.quality import is_specialist, predicted_quality
from router.core.request import RoutedRequest
from router.core.signals import Signals
from router.core.stats import ModelStats, StatsSnapshot

Objection = tuple[RejectionCode, str]


def selected(name: str, card: ModelCard, candidates: Candidates) -> bool:
    """Whether a route's `candidates` take in the model."""
    if isinstance(candidates, str):
        return True
    if isinstance(candidates, tuple):
        return name in candidates
    return (
        name not in candidates.without
        and candidates.location in (None, card.location)
        and candidates.specialises_in_domain in (None, *card.specialises_in.domains)
        and candidates.specialises_in_task in (None, *card.specialises_in.tasks)
    )


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
    objection = (
        _forbidden(name, card, limits)
        or _unasked(catalog.speaks(name), request)
        or _unable(card, request)
    )
    if objection is None:
        candidate = _expected(name, card, request, signals, stats)
        objection = _out_of_bounds(candidate, limits) or _out_of_order(
            card.upstream, stats, snapshot
        )
        if objection is None:
            return candidate
    return Rejection(name, *objection)


def _expected(
    name: str, card: ModelCard, request: RoutedRequest, signals: Signals, stats: ModelStats
) -> Candidate:
    usage = expected_usage(card, request, stats)
    latency = expected_latency(card, usage, stats, request.answers)
    return Candidate(
        model=name,
        location=card.location,
        quality=predicted_quality(name, card, signals),
        cost_usd=call_cost(card.price, usage, latency),
        latency_s=latency,
        specialist=is_specialist(card, signals),
    )


def _forbidden(name: str, card: ModelCard, limits: Limits) -> Objection | None:
    if limits.allowed_models is not None and name not in limits.allowed_models:
        return "not_allowed", "not among the models allowed for this request"
    if limits.local_only and card.location != "local":
        return "must_stay_local", "this request must stay on local models"
    return None


def _unasked(speaks: Sequence[Endpoint], request: RoutedRequest) -> Objection | None:
    if any(endpoint in speaks for endpoint in request.endpoints):
        return None
    asked = " or ".join(request.endpoints)
    if tuple(speaks) == ("embeddings",):
        return "lacks_endpoint", f"the request needs {asked}, the model makes embeddings alone"
    cause = f"{request.bound_by} needs" if request.bound_by else "the request needs"
    return "lacks_endpoint", f"{cause} {asked}, the model is asked through {', '.join(speaks)}"


_LACKS: Mapping[Capability, RejectionCode] = {
    "tools": "lacks_tools",
    "vision": "lacks_vision",
    "json_schema": "lacks_json_schema",
    "audio": "lacks_audio",
    "files": "lacks_files",
}


def _unable(card: ModelCard, request: RoutedRequest) -> Objection | None:
    for capability in request.needs:
        if capability not in (card.capabilities or ()):
            return _LACKS[capability], f"the request needs {capability}, which the model lacks"
    asked = request.max_output_tokens or 0
    if card.max_output_tokens is not None and asked > card.max_output_tokens:
        return (
            "context_too_small",
            f"up to {asked} tokens are asked for, the model writes at most"
            f" {card.max_output_tokens}",
        )
    tokens = request.context_tokens + asked
    if tokens > card.window:
        return "context_too_small", f"about {tokens} tokens exceed its window of {card.window}"
    return None


def _out_of_bounds(candidate: Candidate, limits: Limits) -> Objection | None:
    dearest, slowest, worst = limits.max_cost_usd, limits.max_latency, limits.min_quality
    cost, latency, quality = candidate.cost_usd, candidate.latency_s, candidate.quality
    if dearest is not None and cost is None:
        return "cost_unknown", f"no price known, and the limit is {dearest:.3g} USD"
    if dearest is not None and cost is not None and cost > dearest:
        return "too_expensive", f"expected {cost:.3g} USD, above the limit of {dearest:.3g} USD"
    if slowest is not None and latency > slowest:
        return "too_slow", f"expected {latency:.3g} s, above the limit of {slowest:.3g} s"
    if worst is not None and quality < worst:
        return (
            "quality_too_low",
            f"predicted quality {quality:.2f}, below the minimum of {worst:.2f}",
        )
    return None


def _out_of_order(upstream: str, stats: ModelStats, snapshot: StatsSnapshot) -> Objection | None:
    now, server = snapshot.now, snapshot.circuit_of(upstream)
    if not server.admits(now):
        return "unhealthy", f"its upstream {upstream}: {server.why_not(now)}"
    if not stats.circuit.admits(now):
        return "unhealthy", stats.circuit.why_not(now)
    return None
