"""Answers judged by a real gateway, whose judge and baseline are servers that we look into."""

import json
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.chat_wire import answered, chunks
from tests.fakes.process import GatewayProcess, running_gateway
from tests.fakes.scripted_upstream import (
    Answering,
    Script,
    ScriptedUpstream,
    hanging,
    page,
    refusal,
    scripted_process_wide,
    streamed,
)

SCORE = answered({"content": '{"score": 8}'})
CHAT = "/v1/chat/completions"
WAIT_S = 20.0
"""Generous: how long a review takes is no finding."""


@dataclass
class Watched:
    """A gateway and the servers behind it."""

    gateway: GatewayProcess
    home: ScriptedUpstream
    cloud: ScriptedUpstream
    judge: ScriptedUpstream

    def ask(self, text: str, path: str = CHAT, **fields: Any) -> bytes:
        """One request; `headers` are its own."""
        headers = {"content-type": "application/json", **fields.pop("headers", {})}
        body: dict[str, Any] = {"model": "auto", **fields}
        if path in (CHAT, "/v1/messages"):
            body["messages"] = [{"role": "user", "content": text}]
        else:
            body["input" if path == "/v1/responses" else "prompt"] = text
        url = f"{self.gateway.url}{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def reviews(self, purpose: str, result: str) -> float:
        """How many ended so."""
        with urllib.request.urlopen(f"{self.gateway.url}/metrics", timeout=10) as told:
            lines = told.read().decode().splitlines()
        name = f'slm_router_reviews_total{{policy="p",purpose="{purpose}",result="{result}"}} '
        return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))

    def wait_for(self, purpose: str, result: str, count: float) -> None:
        """Until so many have ended so."""
        deadline = time.monotonic() + WAIT_S
        while self.reviews(purpose, result) < count:
            assert time.monotonic() < deadline, self.gateway.output
            time.sleep(0.02)


def policy_file(home: str, cloud: str, judge: str) -> str:
    cheap, dear = (
        f"price: {{input_usd_per_mtok: {usd}, output_usd_per_mtok: {usd}}}" for usd in (0.1, 5.0)
    )
    return f"""
name: p
upstreams:
  home: {{kind: openai_http, base_url: "{home}"}}
  cloud: {{kind: openai_http, base_url: "{cloud}"}}
  bench: {{kind: openai_http, base_url: "{judge}"}}
models:
  small: {{upstream: home, location: local, quality: 0.8, context_window: 32000, {cheap}}}
  large: {{upstream: cloud, location: cloud, quality: 0.9, context_window: 32000, {dear}}}
  judge: {{upstream: bench, location: cloud, quality: 0.9, context_window: 32000, {dear}}}
baseline: large
judging: {{model: judge, share: 1.0, shadow: 1.0}}
rules:
  - name: private
    when: {{signal: pii, is: true}}
    limits: {{local_only: true}}
    strategy: {{kind: cheapest_good_enough, min_quality: 0.1}}
default: {{strategy: {{kind: cheapest_good_enough, min_quality: 0.1}}}}
"""


def home_script(seen: Any) -> Script:
    said = {"content": "From home."}
    if seen.json.get("stream"):
        return streamed(*chunks(said))
    return answered(said)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Any]:
    """Makes a gateway whose judge answers as it is told."""
    with ExitStack() as stack:

        def made(judging: Answering = SCORE, **environment: str) -> Watched:
            cloud = answered({"content": "From afar."})
            home, far, judge = (
                stack.enter_context(scripted_process_wide(script))
                for script in (home_script, cloud, judging)
            )
            file = tmp_path / "p.yaml"
            file.write_text(policy_file(home.base_url, far.base_url, judge.base_url))
            gateway = stack.enter_context(
                running_gateway(tmp_path / "state", "--policy", str(file), environment=environment)
            )
            return Watched(gateway, home, far, judge)

        yield made


def shown(upstream: ScriptedUpstream) -> str:
    """All that a server was sent."""
    return b"\n".join(upstream.bodies).decode()


def test_callers_have_their_answers_first_and_what_must_stay_local_is_never_sent_on(
    watched: Any,
) -> None:
    it: Watched = watched()
    here = {"x-slm-router-local-only": "true"}
    for text, headers, stream in (
        ("canary-header", here, False),
        ("canary-header-streamed", here, True),
        ("canary-pii: my card is 4012 8888 8888 1881", {}, False),
        ("canary-pii-streamed: write to jane.doe@example.com", {}, True),
    ):
        assert b"From home." in it.ask(text, headers=headers, stream=stream)
    it.wait_for("judge", "not_allowed", 4)

    it.home.next.append(streamed(*chunks({"content": "Never whole."})[:1], ending="stall"))
    body = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "half"}]}
    request = urllib.request.Request(
        f"{it.gateway.url}{CHAT}", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert b"Never whole." in answer.readline()
        assert it.judge.received == it.cloud.received == []

    assert b"From home." in it.ask("canary-free")
    it.wait_for("shadow", "judged", 1)

    assert "canary-free" in shown(it.judge) and "canary-free" in shown(it.cloud)
    assert (len(it.judge.received), len(it.cloud.received)) == (2, 1)
    for sent in (shown(it.judge), shown(it.cloud), it.gateway.output):
        assert "canary-header" not in sent and "canary-pii" not in sent and "half" not in sent
    assert "canary" not in it.gateway.output
    own = [call for call in it.judge.received if call.json["model"] == "judge"]
    assert len(own) == 2 and all(call.json["temperature"] == 0 for call in own)


def test_broken_judges_are_nobodys_trouble(watched: Any) -> None:
    it: Watched = watched(SLM_ROUTER_SHUTDOWN_S="0.5")
    it.judge.next.extend([page(), refusal(500), refusal(401), hanging()])

    for at in range(3):
        assert b"From home." in it.ask(f"question {at}")
    it.wait_for("judge", "failed", 3)
    assert b"From home." in it.ask("the one whose judge hangs")
    assert b"From home." in it.ask("the one behind it")

    it.wait_for("judge", "judged", 1)
    assert len(it.judge.received) >= 5 and "hangs" not in it.gateway.output


def test_every_dialect_is_judged(watched: Any) -> None:
    it: Watched = watched()
    for path in (CHAT, "/v1/completions", "/v1/responses", "/v1/messages"):
        for stream in (False, True):
            more = {"max_tokens": 50} if path == "/v1/messages" else {}
            it.ask(f"question {path} {stream}", path, stream=stream, **more)

    it.wait_for("judge", "judged", 8)
    asked = [call for call in it.judge.received if "From home." in call.body.decode()]
    assert len(asked) == 8


def test_a_shutdown_waits_for_a_review_as_for_a_request(watched: Any) -> None:
    it: Watched = watched(Script(SCORE.status, SCORE.headers, SCORE.pieces, wait_s=0.3))
    it.ask("question")
    _until_asked(it.judge)

    assert it.gateway.stop() == 0

    assert not it.judge.left.is_set() and len(it.judge.received) == 2


def test_a_shutdown_does_not_wait_for_ever(watched: Any) -> None:
    it: Watched = watched(hanging(), SLM_ROUTER_SHUTDOWN_S="0.5")
    it.ask("question")
    _until_asked(it.judge)

    assert it.gateway.stop() == 0

    assert it.judge.left.is_set() and "Traceback" not in it.gateway.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda it: it.name)
def test_who_is_told_again_to_stop_waits_for_no_review(watched: Any, number: int) -> None:
    it: Watched = watched(hanging())
    it.ask("question")
    _until_asked(it.judge)

    it.gateway.process.send_signal(number)
    _until_closed(it.gateway)
    it.gateway.stop()

    assert it.judge.left.is_set()


def _until_closed(gateway: GatewayProcess) -> None:
    """Until it serves nobody any more."""
    deadline = time.monotonic() + WAIT_S
    while gateway.process.poll() is None:
        assert time.monotonic() < deadline
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", gateway.port)):
                return
        time.sleep(0.02)


def _until_asked(upstream: ScriptedUpstream) -> None:
    deadline = time.monotonic() + WAIT_S
    while not upstream.received:
        assert time.monotonic() < deadline
        time.sleep(0.01)
