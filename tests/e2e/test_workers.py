"""Several workers on one port: one banner, one exposition, one log, and none missed for long."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from router.stores.sqlite_reader import DecisionReader
from router.workers import Supervisor, hold
from tests.fakes.process import GatewayProcess, running_gateway

BODY = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}).encode()
SECRET = "slm-canary-5f3a9c1e7d2b4860a1c3e5f79b0d2468"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    state = tmp_path_factory.mktemp("workers")
    environment = {"SLM_ROUTER_API_KEY": SECRET, "SLM_ROUTER_REQUIRE_KEYS": "true"}
    with running_gateway(
        state, "--simulated", "--workers", "2", environment=environment
    ) as process:
        until(lambda: len(workers_of(process)) == 2 and len(answering(process)) == 2)
        yield process


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def workers_of(gateway: GatewayProcess) -> list[int]:
    children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def answering(gateway: GatewayProcess) -> set[str]:
    """The sockets that listen on its port."""
    port = f":{gateway.port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {row[9] for row in rows if row[1].endswith(port) and row[3] == "0A"}


def ask(gateway: GatewayProcess, path: str, body: bytes | None = None, key: str = SECRET) -> str:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{gateway.url}{path}", body, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        told: str = answer.headers.get("x-slm-router-decision") or answer.read().decode()
        return told


def asked(gateway: GatewayProcess, times: int) -> list[str]:
    """Decision ids, each over a connection of its own."""
    return [ask(gateway, "/v1/chat/completions", BODY) for _ in range(times)]


def counted(gateway: GatewayProcess) -> float:
    lines = ask(gateway, "/metrics").splitlines()
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith("slm_router_requests_total{")
    )


def logged(gateway: GatewayProcess) -> set[str]:
    return {
        row["decision"] for row in DecisionReader(gateway.state / "decisions.sqlite3").recent(9999)
    }


def test_whoever_is_asked_tells_the_same_and_all_rows_are_in_one_log(
    gateway: GatewayProcess,
) -> None:
    before = counted(gateway)
    decisions = asked(gateway, 30)

    until(lambda: {counted(gateway) for _ in range(8)} == {before + 30})
    until(lambda: set(decisions) <= logged(gateway))
    assert gateway.output.count("slm-router listens on") == 1


def test_a_worker_that_is_killed_is_replaced_and_loses_no_acknowledged_row(
    gateway: GatewayProcess,
) -> None:
    decisions = asked(gateway, 20)
    before = workers_of(gateway)
    os.kill(before[0], signal.SIGKILL)

    until(lambda: len(workers_of(gateway)) == 2 and before[0] not in workers_of(gateway))
    until(lambda: len(answering(gateway)) == 2)
    decisions += asked(gateway, 20)
    until(lambda: set(decisions) <= logged(gateway))


def test_a_key_that_is_revoked_is_dead_in_every_worker(gateway: GatewayProcess) -> None:
    def keys(*arguments: str) -> str:
        environment = {**os.environ, "SLM_ROUTER_STATE_DIR": str(gateway.state)}
        command = [sys.executable, "-m", "router.cli", "keys", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout

    secret = next(word for word in keys("create", "briefly").split() if word.startswith("slm-"))

    def accepted() -> int:
        taken = 0
        for _ in range(12):
            try:
                ask(gateway, "/v1/models", key=secret)
                taken += 1
            except urllib.error.HTTPError as error:
                assert error.code == 401
        return taken

    until(lambda: accepted() == 12)
    keys("revoke", "briefly")
    time.sleep(1)
    assert accepted() == 0


def test_a_reload_reaches_every_worker(gateway: GatewayProcess) -> None:
    told = "policy files read again"
    before = gateway.output.count(told)
    gateway.process.send_signal(signal.SIGHUP)

    until(lambda: gateway.output.count(told) == before + 2)


def test_a_reload_never_ends_a_worker_that_has_only_just_been_started(tmp_path: Path) -> None:
    told = tmp_path / "blocked"
    script = (
        "import os, pathlib, signal;"
        "blocked = str(signal.pthread_sigmask(signal.SIG_BLOCK, ()));"
        f"pathlib.Path({str(told)!r}).write_text(blocked);"
        "os.kill(os.getpid(), signal.SIGHUP)"
    )
    before = {it: signal.getsignal(it) for it in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        with hold("127.0.0.1", 0) as held:
            code = Supervisor([sys.executable, "-c", script], 1, held, tmp_path).run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert code == 1, "it ended by itself, and not by the signal"
    assert "SIGHUP" in told.read_text()
    assert signal.SIGHUP not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_a_port_that_workers_share_is_not_shared_with_another_gateway(
    gateway: GatewayProcess, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "router.cli", "serve", "--simulated", "--workers", "2"]
    done = subprocess.run(
        [*command, "--port", str(gateway.port)],
        env={**os.environ, "SLM_ROUTER_STATE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "Cannot listen on" in done.stderr and "Traceback" not in done.stderr


def test_what_is_wrong_with_the_set_up_is_told_once(tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("rules: 5\n")
    command = [sys.executable, "-m", "router.cli", "serve", "--workers", "2", "--port", "0"]
    done = subprocess.run(
        [*command, "--policy", str(policy)],
        env={**os.environ, "SLM_ROUTER_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("slm-router: ") == 1


def test_told_to_stop_all_of_them_end_and_leave_nothing_behind(gateway: GatewayProcess) -> None:
    pids = workers_of(gateway)
    decisions = asked(gateway, 10)

    assert gateway.stop() == 0
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert set(decisions) <= logged(gateway)
    left = {path.name for path in gateway.state.iterdir()}
    assert not [name for name in left if name.startswith("metrics-")]
    assert list((gateway.state / "decisions.journal").iterdir()) == []
