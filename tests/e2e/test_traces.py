"""Traces of a real gateway process: to a collector of our own, and through to an upstream."""

import asyncio
import json
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from router.core.trace_context import read
from tests.fakes.openai_server import FakeOpenAIServer, Fault
from tests.fakes.process import GatewayProcess, running_gateway

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PROMPT = "a-prompt-that-nobody-else-should-see"


class Collector(ThreadingHTTPServer):
    """Takes what is exported over OTLP/HTTP."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes]] = []
        super().__init__(("127.0.0.1", 0), _Receiver)

    @property
    def environment(self) -> dict[str, str]:
        """What sends traces here."""
        return {
            "SLM_ROUTER_OTEL": "true",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server_port}",
            "OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental",
        }

    def spans(self) -> dict[str, Any]:
        """All spans by name."""
        asked = [ExportTraceServiceRequest.FromString(body) for _, body in self.received]
        return {
            span.name: span
            for one in asked
            for resource in one.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }


class _Receiver(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received.append((self.path, body))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as made:
        thread = Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def policy(folder: Path, base_url: str) -> Path:
    upstream = f"{{kind: openai_http, base_url: '{base_url}'}}"
    card = "{upstream: up, location: local, quality: 0.7}"
    file = folder / "policy.yaml"
    file.write_text(
        f"name: traced\nupstreams: {{up: {upstream}}}\nmodels: {{first: {card}, second: {card}}}\n"
        "default: {strategy: {kind: best_quality}}\n"
    )
    return file


def ask(gateway: GatewayProcess) -> str:
    """One routed request in a caller's trace; the id of its decision."""
    body = {"model": "auto", "messages": [{"role": "user", "content": PROMPT}]}
    headers = {"content-type": "application/json", "traceparent": f"00-{TRACE}-{SPAN}-01"}
    headers |= {"tracestate": "callers=own", "baggage": "callers=own"}
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions", json.dumps(body).encode(), headers
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["x-slm-router-decision"])


async def test_a_callers_trace_goes_through_the_gateway_to_the_upstream_that_fails_and_the_next(
    tmp_path: Path, collector: Collector
) -> None:
    async with FakeOpenAIServer(("first", "second")) as upstream:
        upstream.next_faults.append(Fault("status", status=503))

        def asked() -> str:
            arguments = ("--policy", str(policy(tmp_path, upstream.base_url)))
            with running_gateway(
                tmp_path / "state", *arguments, environment=collector.environment
            ) as gateway:
                return ask(gateway)  # the end of the process sends what is left

        decision = await asyncio.to_thread(asked)
        told = [read(seen.headers["traceparent"]) for seen in upstream.received]
    spans = collector.spans()
    request = spans.pop("chat auto")
    assert set(spans) == {"decide traced", "chat first", "chat second"}
    assert request.trace_id.hex() == TRACE and request.parent_span_id.hex() == SPAN
    assert {span.parent_span_id for span in spans.values()} == {request.span_id}
    attributes = {item.key: item.value.string_value for item in request.attributes}
    assert attributes["slm_router.decision.id"] == decision
    calls = {spans[name].span_id.hex() for name in ("chat first", "chat second")}
    assert {one.parent_id for one in told if one} == calls
    assert {one.trace_id for one in told if one} == {TRACE}
    assert not any("callers" in str(dict(seen.headers)) for seen in upstream.received)
    assert {path for path, _ in collector.received} == {"/v1/traces"}
    assert not any(PROMPT.encode() in body for _, body in collector.received)


def test_a_collector_that_is_away_holds_up_neither_answers_nor_the_end(tmp_path: Path) -> None:
    environment = {"SLM_ROUTER_OTEL": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    with running_gateway(tmp_path, "--simulated", environment=environment) as gateway:
        assert ask(gateway).startswith("dec_")
        assert gateway.stop() == 0
    assert PROMPT not in gateway.output
