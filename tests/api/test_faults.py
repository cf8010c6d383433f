"""Every fault of an upstream through every endpoint: hidden, or told honestly, never in between."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest
from starlette.testclient import TestClient

from router.app import create_app
from router.core.circuit import FAILURES_TO_OPEN
from router.core.stats import Observation
from router.ports import Upstream
from router.upstreams import build, openai_http
from tests.api.conftest import runtime_of
from tests.fakes.faults import BEFORE, HARMLESS, MIDWAY, TEXT, TOKENS, answering
from tests.fakes.gateway import CATALOG, MemoryLog, catalog, fake_gateway
from tests.fakes.scripted_upstream import ScriptedUpstream, refusal, scripted_process_wide

HI = [{"role": "user", "content": "Hi"}]
ENDPOINTS: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": HI},
    "completions": {"prompt": "Hi"},
    "responses": {"input": "Hi"},
    "messages": {"messages": HI, "max_tokens": 50},
}
ENDS = (b"data: [DONE]", b"response.completed", b'"message_stop"')
FIRST_BYTE_S = 0.7
"""Within which a busy machine has a well server answer: 0.3 s were once too few."""


class Pair:
    """Two servers behind one gateway: the nearer is asked first, the farther is well."""

    def __init__(self, stack: ExitStack) -> None:
        self.near: ScriptedUpstream = stack.enter_context(scripted_process_wide(answering))
        self.far: ScriptedUpstream = stack.enter_context(scripted_process_wide(answering))
        times = {"first_byte_timeout": f"{FIRST_BYTE_S}s", "idle_timeout": f"{FIRST_BYTE_S}s"}
        upstreams = {
            name: {"kind": "openai_http", "base_url": it.base_url, **times}
            for name, it in (("near", self.near), ("far", self.far))
        }
        data = {"upstreams": upstreams, "models": CATALOG["models"]}
        reached: dict[str, Upstream] = {}
        self.gateway = fake_gateway(reached, catalog_data=data)
        reached |= build(catalog(data), {}, stats=self.gateway.stats)
        self.client = TestClient(create_app(runtime_of(self.gateway)))
        portal = stack.enter_context(self.client).portal
        for upstream in reached.values():
            stack.callback(portal.call, upstream.close)  # type: ignore[union-attr]

    def mend(self) -> None:
        """All is well, and nothing has happened."""
        for model, name, server in (("small", "near", self.near), ("large", "far", self.far)):
            server.script = answering
            server.received.clear()
            self.gateway.stats.observe(model, Observation(True, upstream=name, server_ok=True))

    def ask(self, path: str, stream: bool) -> tuple[int, bytes]:
        body = {"model": "auto", "stream": stream, **ENDPOINTS[path]}
        answer = self.client.post(f"/v1/{path}", json=body)
        return answer.status_code, answer.content

    @property
    def row(self) -> Any:
        return cast(MemoryLog, self.gateway.log).events[-1]


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with ExitStack() as stack:
        yield Pair(stack)


@pytest.fixture
def pair(servers: Pair) -> Pair:
    servers.mend()
    return servers


def text_of(content: bytes) -> str:
    """All that a caller would read, of whichever form."""
    told: list[str] = []
    for block in content.split(b"\n\n"):
        data = block.split(b"data: ", 1)[-1]
        if not data.startswith(b"{"):
            continue
        told += _texts(json.loads(data))
    return "".join(told)


def _texts(event: dict[str, Any]) -> Iterator[str]:
    for choice in event.get("choices") or ():
        said = choice.get("delta") or choice.get("message") or {}
        yield choice.get("text") or said.get("content") or ""
    if event.get("type") in ("response.output_text.delta", "content_block_delta"):
        delta = event["delta"]
        yield delta if isinstance(delta, str) else delta.get("text", "")
    items = event.get("output") or ([event] if event.get("type") == "message" else ())
    for item in items:
        yield from (part["text"] for part in item["content"])


SLOW = {"hang before head", "hang after head", "giant", "stall midway"}
"""Each costs the time allowed: these go through the two forms that differ most."""


def through_every_endpoint(faults: Iterable[str]) -> list[tuple[str, str]]:
    return [
        (fault, path)
        for fault in faults
        for path in ENDPOINTS
        if fault not in SLOW or path in ("chat/completions", "messages")
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "streamed"])
@pytest.mark.parametrize(("fault", "path"), through_every_endpoint([*BEFORE, *HARMLESS]))
def test_no_caller_notices_a_fault_before_the_first_token(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, fault: str, path: str, stream: bool
) -> None:
    monkeypatch.setattr(openai_http, "MAX_PLAIN_BYTES", 1024 * 1024)
    pair.near.script = {**BEFORE, **HARMLESS}[fault](stream)

    status, content = pair.ask(path, stream)

    assert (status, text_of(content)) == (200, TEXT), content
    assert b'"error":{' not in content.replace(b" ", b"")
    if stream:
        assert any(end in content for end in ENDS) or fault == "no done"
    assert len(pair.near.received) <= 2
    assert pair.row.outcome == "ok"
    assert pair.row.model == ("small" if fault in HARMLESS else "large")


@pytest.mark.parametrize(("fault", "path"), through_every_endpoint(MIDWAY))
def test_a_stream_that_breaks_is_told_and_neither_ended_well_nor_begun_again(
    pair: Pair, fault: str, path: str
) -> None:
    pair.near.script = MIDWAY[fault](True)

    status, content = pair.ask(path, stream=True)

    assert status == 200
    # A connection that breaks may take with it what had just come.
    assert text_of(content) in (TOKENS[0], "".join(TOKENS[:2])), content
    assert not any(end in content for end in ENDS)
    last = content.strip().split(b"\n\n")[-1]
    error = json.loads(last.split(b"data: ")[1])["error"]
    assert error["message"]
    assert error["type"]
    assert pair.far.received == []
    assert (pair.row.outcome, pair.row.usage_estimated) == ("broken", True)


@pytest.mark.parametrize("fault", ["reset", "500", "503 retry-after", "hang before head"])
def test_a_target_that_keeps_failing_is_skipped(pair: Pair, fault: str) -> None:
    pair.near.script = BEFORE[fault](False)
    while not pair.near.received or pair.row.attempts[0].model == "small":
        assert pair.ask("chat/completions", False)[0] == 200
    asked = len(pair.near.received)

    assert {pair.ask("chat/completions", False)[0] for _ in range(5)} == {200}

    assert asked <= FAILURES_TO_OPEN
    assert len(pair.near.received) == asked
    assert [one.model for one in pair.row.attempts] == ["large"]
    (rejected,) = [one for one in pair.row.decision.rejected if one.model == "small"]
    assert rejected.code == "unhealthy"


@pytest.mark.parametrize("fault", ["reset", "500", "503 retry-after", "html", "truncated"])
def test_both_down_is_one_error_after_few_calls(pair: Pair, fault: str) -> None:
    pair.near.script = pair.far.script = BEFORE[fault](False)

    begun = time.monotonic()
    status, content = pair.ask("chat/completions", False)

    assert status in (429, 502, 503)
    assert json.loads(content)["error"]["message"]
    assert len(pair.near.received) + len(pair.far.received) <= 4
    assert time.monotonic() - begun < 10
    assert 2 <= len(pair.row.attempts) <= 4


def test_a_callers_own_mistake_opens_no_circuit(pair: Pair) -> None:
    pair.near.script = refusal(422, {"param": "temperature"})
    for _ in range(FAILURES_TO_OPEN + 2):
        assert pair.ask("chat/completions", False)[0] == 422
    assert len(pair.near.received) == FAILURES_TO_OPEN + 2
    assert pair.far.received == []
