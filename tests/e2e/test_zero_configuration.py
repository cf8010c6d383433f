"""`slm-router serve` without a policy: what it finds, what it says, and what it does not do."""

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from router.upstreams.discovery import KNOWN_SERVERS
from tests.fakes.process import running_gateway


def post(url: str, body: Any) -> tuple[Any, Any]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer), answer.headers


HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}


def a_model_server_may_run_here() -> bool:
    """Whether anything listens where model servers do: then there is something to find."""
    for server in KNOWN_SERVERS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", server.port)) == 0:
                return True
    return False


def test_with_nothing_to_find_it_serves_simulated_models_and_says_so(tmp_path: Path) -> None:
    if a_model_server_may_run_here():
        pytest.skip("a model server runs here; test_wheel starts where there is none")
    with running_gateway(tmp_path / "state", cwd=tmp_path) as gateway:
        answer, headers = post(f"{gateway.url}/v1/chat/completions", HELLO)

        assert "SIMULATED" in gateway.output
        assert f"{gateway.url}/v1" in gateway.output
        assert "curl" in gateway.output
        assert headers["x-slm-router-simulated"] == "true"
        assert answer["choices"][0]["message"]["content"]


def test_deciding_alone_calls_and_records_nobody(tmp_path: Path) -> None:
    with running_gateway(tmp_path / "state", "--simulated") as gateway:
        # A classifier that a busy machine keeps waiting for over 100 ms is left out, by design.
        for _ in range(10):
            decided, _ = post(f"{gateway.url}/v1/route", HELLO)
            if not decided["failed_signals"]:
                break

        assert decided["model"] in ("sim-small", "sim-large")
        assert {"tokens", "complexity", "domain", "task", "language"} <= set(decided["signals"])
        assert {c["model"] for c in decided["candidates"]} == {"sim-small", "sim-large"}
    log = subprocess.run(
        [sys.executable, "-m", "router.cli", "log", "--format", "jsonl"],
        env={"SLM_ROUTER_STATE_DIR": str(tmp_path / "state"), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert log.stdout == ""


def test_each_answer_stands_in_the_log_without_its_text(tmp_path: Path) -> None:
    secret = "the launch code is swordfish"
    with running_gateway(tmp_path / "state", "--simulated") as gateway:
        body = {"model": "auto", "messages": [{"role": "user", "content": secret}]}
        _, headers = post(f"{gateway.url}/v1/chat/completions", body)
        printed = gateway.output
        assert b"swordfish" not in kept_in(tmp_path / "state")
    log = subprocess.run(
        [sys.executable, "-m", "router.cli", "log", "--format", "jsonl"],
        env={"SLM_ROUTER_STATE_DIR": str(tmp_path / "state"), "PATH": "/usr/bin"},
        capture_output=True,
        text=True,
        check=True,
    )

    row = json.loads(log.stdout)
    assert row["decision"] == headers["x-slm-router-decision"]
    assert row["model"] == headers["x-slm-router-model"]
    assert row["cost_usd"] > 0
    assert row["baseline_cost_usd"] >= row["cost_usd"]
    assert row["propensity"] == 1.0
    assert b"swordfish" not in kept_in(tmp_path / "state")
    assert "swordfish" not in printed


def kept_in(state: Path) -> bytes:
    """All that the decision log and its journal hold."""
    found = [path for top in state.glob("decisions*") for path in (top, *top.rglob("*"))]
    return b"".join(path.read_bytes() for path in found if path.is_file())


def test_the_text_is_kept_where_the_operator_asks_for_it(tmp_path: Path) -> None:
    with running_gateway(tmp_path / "state", "--simulated", "--store-content") as gateway:
        post(f"{gateway.url}/v1/chat/completions", HELLO)
    assert b'"content": "Hello"' in kept_in(tmp_path / "state")


def test_a_port_in_use_is_told_without_a_traceback(tmp_path: Path) -> None:
    with running_gateway(tmp_path / "state", "--simulated") as gateway:
        second = subprocess.run(
            [sys.executable, "-m", "router.cli", "serve", "--port", str(gateway.port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    assert second.returncode == 1
    assert "--port" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_wrong_policy_is_told_by_its_place_and_nothing_starts(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text("name: default\ndefault:\n  strategy: {kind: cheapest}\n")
    refused = subprocess.run(
        [
            sys.executable,
            "-m",
            "router.cli",
            "serve",
            "--policy",
            str(file),
            "--port",
            "0",
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"SLM_ROUTER_STATE_DIR": str(tmp_path), "PATH": "/usr/bin"},
    )

    assert refused.returncode == 1
    assert f"{file}:3:" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_policy_that_does_not_exist_is_told_with_the_next_step(tmp_path: Path) -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "router.cli", "serve", "--policy", "nowhere.yaml", "--port", "0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        env={"SLM_ROUTER_STATE_DIR": str(tmp_path), "PATH": "/usr/bin"},
    )

    assert refused.returncode == 1
    assert "slm-router init" in refused.stderr
    assert "Traceback" not in refused.stderr
