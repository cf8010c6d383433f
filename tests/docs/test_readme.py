"""Every command of the README is run, and every link of it leads somewhere."""

import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.process import GatewayProcess, free_port, running_gateway

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def shell_lines() -> list[str]:
    """Commands of the README's `sh` blocks, continued lines joined."""
    blocks = (block.replace("\\\n", " ") for kind, block in BLOCKS if kind == "sh")
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with running_gateway(tmp_path_factory.mktemp("state"), "--simulated") as process:
        yield process


def environment(gateway: GatewayProcess) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "SLM_ROUTER_STATE_DIR": str(gateway.state)}


def run(command: str, gateway: GatewayProcess, cwd: Path) -> str:
    command = command.replace("127.0.0.1:7070", f"127.0.0.1:{gateway.port}")
    done = subprocess.run(
        shlex.split(command),
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=environment(gateway),
        timeout=110,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_every_shell_command_is_one_that_these_tests_run() -> None:
    known = ("make serve", "make demo", "curl ", "slm-router ")

    assert [line for line in shell_lines() if not line.startswith(known)] == []


def test_curl_gets_its_answer(gateway: GatewayProcess, tmp_path: Path) -> None:
    (command,) = (line for line in shell_lines() if line.startswith("curl "))

    told = run(command, gateway, tmp_path)

    assert "x-slm-router-decision: dec_" in told
    assert '"chat.completion"' in told


def test_the_python_example_runs(gateway: GatewayProcess) -> None:
    (code,) = (block for kind, block in BLOCKS if kind == "python")
    code = code.replace("127.0.0.1:7070", f"127.0.0.1:{gateway.port}")

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("sim-")


def test_the_commands_work_one_after_the_other(gateway: GatewayProcess, tmp_path: Path) -> None:
    commands = [line for line in shell_lines() if line.startswith("slm-router ")]
    assert len(commands) >= 4

    for command in commands:
        run(command, gateway, tmp_path)


def test_the_policy_shown_is_one_that_loads(gateway: GatewayProcess, tmp_path: Path) -> None:
    (rules,) = (block for kind, block in BLOCKS if kind == "yaml")
    catalog = (
        "upstreams: {sim: {kind: simulated}}\n"
        "models:\n  one: {upstream: sim, location: local, quality: 0.7}\n"
    )
    (tmp_path / "policy.yaml").write_text(f"name: readme\n{catalog}{rules}")

    run("slm-router policy validate policy.yaml", gateway, tmp_path)


def test_make_serve_serves(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        ["make", "serve", f"PORT={port}"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SLM_ROUTER_STATE_DIR": str(tmp_path)},
    )
    try:
        deadline = time.monotonic() + 100
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
                    assert answer.status == 200
                    break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
    finally:
        process.terminate()
        process.wait(30)


def test_every_relative_link_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)

    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
