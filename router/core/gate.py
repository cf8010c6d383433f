"""The capability gate: which models may and can serve a request, before any is scored.

Every model that falls out keeps the first thing that stands against it, in a fixed order: what
the operator or the caller forbids, what the model cannot do, what its price, speed and predicted
quality would be, and last what its health allows: a model that is merely unhealthy could serve.
"""

from collections.abc import Mapping

from router.core.catalog import BY_NAME, Capability, Catalog, Endpoint, ModelCard
from router.core.circuit import CLOSED
from router.core.decision import Candidate, Rejection, RejectionCode
from router.core.expectation import Expectation
from router.core.limits import Limits
from router.core.policy import Candidates
from router.core.quality import Prior
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


class Gate:
    """One model of a catalog, with all worked out that no request changes."""

    __slots__ = (
        "_can",
        "_converses",
        "_expectation",
        "_is_special",
        "_location",
        "_most",
        "_prior",
        "_speaks",
        "_spoken",
        "_upstream",
        "_window",
        "name",
    )

    def __init__(self, name: str, catalog: Catalog) -> None:
        self.name, card = name, catalog.models[name]
        self._spoken = catalog.speaks(name)
        self._speaks = frozenset(self._spoken)
        self._can = card.capabilities or ()
        self._upstream, self._location = card.upstream, card.location
        special = card.specialises_in
        self._is_special = bool(special.domains or special.tasks)
        self._converses = catalog.converses(name)
        self._window, self._most = card.window, card.max_output_tokens
        if not self._converses and card.context_window is None:
            # Nothing else can be chosen, so what is not known stands against nothing.
            self._window = _NO_BOUND
        self._prior, self._expectation = Prior(name, card), Expectation(card)

    def weigh(
        self,
        request: RoutedRequest,
        signals: Signals,
        snapshot: StatsSnapshot,
        limits: Limits | None = None,
    ) -> Candidate | Rejection:
        """A candidate with its expectations, or what stands against the model."""
        objection = (limits and self._forbidden(limits)) or self._unable(request)
        if objection is None:
            stats = snapshot.of(self.name)
            candidate = self._expected(request, signals, stats)
            objection = (limits and self._out_of_bounds(candidate, limits)) or self._out_of_order(
                stats, snapshot
            )
            if objection is None:
                return candidate
        return Rejection(self.name, *objection)

    def _expected(self, request: RoutedRequest, signals: Signals, stats: ModelStats) -> Candidate:
        cost_usd, latency_s = self._expectation.of(request, stats)
        return Candidate(
            self.name,
            self._location,
            self._prior.quality(signals),
            cost_usd,
            latency_s,
            self._is_special and self._prior.is_specialist(signals),
        )

    def _forbidden(self, limits: Limits) -> Objection | None:
        if limits.allowed_models is not None and self.name not in limits.allowed_models:
            return "not_allowed", "not among the models allowed for this request"
        if limits.local_only and self._location != "local":
            return "must_stay_local", "this request must stay on local models"
        return None

    def _unable(self, request: RoutedRequest) -> Objection | None:
        if self._speaks.isdisjoint(request.endpoints):
            return _unasked(self._spoken, request)
        for capability in request.needs:
            if capability not in self._can:
                return _LACKS[capability], f"the request needs {capability}, which the model lacks"
        asked = request.max_output_tokens or 0
        if self._most is not None and asked > self._most:
            told = f"up to {asked} tokens are asked for, the model writes at most {self._most}"
            return "context_too_small", told
        tokens = request.context_tokens + asked
        if tokens > self._window:
            told = f"about {tokens} tokens exceed its window of {self._window}"
            return "context_too_small", told
        return None

    def _out_of_bounds(self, candidate: Candidate, limits: Limits) -> Objection | None:
        objection = _too_dear(candidate, limits.max_cost_usd)
        if objection is None and self._converses:
            # Neither how good nor how slow a picture will be is foreseen.
            objection = _too_slow_or_bad(candidate, limits)
        return objection

    def _out_of_order(self, stats: ModelStats, snapshot: StatsSnapshot) -> Objection | None:
        server = snapshot.upstreams.get(self._upstream, CLOSED)
        # Of what works the last call went well: its circuit is this very value.
        if server is CLOSED and stats.circuit is CLOSED:
            return None
        now = snapshot.now
        if not server.admits(now):
            return "unhealthy", f"its upstream {self._upstream}: {server.why_not(now)}"
        if not stats.circuit.admits(now):
            return "unhealthy", stats.circuit.why_not(now)
        return None


_NO_BOUND = 2**63


def _unasked(speaks: tuple[Endpoint, ...], request: RoutedRequest) -> Objection:
    asked, spoken = " or ".join(request.endpoints), ", ".join(speaks)
    if BY_NAME.issuperset(speaks):
        return "lacks_endpoint", f"the request needs {asked}, the model makes {spoken} alone"
    cause = f"{request.bound_by} needs" if request.bound_by else "the request needs"
    return "lacks_endpoint", f"{cause} {asked}, the model is asked through {spoken}"


_LACKS: Mapping[Capability, RejectionCode] = {
    "tools": "lacks_tools",
    "vision": "lacks_vision",
    "json_schema": "lacks_json_schema",
    "audio": "lacks_audio",
    "files": "lacks_files",
}


def _too_dear(candidate: Candidate, dearest: float | None) -> Objection | None:
    cost = candidate.cost_usd
    if dearest is not None and cost is None:
        return "cost_unknown", f"no price known, and the limit is {dearest:.3g} USD"
    if dearest is not None and cost is not None and cost > dearest:
        return "too_expensive", f"expected {cost:.3g} USD, above the limit of {dearest:.3g} USD"
    return None


def _too_slow_or_bad(candidate: Candidate, limits: Limits) -> Objection | None:
    slowest, worst = limits.max_latency, limits.min_quality
    latency, quality = candidate.latency_s, candidate.quality
    if slowest is not None and latency > slowest:
        return "too_slow", f"expected {latency:.3g} s, above the limit of {slowest:.3g} s"
    if worst is not None and quality < worst:
        return (
            "quality_too_low",
            f"predicted quality {quality:.2f}, below the minimum of {worst:.2f}",
        )
    return None
