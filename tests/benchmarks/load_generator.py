"""Callers in a closed loop: each asks, reads the whole answer, and asks again.

    python -m tests.benchmarks.load_generator PORT MODEL CALLERS SECONDS [--stream]

A protocol by hand, for a client library would cost more than the gateway. Prompts vary, so that no
cache of judgements could help. Prints one line of JSON, see `Run`.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

from classifiers.sample import sample_prompts

KEY = "slm-bench-5f3a9c1e7d2b4860a1c3e5f79b0d2468"
PATH = "/v1/chat/completions"
WARM_UP_S = 0.5


@dataclass
class Run:
    """How a run went: answers, errors among them, seconds, and seconds of a core that the callers
    took, warming up too; of each answer, in order of arrival, the milliseconds to its first byte
    and to its last."""

    answers: int = 0
    errors: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    first_ms: list[float] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)


def requests(model: str, stream: bool, headers: Sequence[str] = ()) -> list[bytes]:
    """The requests, in the order in which each caller sends them."""
    made = []
    more = "".join(f"{header}\r\n" for header in headers)
    for prompt in sample_prompts():
        body = {
            "model": model,
            "messages": [
                {"role": "system", "content": "You are a helpful assistant."},
                {"role": "user", "content": prompt},
            ],
            "temperature": 0.2,
            "max_tokens": 128,
            "stream": stream,
        }
        content = json.dumps(body).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {KEY}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n{more}\r\n"
        )
        made.append(head.encode() + content)
    return made


class Caller(asyncio.Protocol):
    """One connection. Counts into `run` from `begin` on, and stops at `end`."""

    def __init__(self, run: Run, asked: list[bytes], at: int, begin: float, end: float) -> None:
        self._run, self._asked, self._at, self._received = run, asked, at, b""
        self._begin, self._end = begin, end
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:

        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if not self._received:
            self._first = now
        self._received += data
        if self._is_whole():
            self._note(now)
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self._run.errors += 1
            self.done.set_result(None)

    def _ask(self) -> None:
        self._sent = self._first = time.perf_counter()
        self._received = b""
        if self._sent >= self._end:
            self.done.set_result(None)
            self._transport.close()
            return
        self._at = (self._at + 1) % len(self._asked)
        self._transport.write(self._asked[self._at])

    def _is_whole(self) -> bool:
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return False
        lower = head.lower()
        place = lower.find(b"content-length:")
        if place < 0:
            return body.endswith(b"0\r\n\r\n")
        return len(body) >= int(lower[place + 15 :].split(b"\r\n", 1)[0])

    def _note(self, now: float) -> None:
        run = self._run
        if self._sent < self._begin:
            return
        run.answers += 1
        run.errors += not self._received.startswith(b"HTTP/1.1 200")
        run.first_ms.append((self._first - self._sent) * 1000)
        run.total_ms.append((now - self._sent) * 1000)


async def load(port: int, asked: list[bytes], callers: int, seconds: float) -> Run:
    """Run them. The first half second warms up and does not count."""
    run, spent = Run(), time.process_time()
    loop = asyncio.get_running_loop()
    begin = time.perf_counter() + WARM_UP_S
    made = [
        await loop.create_connection(
            lambda at=at: Caller(run, asked, at * 7, begin, begin + seconds),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
        for at in range(callers)
    ]
    await asyncio.wait([caller.done for _, caller in made], timeout=seconds + 30)
    run.seconds, run.cpu_s = seconds, time.process_time() - spent
    return run


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("model")
    parser.add_argument("callers", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("--stream", action="store_true")
    parser.add_argument("--header", action="append", default=[])
    given = parser.parse_args()
    asked = requests(given.model, given.stream, given.header)
    run = uvloop.run(load(given.port, asked, given.callers, given.seconds))
    print(json.dumps(asdict(run)))


if __name__ == "__main__":
    main()
