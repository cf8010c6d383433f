"""Recording: what has happened to one request so far, and the one event it becomes.

Rule: every request that was routed leaves exactly one RoutingEvent, however it ended.
"""

import logging
from asyncio import CancelledError
from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec.structs import replace

from router.core.accounting import Answered, Prices, account, paid
from router.core.bill import OwnCall
from router.core.catalog import ModelCard
from router.core.cost import Usage
from router.core.event import Attempt, Content, Outcome, RoutingEvent, Timings
from router.core.judging import Lot
from router.core.session import Held
from router.core.stats import Observation
from router.core.stickiness import cached_prefix
from router.core.trace_context import HEADER, traceparent
from router.errors import DecisionLogError, UpstreamBroken, UpstreamRefused, UpstreamTimeout
from router.gateway import Call, Gateway, Routed
from router.kept import keep

logger = logging.getLogger(__name__)

MAX_CONTENT_BYTES = 1024 * 1024
OK = 200


@dataclass
class Trace:
    """What has happened to one request so far. Moments are on the monotonic clock, in seconds.

    `usage` is the upstream's own count, `received_tokens` our estimate of what has come in, and
    `beside` how much is charged for beside tokens where there is no such count. `own` are calls
    that the router made for its own ends. `waiting`: no call is under way, for the next one waits
    its turn. `lot` is of an answer that is to be judged, `event` then its row in the log.
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
    beside: int = 0
    kept: bytearray = field(default_factory=bytearray)
    own: list[OwnCall] = field(default_factory=list)
    recorded: bool = False
    waiting: bool = False
    lot: Lot | None = None
    event: RoutingEvent | None = None
    _called: str | None = None
    _busy: tuple[str, float] | None = None

    def now(self) -> float:
        """The monotonic clock."""
        return self.gateway.clock.elapsed()

    def opening(self, model: str) -> None:
        """The next model is about to be asked; what the last one said counts no more."""
        if self._called is not None:
            # The one before was never called: its circuit was open.
            self.busy_s()
        self._called = model
        self.gateway.stats.call_begins(model)
        self.opened, self.first_byte = self.now(), None
        self.kept.clear()
        card = self.routed.in_force.catalog.models[model]
        by_time = card.price is not None and card.price.usd_per_hour is not None
        if by_time or card.power_watts is not None:
            self._busy = model, self.gateway.stats.began(model)

    def busy_s(self) -> float:
        """The call is over: the share of its machine's busy time that it took, in seconds."""
        if self._called is not None:
            self.gateway.stats.call_ends(self._called)
            self._called = None
        if self._busy is None:
            return self.now() - self.opened
        (model, began), self._busy = self._busy, None
        return self.gateway.stats.ended(model, began)

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
        attempt = Attempt(model, card.upstream, known, name, seconds)
        if error is not None:
            busy_s, catalog = self.busy_s(), self.routed.in_force.catalog
            if _may_be_charged(error, status):
                attempt = paid(attempt, catalog, self._sent(status), busy_s)
        self.attempts.append(attempt)

    def _sent(self, status: int) -> Usage | None:
        """What a call that failed is charged for, as far as we know: the input it had accepted."""
        if status != OK:
            return None
        return Usage(self.call.request.input_tokens, 0, charged_beside=self.beside)

    def measure_overhead(self) -> None:
        """What was not spent reading the caller's body or waiting for upstreams is our own."""
        self.overhead_s = self.now() - self.call.read - self.upstream_s

    def release(self, model: str) -> None:
        """This call, if it is a circuit's probe, need not keep others out any longer."""
        upstream = self.routed.in_force.catalog.models[model].upstream
        self.gateway.stats.release(model, upstream)

    def observe(
        self, model: str, ok: bool, streamed: bool = False, server_ok: bool | None = None
    ) -> None:
        """Fold this call into the model's statistics and its upstream's circuit."""
        # Where tokens were only counted, nothing is learned of how much a model writes.
        usage = None if self.usage is None or self.usage.is_nothing else self.usage
        seen = Observation(
            ok=ok,
            # A plain answer has its first byte when it is whole: that says nothing of its own.
            first_byte_s=None
            if self.first_byte is None or not streamed
            else self.first_byte - self.opened,
            total_s=self.now() - self.opened,
            output_tokens=usage.output_tokens if usage else None,
            answers=self.call.request.answers,
            input_tokens=usage.input_tokens if usage else None,
            estimated_input=self.call.request.plain_input_tokens,
            upstream=self.routed.in_force.catalog.models[model].upstream,
            server_ok=True if ok else server_ok,
        )
        self.gateway.stats.observe(model, seen)
        if ok and usage is not None:
            self._compare(model, usage.output_tokens)

    def _compare(self, model: str, tokens: int) -> None:
        """What a draw made comparable: answers of the policy's choice and of the baseline."""
        decision, baseline = self.routed.decision, self.routed.in_force.policy.baseline
        chosen = decision.preferred
        if chosen is None or chosen == baseline or decision.explored:
            return
        drawn = {"treated": chosen, "control": baseline}
        if drawn.get(decision.arm) == model:
            of_each = tokens / max(self.call.request.answers, 1)
            assert baseline is not None  # or there were no draw
            self.gateway.stats.compare(chosen, baseline, decision.arm == "control", of_each)

    def keep(self, data: bytes) -> None:
        """Keep answered bytes, up to a bound, where they are to be stored or to be judged."""
        if self.call.content is None and self.lot is None:
            return
        if len(self.kept) < MAX_CONTENT_BYTES:
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
        await _remember(self, event)
        if self.call.kept_as is not None:
            await keep(self.gateway.kept, self.call.kept_as(), event, self.call.request.state)
        try:
            await self.gateway.log.record(event)
        except DecisionLogError as error:
            # An answer is worth more than its record; the log and a metric tell the operator.
            logger.error("decision %s was not recorded: %s", event.id, error)
        else:
            self.event = event if self.lot is not None else None


async def _remember(trace: Trace, event: RoutingEvent) -> None:
    """Tell the session store who answered, for the conversation's next request."""
    request, usage = trace.routed.request, event.usage
    if request.conversation is None or event.model is None or usage is None:
        return
    if not usage.input_tokens:
        # Tokens were counted, or nothing was told: there is nothing that a cache could hold.
        return
    # What the model was sent is in its cache, also where the answer broke off.
    cached = None if event.usage_estimated else usage.cached_input_tokens
    tokens = cached_prefix(request.held, event.model, usage.input_tokens, cached)
    held = Held(event.model, tokens, draw=trace.routed.draw)
    await trace.gateway.sessions.hold(request.conversation, held)


def event_of(trace: Trace, outcome: Outcome, status: int) -> RoutingEvent:
    """The event that a request has become."""
    call, routed, now = trace.call, trace.routed, trace.now()
    usage, estimated = _usage(trace, outcome)
    busy_s, refused = trace.busy_s(), outcome == "refused"
    answer = None if trace.model is None else Answered(trace.model, usage, busy_s, refused=refused)
    prices = Prices(routed.in_force.policy, routed.in_force.catalog, trace.gateway.stats.snapshot())
    failed = [one for one in trace.attempts if one.error is not None]
    told = account(prices, routed.decision, call.request.model, answer, failed, trace.own)
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
        attempts=_attempts(trace, usage, told.cost_usd),
        usage=usage,
        usage_estimated=estimated,
        cost_usd=told.cost_usd,
        baseline=told.baseline,
        baseline_cost_usd=told.baseline_cost_usd,
        timings=Timings(routed.decision_s, trace.overhead_s or 0.0, first, now - call.received),
        outcome=outcome,
        status=status,
        simulated=_simulated(trace),
        content=None if call.content is None else _content(call.content, trace.kept),
        key_name=call.key_name,
        bill=told.bill,
        held=routed.request.held,
        trace=call.trace,
        tags=call.request.tags,
    )


def _simulated(trace: Trace) -> bool:
    """Whether the answer is made up; where nobody answered, whether no other could have come."""
    in_force = trace.routed.in_force
    if trace.model is None:
        return in_force.catalog.is_simulated
    return in_force.is_simulated(trace.model)


def _usage(trace: Trace, outcome: Outcome) -> tuple[Usage | None, bool]:
    """Tokens as the upstream counted them, else as estimated from what was received."""
    told, received = trace.usage, trace.received_tokens
    cut = outcome in ("cancelled", "broken")
    if told is not None and not (cut and received > told.output_tokens):
        return told, False
    if trace.model is None or outcome == "refused":
        return None, False
    if told is not None:
        # Told at the start of a stream that was cut: the input is known, of the output only this.
        return replace(told, output_tokens=received), True
    given = trace.call.request.input_tokens
    return Usage(given, received, charged_beside=trace.beside), True


def _attempts(trace: Trace, usage: Usage | None, cost_usd: float | None) -> tuple[Attempt, ...]:
    """Every call, the one that answered with what it used and cost."""
    if usage is None:
        return tuple(trace.attempts)
    return tuple(
        [
            attempt
            if attempt.error is not None
            else replace(attempt, usage=usage, cost_usd=cost_usd, paid=True)
            for attempt in trace.attempts
        ]
    )


def _may_be_charged(error: object, status: int) -> bool:
    """Whether a provider may charge for a call that failed.

    It had accepted the call (200) and broke off or stalled; or we, or the caller, gave up waiting
    on it, which it need not notice. What it refused or never got costs nothing.
    """
    if isinstance(error, UpstreamRefused):
        return False
    if isinstance(error, UpstreamBroken | UpstreamTimeout):
        return status == OK
    return isinstance(error, CancelledError)


def _content(asked: bytes, answered: bytes | bytearray) -> Content:
    return Content(asked.decode("utf-8", "replace"), answered.decode("utf-8", "replace"))
