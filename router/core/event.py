"""RoutingEvent: what happened to one request, told once, when it is over."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from router.core.bill import Bill
from router.core.cost import Usage
from router.core.decision import Decision
from router.core.ledger import UnpricedReason
from router.core.session import Held
from router.core.signals import Signals
from router.core.trace_context import TraceContext

Outcome = Literal[
    "ok", "refused", "no_candidate", "unavailable", "upstream_error", "broken", "cancelled"
]
"""ok: answered. refused: the upstream answered with the caller's own 4xx. no_candidate,
unavailable: nobody could be asked. upstream_error: all who were asked failed before a first byte.
broken: the answer stopped midway. cancelled: the caller left."""


class Attempt(Struct, frozen=True):
    """One call to one upstream. `error` is the class of what went wrong, None if it answered.

    `usage` and `cost_usd` (US dollars) are None where nothing was paid, or it is not known what.
    `paid` tells the two apart: the upstream had begun to answer.
    """

    model: str
    upstream: str
    status: int | None
    error: str | None
    seconds: float
    usage: Usage | None = None
    cost_usd: float | None = None
    paid: bool = False


class Timings(Struct, frozen=True):
    """Seconds: deciding, our own work in all, to the first byte sent on, and to the end."""

    decision_s: float
    overhead_s: float
    first_byte_s: float | None
    total_s: float


class Content(Struct, frozen=True):
    """What was asked and answered, kept only where the operator switched that on."""

    request: str
    response: str


class RoutingEvent(Struct, frozen=True):
    """One request from arrival to its last byte.

    `at` is Unix time in seconds. `draw` is the chance that the decision was given, so that it can
    be replayed. `model` is who answered (None = nobody). `cost_usd` and `baseline_cost_usd` are
    None where not priced; `baseline` names what the latter stands for. `usage_estimated` says
    that the tokens are our estimate, for the upstream told none. `failed_signals` maps a signal
    kind to the class of its error. `key_name` is the name of the caller's API key, if it had one.
    `bill` holds all that it cost beside the answer.
    `held` is what the conversation's last answer had left behind, as the decision was given it.
    `trace` is the trace that it belongs to, where traces are made. `tags` say what it was for.
    """

    id: str
    at: float
    endpoint: str
    requested_model: str
    stream: bool
    session: str | None
    policy_version: str
    signals: Signals
    failed_signals: Mapping[str, str]
    decision: Decision
    draw: float
    model: str | None
    attempts: tuple[Attempt, ...]
    usage: Usage | None
    usage_estimated: bool
    cost_usd: float | None
    baseline: str | None
    baseline_cost_usd: float | None
    timings: Timings
    outcome: Outcome
    status: int
    simulated: bool = False
    content: Content | None = None
    key_name: str | None = None
    bill: Bill = field(default_factory=Bill)
    held: Held | None = None
    trace: TraceContext | None = None
    tags: tuple[str, ...] = ()

    @property
    def propensity(self) -> float | None:
        """With what probability the model tried first was to be first."""
        candidates = self.decision.candidates
        return self.decision.propensities[candidates[0].model] if candidates else None

    @property
    def was_paid(self) -> bool:
        """Whether any upstream had begun to answer, so that there is something to pay."""
        return self.answered or any(attempt.paid for attempt in self.attempts)

    @property
    def spend_usd(self) -> float | None:
        """All that the request cost, in US dollars; None if part of it is not known."""
        answer = self.cost_usd if self.answered else 0.0
        failed, own = self.bill.escalation_usd, self.bill.own_usd
        return None if answer is None or failed is None or own is None else answer + failed + own

    @property
    def answered(self) -> bool:
        """Whether an answer, or part of one, was given and is to be paid for."""
        return self.model is not None and self.outcome != "refused"

    @property
    def baseline_usd(self) -> float | None:
        """What the baseline would have cost; where it was not corrected, for the same tokens."""
        priced = self.bill.baseline
        return self.baseline_cost_usd if priced is None else priced.usd

    @property
    def unpriced(self) -> UnpricedReason | None:
        """Why a request that was paid for counts in no saving; None if it does, or was not paid."""
        answered, paid = self.answered, False
        for attempt in self.attempts:
            if attempt.paid:
                if attempt.usage is None:
                    return "no_usage"
                paid = True
        if answered and self.usage is None:
            return "no_usage"
        if not answered and not paid:
            return None
        if self.spend_usd is None:
            return "no_price"
        lacks = answered and self.baseline is not None and self.baseline_usd is None
        return "no_baseline_price" if lacks else None

    @property
    def fallbacks(self) -> int:
        """How many further models were asked because one before them had failed."""
        # Nearly always there is one.
        if len(self.attempts) < 2:
            return 0
        return len({attempt.model for attempt in self.attempts}) - 1
