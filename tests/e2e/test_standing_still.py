"""A gateway that stood still for a moment: what its callers sent meanwhile is answered."""

import os
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

from tests.fakes.process import running_gateway

KEEP_ALIVE_S = 1
ASK = b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n"


def test_a_request_that_met_a_connection_idle_for_too_long_meanwhile_is_answered(
    tmp_path: Path,
) -> None:
    short = {"SLM_ROUTER_KEEP_ALIVE_S": str(KEEP_ALIVE_S)}
    with (
        running_gateway(tmp_path, "--simulated", environment=short) as gateway,
        ExitStack() as open_until_the_end,
    ):
        here = ("127.0.0.1", gateway.port)
        callers = [
            open_until_the_end.enter_context(socket.create_connection(here, 10)) for _ in range(5)
        ]
        for caller in callers:
            assert _asked(caller)
        os.kill(gateway.process.pid, signal.SIGSTOP)
        for caller in callers:
            caller.sendall(ASK)
        time.sleep(1.5 * KEEP_ALIVE_S)
        os.kill(gateway.process.pid, signal.SIGCONT)

        assert all(_answered(caller) for caller in callers)


def _asked(caller: socket.socket) -> bool:
    caller.sendall(ASK)
    return _answered(caller)


def _answered(caller: socket.socket) -> bool:
    """Whether a whole answer came."""
    with caller.makefile("rb") as lines:
        status, length = lines.readline(), 0
        for line in iter(lines.readline, b"\r\n"):
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return b"200" in status and len(lines.read(length)) == length > 0
