"""Tracing: each request as a trace of OpenTelemetry: the request, its decision, and its calls.

Loaded only where SLM_ROUTER_OTEL is on; where to and how is what the OTEL_* variables say.

Rule: no text of a request or of an answer goes into a span, also where content is kept in the log.
Spans are made when a request is over. When the decision and the calls before the last one began is
reckoned from how long they took, so they may be shown late by what lay between them: milliseconds,
and the waits before a call was made again.
"""

import os
from collections.abc import Callable, Mapping

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from router import __version__
from router.core import trace_context
from router.core.catalog import Catalog
from router.core.event import RoutingEvent
from router.core.trace_context import DECISION, REQUEST, TraceContext, span_id, trace_id_of
from router.telemetry import genai
from router.telemetry.genai import Profile
from router.telemetry.span_facts import Facts, attempt_facts, decision_facts, request_facts

NANOSECONDS = 1_000_000_000
SCOPE = "slm-router"

_FAILED = frozenset({"upstream_error", "broken", "unavailable"})
"""Outcomes that are our side's fault: for OpenTelemetry a server has not failed where its caller
did."""

Catalogs = Callable[[], Mapping[str, Catalog]]


def exporting() -> SpanProcessor:
    """Sends spans in batches from a thread of its own, over OTLP/HTTP, where OTEL_* says."""
    return BatchSpanProcessor(OTLPSpanExporter())


class _GivenIds(IdGenerator):
    """Gives the ids that it was told, one span at a time."""

    def __init__(self) -> None:
        self.trace_id = ""
        self.span_id = ""

    def generate_trace_id(self) -> int:
        return int(self.trace_id, 16)

    def generate_span_id(self) -> int:
        return int(self.span_id, 16)


class Tracing:
    """Satisfies router.ports.Observer. `catalogs` gives the catalogs in force by policy."""

    def __init__(
        self, processor: SpanProcessor, catalogs: Catalogs, profile: Profile | None = None
    ) -> None:
        self._catalogs = catalogs
        self._profile = profile or genai.profile(os.environ.get(genai.OPT_IN, ""))
        self._ids = _GivenIds()
        ours = Resource({"service.name": "slm-router", "service.version": __version__})
        self._provider = TracerProvider(
            resource=ours.merge(OTELResourceDetector().detect()), id_generator=self._ids
        )
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer(
            SCOPE, __version__, schema_url=self._profile.schema_url
        )

    def begin(self, header: str | None, request: str) -> TraceContext:
        """The trace of a request by its id: the caller's, if its `traceparent` names one."""
        given = trace_context.read(header)
        trace_id = given.trace_id if given else trace_id_of(request)
        sampler = self._provider.sampler
        asked = sampler.should_sample(_parent(given), int(trace_id, 16), REQUEST, SpanKind.SERVER)
        sampled = asked.decision is Decision.RECORD_AND_SAMPLE
        return TraceContext(trace_id, given.parent_id if given else None, sampled)

    def observe(self, event: RoutingEvent) -> None:
        """One request is over."""
        trace = event.trace
        if trace is None or not trace.sampled:
            return
        began, ended = _beginnings(event), event.at + event.timings.total_s
        self._ids.trace_id = trace.trace_id
        named = f"{genai.operation(event.endpoint)} {event.requested_model}"
        facts = request_facts(event, self._profile)
        request = self._span(
            event, REQUEST, named, _parent(trace), (SpanKind.SERVER, facts, event.at)
        )
        inside = set_span_in_context(request, Context())
        self._decision(inside, event, began[0])
        for number, attempt in enumerate(event.attempts):
            last = number == len(event.attempts) - 1
            over = ended if last else began[number] + attempt.seconds
            self._call(inside, event, number, (began[number], over))
        if event.outcome in _FAILED:
            request.set_status(Status(StatusCode.ERROR))
        request.end(_ns(ended))

    def close(self) -> None:
        """Send what is left, within a few seconds: a collector that is away holds up nobody."""
        self._provider.force_flush(3000)
        self._provider.shutdown()

    def _decision(self, inside: Context, event: RoutingEvent, ended: float) -> None:
        named, facts = f"decide {event.decision.policy}", decision_facts(event)
        began = max(ended - event.timings.decision_s, event.at)
        span = self._span(event, DECISION, named, inside, (SpanKind.INTERNAL, facts, began))
        span.end(_ns(ended))

    def _call(
        self, inside: Context, event: RoutingEvent, number: int, lasted: tuple[float, float]
    ) -> None:
        attempt = event.attempts[number]
        catalog = self._catalogs().get(event.decision.policy)
        spec = catalog.upstreams.get(attempt.upstream) if catalog else None
        facts = attempt_facts(event, attempt, self._profile)
        facts[self._profile.provider] = genai.provider(spec, self._profile)
        named = f"{genai.operation(event.endpoint)} {attempt.model}"
        span = self._span(event, str(number), named, inside, (SpanKind.CLIENT, facts, lasted[0]))
        if genai.ERROR in facts:
            span.set_status(Status(StatusCode.ERROR))
        span.end(_ns(lasted[1]))

    def _span(
        self,
        event: RoutingEvent,
        place: str,
        name: str,
        parent: Context,
        told: tuple[SpanKind, Facts, float],
    ) -> Span:
        self._ids.span_id = span_id(event.id, place)
        kind, facts, began = told
        return self._tracer.start_span(name, parent, kind, facts, start_time=_ns(began))


def _parent(given: TraceContext | None) -> Context:
    """The caller's span as ours finds it, or nothing."""
    if given is None or given.parent_id is None:
        return Context()
    flags = TraceFlags(TraceFlags.SAMPLED if given.sampled else TraceFlags.DEFAULT)
    remote = SpanContext(int(given.trace_id, 16), int(given.parent_id, 16), True, flags)
    return set_span_in_context(NonRecordingSpan(remote), Context())


def _beginnings(event: RoutingEvent) -> list[float]:
    """When each call began (Unix seconds), and at the end when the last one had its answer."""
    timings = event.timings
    until = timings.total_s if timings.first_byte_s is None else timings.first_byte_s
    moment = event.at + until
    began = [moment]
    for attempt in reversed(event.attempts):
        moment -= attempt.seconds
        began.append(moment)
    return began[::-1]


def _ns(moment: float) -> int:
    return round(moment * NANOSECONDS)
