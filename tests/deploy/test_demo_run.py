"""The demo as a whole, run against a fake router that can be asked to fail."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "deploy" / "demo" / "demo.py"
FAKE_ROUTER = (sys.executable, str(HERE / "fake_router.py"))
LONG = "a question that is long enough for the large model"


@pytest.fixture
def faked(demo: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The demo with the fake router in place of ours; it writes its process id down."""
    monkeypatch.setattr(demo, "ROUTER", FAKE_ROUTER)
    monkeypatch.setenv("FAKE_ROUTER_PID_FILE", str(tmp_path / "pid"))
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # leave the test process's own alone
    return demo


def write(folder: Path, *said: str) -> Path:
    """Write a prompts file with one easy prompt for each text."""
    path = folder / "prompts.jsonl"
    labels = {"domain": "other", "task": "chat", "language": "en", "difficulty": "easy"}
    rows = [
        {"id": f"line {i}", **labels, "messages": [{"role": "user", "content": text}]}
        for i, text in enumerate(said, 1)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def is_alive(pid: int) -> bool:
    """Whether a process of that id runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_run_routes_every_prompt_half_of_them_streamed_and_stops_the_gateway(
    faked: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # must not get the loopback traffic
    logged: list[dict[str, Any]] = []
    read_log = faked.read_log

    def read_and_keep(state: Path) -> dict[str, dict[str, Any]]:
        log: dict[str, dict[str, Any]] = read_log(state)
        logged.extend(log.values())
        return log

    monkeypatch.setattr(faked, "read_log", read_and_keep)
    path = write(tmp_path, *["hi", "hello", LONG, LONG + "!"] * 3)

    status = faked.main(["--prompts", str(path), "--limit", "10", "--concurrency", "3"])

    output = capsys.readouterr().out
    assert (status, len(logged)) == (0, 10), output
    assert sum(row["stream"] for row in logged) == 5
    assert "10/10" in output
    assert "| easy       | 6 (60%) | 4 (40%) | 10  |" in output
    assert "saved" in output
    assert "54.0%" in output
    assert not is_alive(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("fault", ["REFUSE", "BREAK", "NAMELESS", "EMPTY", "UNLOGGED"])
def test_any_failed_request_makes_the_exit_status_1(
    faked: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    said = ["hi", "hi", "hi", "hi"]
    said[0 if fault == "EMPTY" else 1] = fault  # the fake leaves only a plain answer empty
    path = write(tmp_path, *said)

    status = faked.main(["--prompts", str(path)])

    output = capsys.readouterr().out
    assert status == 1
    assert re.search(r"Failed: 1 .*\n  line [12]: ", output)
    assert "3 (100%)" in output or fault == "UNLOGGED"


def test_an_answer_without_a_price_is_no_failure_and_not_free(
    faked: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = faked.main(["--prompts", str(write(tmp_path, "hi", "UNPRICED"))])

    assert status == 0
    assert "1 (1 unpriced)" in capsys.readouterr().out


@pytest.mark.parametrize("broken", ["serve", "log"])
def test_a_router_that_breaks_is_told_in_its_own_words(
    faked: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
) -> None:
    monkeypatch.setenv("FAKE_ROUTER_BROKEN", broken)

    status = faked.main(["--prompts", str(write(tmp_path, "hi"))])

    assert status == 1
    assert f"{broken} is broken" in capsys.readouterr().out


def test_a_gateway_that_never_gets_ready_is_stopped(
    faked: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(faked, "READY_SECONDS", -1.0)

    status = faked.main(["--prompts", str(write(tmp_path, "hi"))])

    assert status == 1
    assert "the gateway was not ready" in capsys.readouterr().out


def test_a_missing_prompts_file_is_one_message(
    faked: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert faked.main(["--prompts", "/nowhere/prompts.jsonl"]) == 1
    assert "/nowhere/prompts.jsonl" in capsys.readouterr().out


@pytest.mark.parametrize("options", [["--limit", "0"], ["--concurrency", "0"], ["--limit", "2000"]])
def test_numbers_out_of_range_are_refused(faked: ModuleType, options: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        faked.main(options)

    assert caught.value.code == 2


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_stops_its_gateway_without_a_traceback(
    tmp_path: Path, sent: signal.Signals
) -> None:
    pid_file = tmp_path / "pid"
    path = write(tmp_path, "SLOW", "SLOW")
    # A terminal's Ctrl-C: whoever runs the tests in the background passes on that it is ignored.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f" import sys; sys.path.insert(0, {str(DEMO.parent)!r}); import demo;"
        f" demo.ROUTER = {FAKE_ROUTER!r}; sys.exit(demo.main(['--prompts', {str(path)!r}]))"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "FAKE_ROUTER_PID_FILE": str(pid_file)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not pid_file.exists() or not pid_file.read_text():
        time.sleep(0.05)
    time.sleep(1.0)  # now in the middle of the slow requests

    running.send_signal(sent)
    output, _ = running.communicate(timeout=20)

    assert running.returncode == 130, output
    assert "Traceback" not in output
    assert not is_alive(int(pid_file.read_text()))
