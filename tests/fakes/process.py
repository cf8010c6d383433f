"""The gateway as its users run it: a process of its own, on a port of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

START_S = 60.0
"""Generous: a busy machine is no finding. How long it takes is measured in tests/benchmarks."""

PROVIDER_KEYS = ("_API_KEY", "_API_BASE", "_BASE_URL")


class GatewayProcess:
    """`slm-router serve ...` with its own state directory; `output` is all that it has printed."""

    def __init__(
        self, arguments: list[str], state: Path, environment: Mapping[str, str], cwd: Path | None
    ) -> None:
        self.port = free_port()
        self.state = state
        self._log = state / "output.txt"
        inherited = {k: v for k, v in os.environ.items() if not k.endswith(PROVIDER_KEYS)}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "router.cli", "serve", "--port", str(self.port), *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**inherited, **environment, "SLM_ROUTER_STATE_DIR": str(state)},
                cwd=cwd,
            )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the gateway ended at start:\n{self.output}")
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"the gateway is not ready:\n{self.output}")

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


@contextmanager
def running_gateway(
    state: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[GatewayProcess]:
    """A gateway that takes requests, stopped at the end."""
    state.mkdir(parents=True, exist_ok=True)
    gateway = GatewayProcess(list(arguments), state, environment or {}, cwd)
    try:
        gateway.wait_until_ready()
        yield gateway
    finally:
        gateway.stop()


def free_port() -> int:
    """A port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
