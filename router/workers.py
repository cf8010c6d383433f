"""Workers: several gateway processes on one port, and the one that looks after them.

Each worker is `slm-router serve` like any other, with a listening socket of its own on the shared
port (SO_REUSEPORT): the kernel spreads new connections over them. The supervisor serves nobody. It
starts a worker anew when one dies, and hands on the signals that it gets itself.

Rule: nothing but the standard library is imported here: a supervisor should cost next to nothing.
"""

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from typing import Self

logger = logging.getLogger(__name__)

VARIABLE = "SLM_ROUTER_WORKER"
"""The environment variable by which a worker is told that it is one."""

LEAST_S = 2.0
"""A worker that lived shorter than this is started anew only after a rest."""

REST_S = 1.0


@dataclass(frozen=True, slots=True)
class Worker:
    """What a worker is told: its number, from 0; the port; the directory through which the metrics
    of all become one; two ends of pipes, one to say that it is ready, one that closes when the
    supervisor is gone. `first`: nobody was started before it, so it greets the user."""

    number: int
    port: int
    metrics: str
    ready: int
    orphaned: int
    first: bool

    @classmethod
    def of_this_process(cls) -> Self | None:
        """What this process was told; None if it is no worker."""
        told = os.environ.get(VARIABLE)
        return None if told is None else cls(**json.loads(told))

    def environment(self) -> dict[str, str]:
        """That of its process."""
        return {**os.environ, VARIABLE: json.dumps(asdict(self))}

    def is_ready(self) -> None:
        """Tell the supervisor that requests are taken."""
        with suppress(BrokenPipeError):  # nobody waits for any but the first
            os.write(self.ready, b".")
        os.close(self.ready)


class Supervisor:
    """`count` workers, each started by `command`, on the port that `held` is bound to.

    In `state` it makes a directory for the time that it runs, or empties what is left of one.
    """

    def __init__(
        self, command: Sequence[str], count: int, held: socket.socket, state: Path
    ) -> None:
        self._command = command
        self._count = count
        self._port = held.getsockname()[1]
        self._metrics = state / f"metrics-{self._port}"
        self._running: dict[int, tuple[int, subprocess.Popen[bytes], float]] = {}
        self._stopping = False
        self._orphaned, self._alive = os.pipe()

    def run(self) -> int:
        """Serve until told to stop; the exit code."""
        for stopping in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stopping, self._stop)
        signal.signal(signal.SIGHUP, lambda *_: self._tell(signal.SIGHUP))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
        rmtree(self._metrics, ignore_errors=True)
        self._metrics.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._metrics.mkdir(mode=0o700)
        try:
            # The first alone, so that what is wrong with the set-up is told once.
            if not self._start(0, first=True):
                return self._exit_code_of_first()
            for number in range(1, self._count):
                self._start(number)
            while self._running:
                self._look_after(*os.wait())
        finally:
            rmtree(self._metrics, ignore_errors=True)
        return 0

    def _look_after(self, pid: int, status: int) -> None:
        number, process, started = self._running.pop(pid)
        process.returncode = os.waitstatus_to_exitcode(status)
        if self._stopping:
            return
        logger.error("worker %d ended with %d, and is started anew", number, process.returncode)
        if time.monotonic() - started < LEAST_S:
            time.sleep(REST_S)
        if not self._stopping:
            self._start(number)

    def _start(self, number: int, first: bool = False) -> bool:
        """Start one; whether it takes requests. Only the first is waited for."""
        told, ready = os.pipe()
        worker = Worker(number, self._port, str(self._metrics), ready, self._orphaned, first)
        with _held_back(signal.SIGHUP):
            process = subprocess.Popen(
                self._command,
                env=worker.environment(),
                pass_fds=(ready, self._orphaned),
                process_group=0,  # Ctrl-C is for the supervisor, who hands it on
            )
            self._running[process.pid] = number, process, time.monotonic()
        os.close(ready)
        if self._stopping:
            # Told to stop while it was being started.
            process.terminate()
        # Empty if it has ended without a word.
        is_ready = bool(os.read(told, 1)) if first else True
        os.close(told)
        return is_ready

    def _exit_code_of_first(self) -> int:
        [(_, process, _)] = self._running.values()
        code = process.wait()
        return 0 if self._stopping else code or 1

    def _stop(self, number: int, frame: object) -> None:
        self._stopping = True
        self._tell(signal.SIGTERM)

    def _tell(self, number: int) -> None:
        for pid in list(self._running):
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def _held_back(number: signal.Signals) -> Iterator[None]:
    """Have a signal wait, also for a process that is started meanwhile, until it takes it itself:
    it would end one that has no handler yet."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def hold(host: str, port: int) -> socket.socket:
    """A socket that keeps a port for workers, without listening. Raises OSError if it is taken."""
    # First without sharing: another's port, be it our own user's, is not to be shared by accident.
    with socket.socket(family_of(host), socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        probe.listen(1)
        port = probe.getsockname()[1]
    held = shared_socket(host)
    held.bind((host, port))
    return held


def shared_socket(host: str) -> socket.socket:
    """A socket for a port that several share, even while connections of its last owner linger."""
    made = socket.socket(family_of(host), socket.SOCK_STREAM)
    for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
        made.setsockopt(socket.SOL_SOCKET, option, 1)
    return made


def family_of(host: str) -> socket.AddressFamily:
    """By which kind of address a host is reached."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def command_of(arguments: Sequence[str]) -> list[str]:
    """The command line of a worker with these arguments."""
    return [sys.executable, "-m", "router.cli", *arguments]
