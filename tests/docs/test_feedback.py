"""The commands of docs/feedback.md do what the page says, on a gateway process."""

import json
import shlex
import subprocess
import urllib.request
from pathlib import Path

import pytest

from router.cli import main
from tests.docs.pages import DOCS
from tests.docs.test_commands import indented
from tests.fakes.process import running_gateway

HELLO = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}


def test_feedback_as_shown_is_kept_and_shown_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = indented((DOCS / "feedback.md").read_text("utf-8"), "curl ")
    commands = block.replace("\\\n", " ").splitlines()
    assert len(commands) == 2
    with running_gateway(tmp_path, "--simulated") as gateway:
        asked = urllib.request.Request(
            f"{gateway.url}/v1/chat/completions",
            json.dumps(HELLO).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            decision = answer.headers["x-slm-router-decision"]
        for command in commands:
            command = command.replace("http://127.0.0.1:7070", gateway.url)
            command = command.replace("dec_0199...", decision)
            told = subprocess.run(
                shlex.split(command), capture_output=True, check=True, timeout=30
            ).stdout
            assert json.loads(told)["decision"] == decision
        with urllib.request.urlopen(f"{gateway.url}/metrics", timeout=30) as answer:
            counted = answer.read().decode()

    assert 'slm_router_feedback_total{source="judge",word="underpowered"} 1.0' in counted
    assert 'slm_router_feedback_total{source="user",word="score"} 1.0' in counted
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path))
    assert main(["log", "show", decision]) == 0
    assert "judge  0.00 (underpowered)\n  user   0.80\n" in capsys.readouterr().out
