"""Processes under measurement: pinned to a core, with what they have used of it and of memory."""

import os
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

TICKS = os.sysconf("SC_CLK_TCK")
START_S = 90.0
PRIORITY = "-15"


class Places(NamedTuple):
    """The cores on which each runs."""

    gateway: frozenset[int]
    two_workers: frozenset[int]
    upstream: frozenset[int]
    callers: frozenset[int]

    @property
    def are_apart(self) -> bool:
        """Whether two workers share no core with those who ask them and whom they ask."""
        return not self.two_workers & (self.upstream | self.callers)


def places(cores: Sequence[int]) -> Places:
    """Who runs where, given so many: of four each has its own; of fewer upstream and callers share
    the last, and two workers run on all."""
    first, last = frozenset(cores[:1]), frozenset(cores[-1:])
    if len(cores) < 4:
        return Places(first, frozenset(cores), last, last)
    return Places(first, frozenset(cores[:2]), frozenset(cores[2:3]), frozenset(cores[3:4]))


PLACES = places(sorted(os.sched_getaffinity(0)))


@contextmanager
def pinned(cores: frozenset[int]) -> Iterator[None]:
    """What is started within runs on these cores alone, where the machine has them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, (cores & before) or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Measured:
    """A process and all that it starts, with its output in `log`."""

    def __init__(
        self,
        command: Sequence[str],
        cores: frozenset[int],
        environment: Mapping[str, str],
        log: Path,
    ) -> None:
        self.started = time.perf_counter()
        with pinned(cores), log.open("wb") as out:
            self._process = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        # Before others on a machine that is shared; only the superuser may ask for that.
        _try_to_write(Path(f"/proc/{self._process.pid}/autogroup"), PRIORITY)

    def until(self, url: str, body: bytes, key: str, more: Sequence[str] = ()) -> float:
        """Seconds from its start until it answers this with 200; `more` are headers."""
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        headers |= dict(header.split(": ", 1) for header in more)
        while time.perf_counter() - self.started < START_S:
            if self._process.poll() is not None:
                break
            try:
                request = urllib.request.Request(url, body, headers)
                with urllib.request.urlopen(request, timeout=10):
                    return time.perf_counter() - self.started
            except (urllib.error.URLError, OSError):
                time.sleep(0.02)
        raise RuntimeError(f"{self._process.args!r} does not answer {url}")

    def until_listening(self, port: int, sockets: int) -> None:
        """Wait until so many sockets take connections there: one for each of its workers."""
        while _listening(port) < sockets:
            if time.perf_counter() - self.started > START_S:
                raise RuntimeError(f"fewer than {sockets} sockets of {self._process.args!r} listen")
            time.sleep(0.02)

    def cpu_s(self) -> float:
        """Seconds of a core that all its processes have used."""
        ticks = 0
        for pid in self._pids():
            fields = _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:13]))
        return ticks / TICKS

    def resident_mb(self) -> float:
        """Memory of all its processes together."""
        told = (_read(Path(f"/proc/{pid}/status")) for pid in self._pids())
        found = (re.search(r"VmRSS:\s+(\d+)", text) for text in told)
        return sum(int(match[1]) for match in found if match) / 1024

    def stop(self) -> None:
        """End it, and whatever of it is left."""
        pids = self._pids()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in pids:
                _try_to_kill(pid)
            self._process.wait()

    def _pids(self) -> list[int]:
        found, waiting = list[int](), [self._process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            children = _read(Path(f"/proc/{pid}/task/{pid}/children"))
            waiting += map(int, children.split())
        return found


def _listening(port: int) -> int:
    """Sockets that listen there, by proc_net_tcp(5): local address second, state fourth."""
    tables = (_read(Path("/proc/net") / name).splitlines()[1:] for name in ("tcp", "tcp6"))
    rows = (row.split() for table in tables for row in table)
    return sum(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _try_to_write(path: Path, text: str) -> None:
    try:
        path.write_text(text)
    except OSError:
        return


def _try_to_kill(pid: int) -> None:
    try:
        os.kill(pid, 9)
    except ProcessLookupError:
        return
