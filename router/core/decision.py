"""Decision: what was decided for one request, with everything needed to explain and to audit it."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from router.core.catalog import Location
from router.core.ledger import Arm

RejectionCode = Literal[
    "not_a_candidate",
    "not_allowed",
    "must_stay_local",
    "lacks_endpoint",
    "lacks_state",
    "lacks_tools",
    "lacks_vision",
    "lacks_json_schema",
    "lacks_audio",
    "lacks_files",
    "context_too_small",
    "unhealthy",
    "too_expensive",
    "cost_unknown",
    "too_slow",
    "quality_too_low",
]


class Candidate(Struct, frozen=True):
    """A model that could serve the request, with what is expected of it.

    `quality` is the predicted probability of a good answer; `cost_usd` the expected price of the
    request in US dollars (None = no price known); `latency_s` the expected seconds to the last
    token. `specialist` says whether the card claims the request's domain or task.
    `switch_cost_usd` is the discount on a cached prompt that the conversation loses by changing to
    this model, in US dollars; 0 for the model that it is with.
    """

    model: str
    location: Location
    quality: float
    cost_usd: float | None
    latency_s: float
    specialist: bool = False
    switch_cost_usd: float = 0.0


class Rejection(Struct, frozen=True):
    """A model that was not a choice for the request, and why."""

    model: str
    code: RejectionCode
    detail: str


class Decision(Struct, frozen=True):
    """What `decide` returns. `candidates` are best first: the rest is the fallback order.

    `reason` is one sentence in ASCII that fits a header. `confidence` is the lowest confidence
    among the learned signals that the decision read, 1.0 if it read none. `propensities` holds,
    for every candidate, the probability with which it would have come first.
    `unknown_rules` are rules passed over because a signal that they read was missing. `arm` says
    who chose: the policy, a control draw or the caller. `preferred` is who the strategy put first,
    before any draw.
    """

    policy: str
    rule: str
    strategy: str
    candidates: tuple[Candidate, ...]
    rejected: tuple[Rejection, ...]
    reason: str
    confidence: float
    propensities: Mapping[str, float]
    explored: bool = False
    unknown_rules: tuple[str, ...] = ()
    arm: Arm = "routed"
    preferred: str | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Names of the candidates, best first."""
        return tuple(candidate.model for candidate in self.candidates)

    @property
    def choice(self) -> Candidate | None:
        """The model to try first, None if no model can serve."""
        return self.candidates[0] if self.candidates else None
