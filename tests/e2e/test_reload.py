"""Hot reload on a live gateway: a good file takes over at once, a bad one changes nothing."""

import json
import signal
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.process import GatewayProcess, running_gateway

CATALOG = """
upstreams:
  sim: {kind: simulated, first_token: 1ms, tokens_per_second: 100000}
models:
  small: {upstream: sim, location: local, quality: 0.8, price: {usd_per_hour: 0.1}}
  large:
    upstream: sim
    location: cloud
    quality: 0.9
    price: {input_usd_per_mtok: 2.0, output_usd_per_mtok: 8.0}
"""


def policy_file(model: str) -> str:
    return f"""
name: default
{CATALOG}
default:
  candidates: [{model}]
  strategy: {{kind: best_quality}}
"""


BROKEN = (
    "name: default\n  rules: [",
    policy_file("smal"),
    policy_file("small").replace("best_quality", "best_qualtiy"),
)


@pytest.fixture(scope="module")
def watching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GatewayProcess, Path]]:
    """A gateway and its policy file, for all tests that leave it running."""
    folder = tmp_path_factory.mktemp("watching")
    file = folder / "policies" / "policy.yaml"
    file.parent.mkdir()
    file.write_text(policy_file("small"))
    with running_gateway(folder / "state", "--policy", str(file)) as gateway:
        yield gateway, file


@pytest.fixture
def served(watching: tuple[GatewayProcess, Path]) -> tuple[GatewayProcess, Path]:
    """That gateway with the small model in force, whatever a test has left of its folder."""
    gateway, file = watching
    if not file.exists() or file.read_text() != policy_file("small"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(policy_file("small"))
    until(lambda: readiness(gateway)["policy_reload"]["ok"] and ask(gateway) == "small")
    return gateway, file


def ask(gateway: GatewayProcess) -> str:
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": "Hi"}]})
    request = urllib.request.Request(
        f"{gateway.url}/v1/chat/completions",
        body.encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers["x-slm-router-model"])


def readiness(gateway: GatewayProcess) -> Any:
    with urllib.request.urlopen(f"{gateway.url}/readyz", timeout=10) as answer:
        return json.load(answer)


def metric(gateway: GatewayProcess, name: str) -> float:
    with urllib.request.urlopen(f"{gateway.url}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[-1] for line in lines if line.startswith(name)))


def until(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


class Load(threading.Thread):
    """Asks without pause, and keeps what went wrong."""

    def __init__(self, gateway: GatewayProcess) -> None:
        super().__init__(daemon=True)
        self.models: list[str] = []
        self.failures: list[Exception] = []
        self.stopping = threading.Event()
        self._gateway = gateway

    def run(self) -> None:
        while not self.stopping.is_set():
            try:
                self.models.append(ask(self._gateway))
            except OSError as error:
                self.failures.append(error)


def test_under_load_bad_files_change_nothing_and_a_good_one_takes_over(
    served: tuple[GatewayProcess, Path],
) -> None:
    gateway, file = served
    before = gateway.output
    load = [Load(gateway) for _ in range(4)]
    for thread in load:
        thread.start()

    for broken in BROKEN:
        file.write_text(broken)
        until(lambda: not readiness(gateway)["policy_reload"]["ok"])
        assert str(file) in readiness(gateway)["policy_reload"]["error"]
        assert metric(gateway, "slm_router_policy_reload_success") == 0
        assert ask(gateway) == "small"
        file.write_text(policy_file("small"))
        until(lambda: bool(readiness(gateway)["policy_reload"]["ok"]))
    file.write_text(policy_file("large"))
    until(lambda: ask(gateway) == "large")

    for thread in load:
        thread.stopping.set()
    for thread in load:
        thread.join(30)
    assert [failure for thread in load for failure in thread.failures] == []
    assert {model for thread in load for model in thread.models} == {"small", "large"}
    assert "not reloaded" in gateway.output.removeprefix(before)
    assert metric(gateway, "slm_router_policy_reload_success") == 1


def test_sighup_reads_the_files_again(served: tuple[GatewayProcess, Path]) -> None:
    gateway, _ = served
    before = readiness(gateway)["policy_reload"]["at"]

    gateway.process.send_signal(signal.SIGHUP)

    until(lambda: bool(readiness(gateway)["policy_reload"]["at"] > before))
    assert ask(gateway) == "small"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads /proc")
def test_sighup_while_it_loads_does_not_end_it_and_is_heeded_afterwards(tmp_path: Path) -> None:
    gateway = GatewayProcess(["--simulated"], tmp_path, {}, None)
    status = Path(f"/proc/{gateway.process.pid}/status")
    try:
        until(lambda: bool(mask(status, "SigBlk") & 1 << signal.SIGHUP - 1))
        gateway.process.send_signal(signal.SIGHUP)
        gateway.wait_until_ready()
        until(lambda: "policy files read again" in gateway.output)
        assert not mask(status, "SigBlk") & 1 << signal.SIGHUP - 1
    finally:
        assert gateway.stop() == 0


def mask(status: Path, name: str) -> int:
    """One of the masks of signals of a process."""
    (found,) = (it for it in status.read_text().splitlines() if it.startswith(f"{name}:"))
    return int(found.split()[1], 16)


def test_a_file_replaced_by_renaming_is_noticed(served: tuple[GatewayProcess, Path]) -> None:
    gateway, file = served
    fresh = file.with_name("fresh.tmp")
    fresh.write_text(policy_file("large"))

    fresh.rename(file)

    until(lambda: ask(gateway) == "large")


def reloads(gateway: GatewayProcess) -> int:
    return gateway.output.count("policy in force") + gateway.output.count("policy not reloaded")


def test_a_state_and_a_log_next_to_the_policy_set_nothing_off(tmp_path: Path) -> None:
    file = tmp_path / "slm-router.yaml"
    file.write_text(policy_file("small"))
    with running_gateway(tmp_path, cwd=tmp_path) as gateway:
        before = readiness(gateway)["policy_reload"]["at"]
        for _ in range(5):
            assert ask(gateway) == "small"
        file.touch()
        time.sleep(2)
        assert readiness(gateway)["policy_reload"]["at"] == before

        file.write_text(policy_file("large"))
        until(lambda: ask(gateway) == "large")
        taken = readiness(gateway)["policy_reload"]["at"]
        time.sleep(2)

        assert readiness(gateway)["policy_reload"]["at"] == taken
        assert reloads(gateway) == 1


def test_a_folder_that_vanishes_and_comes_back_is_read_again(
    served: tuple[GatewayProcess, Path],
) -> None:
    gateway, file = served
    file.unlink()
    file.parent.rmdir()
    until(lambda: not readiness(gateway)["policy_reload"]["ok"])
    assert ask(gateway) == "small"

    file.parent.mkdir()
    file.write_text(policy_file("large"))

    until(lambda: ask(gateway) == "large")


def test_a_catalog_that_is_mended_is_read_again_where_the_policy_now_points(
    served: tuple[GatewayProcess, Path],
) -> None:
    gateway, file = served
    models = file.parent / "sub" / "models.yaml"
    models.parent.mkdir()
    models.write_text("broken: [")
    file.write_text(policy_file("large").replace(CATALOG, "\ncatalog: sub/models.yaml\n"))
    until(lambda: not readiness(gateway)["policy_reload"]["ok"])

    models.write_text(CATALOG)

    until(lambda: ask(gateway) == "large")
