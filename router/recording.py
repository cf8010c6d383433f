"""Recording: what has happened to one request so far, and the one event it becomes.

Rule: every request that was routed leaves exactly one RoutingEvent, however it ended.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from router.core.catalog import ModelCard
from router.core.cost import Usage, baseline_cost, call_cost
from router.core.event import Attempt, Content, Outcome, RoutingEvent, Timings
from router.core.stats import Observation
from router.core.trace_context import HEADER, traceparent
from router.errors import DecisionLogError, UpstreamRefused
from router.gateway import Call, Gateway, Routed

logger = logging.getLogger(__name__)

MAX_CONTENT_BYTES = 1024 * 1024


@dataclass
class Trace:
    """What has happened to one request so far. Moments are on the monotonic clock, in seconds.

    `usage` is the upstream's own count, `received_tokens` our estimate of what has come in.
    """

    gateway: Gateway
    call: Call
    routed: Routed
    attempts: list[Attempt] = field(default_factory=list)
    model: str | None = None
    opened: float = 0.0
    first_byte: float | None = None
    upstream_s: float = 0.0
    overhead_s: float | None = None
    usage: Usage | None = None
    received_tokens: int = 0
    kept: bytearray = field(default_factory=bytearray)
    recorded: bool = False

    def now(self) -> float:
        """The monotonic clock."""
        return self.gateway.clock.elapsed()

    def opening(self) -> None:
        """The next upstream is about to be asked; what the last one said counts no more."""
        self.opened, self.first_byte = self.now(), None
        self.kept.clear()

    def propagated(self) -> Mapping[str, str]:
        """The header that tells the upstream asked next which trace and span it is called by."""
        context = self.call.trace
        if context is None:
            return {}
        return {HEADER: traceparent(context, self.call.id, len(self.attempts))}

    def attempted(self, model: str, card: ModelCard, status: int, error: object = None) -> None:
        """An upstream has answered, or failed to."""
        seconds = self.now() - self.opened
        self.upstream_s += seconds
        known = error.status if isinstance(error, UpstreamRefused) else status or None
        name = None if error is None else type(error).__name__
        self.attempts.append(Attempt(model, card.upstream, known, name, seconds))

    def measure_overhead(self) -> None:
        """What was not spent reading the caller's body or waiting for upstreams is our own."""
        self.overhead_s = self.now() - self.call.read - self.upstream_s

    def observe(self, model: str, ok: bool, streamed: bool = False) -> None:
        """Fold this call into the model's statistics."""
        seen = Observation(
            ok=ok,
            # A plain answer has its first byte when it is whole: that says nothing of its own.
            first_byte_s=None
            if self.first_byte is None or not streamed
            else self.first_byte - self.opened,
            total_s=self.now() - self.opened,
            output_tokens=self.usage.output_tokens if self.usage else None,
            answers=self.call.request.answers,
        )
        self.gateway.stats.observe(model, seen)

    def keep(self, data: bytes) -> None:
        """Keep answered bytes, up to a bound, where the operator asked for content."""
        if self.call.content is not None and len(self.kept) < MAX_CONTENT_BYTES:
            self.kept += data

    async def record(self, outcome: Outcome, status: int) -> None:
        """Tell the observers and write the decision log; the second call does nothing."""
        if self.recorded:
            return
        self.recorded = True
        if self.overhead_s is None:
            self.measure_overhead()
        event = event_of(self, outcome, status)
        for observer in self.gateway.observers:
            observer.observe(event)
        try:
            await self.gateway.log.record(event)
        except DecisionLogError as error:
            # An answer is worth more than its record; the log and a metric tell the operator.
            logger.error("decision %s was not recorded: %s", event.id, error)


def event_of(trace: Trace, outcome: Outcome, status: int) -> RoutingEvent:
    """The event that a request has become."""
    call, routed, now = trace.call, trace.routed, trace.now()
    usage, estimated = _usage(trace, outcome)
    cost, baseline, baseline_usd = _costs(trace, usage, now - trace.opened)
    first = None if trace.first_byte is None else trace.first_byte - call.received
    return RoutingEvent(
        id=call.id,
        at=trace.gateway.clock.now() - (now - call.received),
        endpoint=call.endpoint,
        requested_model=call.request.model,
        stream=call.request.stream,
        session=call.request.session,
        policy_version=routed.in_force.version,
        signals=routed.signals,
        failed_signals=routed.failed_signals,
        decision=routed.decision,
        draw=routed.draw,
        model=trace.model,
        attempts=tuple(trace.attempts),
        usage=usage,
        usage_estimated=estimated,
        cost_usd=cost,
        baseline=baseline,
        baseline_cost_usd=baseline_usd,
        timings=Timings(routed.decision_s, trace.overhead_s or 0.0, first, now - call.received),
        outcome=outcome,
        status=status,
        simulated=trace.model is not None and routed.in_force.is_simulated(trace.model),
        content=_content(trace),
        key_name=call.key_name,
        trace=call.trace,
    )


def _usage(trace: Trace, outcome: Outcome) -> tuple[Usage | None, bool]:
    """Tokens as the upstream counted them, else as estimated from what was received."""
    if trace.usage is not None:
        return trace.usage, False
    if trace.model is None or outcome == "refused":
        return None, False
    return Usage(trace.call.request.input_tokens, trace.received_tokens), True


def _costs(
    trace: Trace, usage: Usage | None, busy_s: float
) -> tuple[float | None, str | None, float | None]:
    """The request's cost, the baseline's name and the baseline's cost for the same tokens."""
    in_force = trace.routed.in_force
    name = in_force.policy.baseline
    label = f"always:{name}" if name else None
    if trace.model is None or usage is None:
        return None, label, None
    models = in_force.catalog.models
    cost = call_cost(models[trace.model].price, usage, busy_s)
    return cost, label, baseline_cost(models[name], usage) if name else None


def _content(trace: Trace) -> Content | None:
    if trace.call.content is None:
        return None
    asked = trace.call.content.decode("utf-8", "replace")
    return Content(asked, bytes(trace.kept).decode("utf-8", "replace"))
