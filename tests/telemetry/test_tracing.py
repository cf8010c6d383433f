"""Traces, as the SDK's own exporter in memory receives them."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from router.app import running
from router.core.event import Attempt, Content, RoutingEvent, Timings
from router.core.trace_context import TraceContext, read, traceparent
from router.errors import StartupError
from router.settings import Settings
from router.telemetry import genai
from router.telemetry.tracing import Tracing
from tests.fakes.events import AT, an_event, unanswered
from tests.fakes.gateway import CATALOG, catalog

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = f"00-{TRACE}-{SPAN}-01"
FALLEN_BACK = (
    Attempt("small", "near", None, "UpstreamTimeout", 0.1),
    Attempt("large", "far", 200, None, 0.15),
)


class Made:
    """A Tracing, and the spans that it has made."""

    def __init__(self, profile: genai.Profile = genai.DEFAULT) -> None:
        upstreams: dict[str, Any] = {
            **CATALOG["upstreams"],
            "far": {"kind": "litellm", "provider": "bedrock"},
        }
        cards = catalog({**CATALOG, "upstreams": upstreams})
        self.exporter = InMemorySpanExporter()
        processor = SimpleSpanProcessor(self.exporter)
        self.tracing = Tracing(processor, lambda: {"default": cards}, profile)

    def spans(self, event: RoutingEvent, header: str | None = None) -> dict[str, ReadableSpan]:
        """The spans of an event, by name."""
        trace = self.tracing.begin(header, event.id)
        self.tracing.observe(replace(event, trace=trace))
        return {span.name: span for span in self.exporter.get_finished_spans()}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    for name in ("OTEL_TRACES_SAMPLER", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES"):
        monkeypatch.delenv(name, raising=False)
    tracing = Made()
    yield tracing
    tracing.tracing.close()


def facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def lasted(span: ReadableSpan) -> tuple[float, float]:
    """When a span began and ended, in seconds after the request's arrival."""
    assert span.start_time and span.end_time
    began, ended = (round(moment / 1e9 - AT, 6) for moment in (span.start_time, span.end_time))
    return began, ended


def test_a_request_is_one_trace_of_its_decision_and_its_calls(made: Made) -> None:
    spans = made.spans(an_event(model="large", attempts=FALLEN_BACK), CALLER)
    assert set(spans) == {"chat auto", "decide default", "chat small", "chat large"}
    request = spans["chat auto"]
    assert request.parent and request.parent.is_remote
    assert (f"{request.context.trace_id:032x}", f"{request.parent.span_id:016x}") == (TRACE, SPAN)
    for name in ("decide default", "chat small", "chat large"):
        parent = spans[name].parent
        assert parent and parent.span_id == request.context.span_id
    kinds = [spans[name].kind for name in ("chat auto", "decide default", "chat small")]
    assert kinds == [SpanKind.SERVER, SpanKind.INTERNAL, SpanKind.CLIENT]


def test_spans_lie_where_they_were_in_time(made: Made) -> None:
    spans = made.spans(an_event(model="large", attempts=FALLEN_BACK))
    assert lasted(spans["chat auto"]) == (0, 0.4)
    assert lasted(spans["chat small"]) == (0.05, 0.15)
    assert lasted(spans["chat large"]) == (0.15, 0.4)
    assert lasted(spans["decide default"]) == (0.049, 0.05)


def test_an_upstream_was_told_of_the_span_of_its_call(made: Made) -> None:
    spans = made.spans(an_event(model="large", attempts=FALLEN_BACK), CALLER)
    context = made.tracing.begin(CALLER, "d1")
    for number, name in enumerate(("chat small", "chat large")):
        told = read(traceparent(context, "d1", number))
        assert told and told.parent_id == f"{spans[name].context.span_id:016x}"
        assert told.trace_id == TRACE


def test_by_default_the_names_are_those_of_version_1_36(made: Made) -> None:
    spans = made.spans(an_event(model="large", attempts=FALLEN_BACK, stream=True))
    call = facts(spans["chat large"])
    assert call["gen_ai.system"] == "aws.bedrock"
    assert call["gen_ai.operation.name"] == "chat"
    assert call["gen_ai.request.model"] == call["gen_ai.response.model"] == "large"
    assert (call["gen_ai.usage.input_tokens"], call["gen_ai.usage.output_tokens"]) == (120, 30)
    assert call["http.response.status_code"] == 200
    assert not any("provider.name" in name or "cache_read" in name for name in call)
    assert facts(spans["chat small"])["gen_ai.system"] == "openai"
    scope = spans["chat auto"].instrumentation_scope
    assert scope and (scope.name, scope.schema_url) == (
        "slm-router",
        "https://opentelemetry.io/schemas/1.36.0",
    )


def test_who_opts_in_gets_the_latest_names_and_not_the_old_ones() -> None:
    spans = Made(genai.LATEST).spans(an_event(model="large", attempts=FALLEN_BACK, stream=True))
    call = facts(spans["chat large"])
    assert call["gen_ai.provider.name"] == "aws.bedrock"
    assert "gen_ai.system" not in call
    assert call["gen_ai.usage.cache_read.input_tokens"] == 20
    assert call["gen_ai.usage.reasoning.output_tokens"] == 10
    assert call["gen_ai.request.stream"] is True
    assert call["gen_ai.response.time_to_first_chunk"] == 0.15


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", genai.DEFAULT),
        ("http", genai.DEFAULT),
        ("gen_ai_latest_experimental", genai.LATEST),
        ("http/dup, gen_ai_latest_experimental", genai.LATEST),
    ],
)
def test_the_profile_is_what_the_standard_variable_says(
    value: str, expected: genai.Profile
) -> None:
    assert genai.profile(value) is expected


def test_the_decision_says_why_and_the_request_what_it_cost(made: Made) -> None:
    spans = made.spans(an_event())
    decision, request = facts(spans["decide default"]), facts(spans["chat auto"])
    assert decision["slm_router.rule"] == "easy"
    assert decision["slm_router.choice"] == "small"
    assert decision["slm_router.failed_signals"] == ("language",)
    assert request["slm_router.cost_usd"] == 0.00012
    assert request["slm_router.baseline_cost_usd"] == 0.0006
    assert request["slm_router.decision.id"] == "d1"


def test_a_failed_call_is_an_error_and_the_request_that_went_on_is_none(made: Made) -> None:
    spans = made.spans(an_event(model="large", attempts=FALLEN_BACK))
    assert spans["chat small"].status.status_code is StatusCode.ERROR
    assert facts(spans["chat small"])["error.type"] == "UpstreamTimeout"
    assert spans["chat large"].status.status_code is StatusCode.UNSET
    assert spans["chat auto"].status.status_code is StatusCode.UNSET


def test_an_answer_that_breaks_off_fails_its_call_and_its_request(made: Made) -> None:
    spans = made.spans(an_event(outcome="broken"))
    assert spans["chat small"].status.status_code is StatusCode.ERROR
    assert facts(spans["chat auto"])["error.type"] == "broken"
    assert spans["chat auto"].status.status_code is StatusCode.ERROR


def test_a_request_that_nobody_could_serve_has_no_call(made: Made) -> None:
    spans = made.spans(unanswered(timings=Timings(0.001, 0.002, None, 0.003)))
    assert set(spans) == {"chat auto", "decide default"}
    assert facts(spans["chat auto"])["error.type"] == "no_candidate"
    assert lasted(spans["decide default"]) == (0.002, 0.003)


def test_no_text_of_a_request_or_an_answer_is_in_a_span_even_where_content_is_kept(
    made: Made,
) -> None:
    secret = "my-secret-prompt"
    spans = made.spans(an_event(content=Content(secret, secret)))
    assert not any(secret in str(span.to_json()) for span in spans.values())


def test_what_the_caller_does_not_record_is_not_recorded(made: Made) -> None:
    assert made.spans(an_event(), f"00-{TRACE}-{SPAN}-00") == {}


def test_a_request_without_a_trace_makes_no_span(made: Made) -> None:
    made.tracing.observe(an_event())
    assert made.exporter.get_finished_spans() == ()


def test_the_standard_sampler_decides_of_traces_that_begin_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    made = Made()
    begun = {f"d{number}": made.tracing.begin(None, f"d{number}") for number in range(200)}
    sampled = [id for id, trace in begun.items() if trace.sampled]
    assert 60 < len(sampled) < 140
    for id, trace in begun.items():
        made.tracing.observe(an_event(id, trace=trace))
    requests = [s for s in made.exporter.get_finished_spans() if s.kind is SpanKind.SERVER]
    assert [facts(span)["slm_router.decision.id"] for span in requests] == sampled
    assert made.tracing.begin(CALLER, "d1").sampled


def test_the_service_is_called_as_the_standard_variable_says(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    (span, *_) = made.spans(an_event()).values()
    assert span.resource.attributes["service.name"] == "slm-router"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "my-gateway")
    (span, *_) = Made().spans(an_event()).values()
    assert span.resource.attributes["service.name"] == "my-gateway"


async def test_where_opentelemetry_is_missing_the_start_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "router.telemetry.tracing", None)
    with pytest.raises(StartupError, match=re.escape("pip install 'slm-router[otel]'")):
        async with running(Settings(otel=True, simulated=True, state_dir=tmp_path)):
            pass


def test_ids_are_those_that_the_request_stands_for(made: Made) -> None:
    begun = made.tracing.begin(None, "d1")
    assert begun == TraceContext(begun.trace_id, None, True)
    assert begun == made.tracing.begin("nonsense", "d1")
    (span, *_) = made.spans(an_event()).values()
    assert f"{span.context.trace_id:032x}" == begun.trace_id
