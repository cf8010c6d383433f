"""Hostile requests against the whole gateway: python -m tests.hostile.fuzz --count 10000 --seed 1

Each must be answered, none with a 5xx, and every 4xx with an error object. Prints what was
answered and how fast; the exit code is 1 if any answer was wrong.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from router.api.errors import error_body
from tests.hostile.gateways import whole_gateway
from tests.hostile.requests import Hostile, hostile

UPSTREAMS = {
    "sim-small": {"kind": "simulated", "first_token": "1ms", "tokens_per_second": 1e9},
    "sim-large": {"kind": "simulated", "first_token": "1ms", "tokens_per_second": 1e9},
}
_KEYS = set(json.loads(error_body("", "", None))["error"])


@dataclass
class Outcome:
    """What came of a run. `wrong` holds what no request may lead to."""

    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[tuple[Hostile, int, bytes]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


async def fuzz(app: ASGIApp, count: int, seed: int) -> Outcome:
    """Send that many requests, one after the other."""
    outcome = Outcome()
    for sent in islice(hostile(seed), count):
        begun = time.perf_counter()
        status, body = await answer(app, sent)
        outcome.seconds.append(time.perf_counter() - begun)
        outcome.statuses[status] += 1
        if not is_right(sent, status, body):
            outcome.wrong.append((sent, status, body))
    return outcome


def is_right(sent: Hostile, status: int, body: bytes) -> bool:
    """Whether an answer may be given to a hostile request."""
    if status < 400:
        return 200 <= status < 300
    return status < 500 and (sent.method == "HEAD" or _is_error(body))


def _is_error(body: bytes) -> bool:
    """OpenAI's error object, or Anthropic's where its form was asked for."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(error, dict) and isinstance(error.get("message"), str) and "type" in error


async def answer(app: ASGIApp, sent: Hostile) -> tuple[int, bytes]:
    """One request as a server would hand it on; the status is 0 where none was answered."""
    waiting = [{"type": "http.request", "body": sent.body, "more_body": False}]
    told: list[Any] = []
    whole = asyncio.Event()

    async def receive() -> Any:
        if waiting:
            return waiting.pop()
        await whole.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            whole.set()

    try:
        await app(_scope(sent), receive, send)
    except Exception as error:  # noqa: BLE001  whatever escapes would be a 500 of the server's
        return 500, repr(error).encode()
    status = told[0]["status"] if told else 0
    return status, b"".join(message.get("body", b"") for message in told[1:])


def _scope(sent: Hostile) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": sent.path,
        "raw_path": sent.path.encode("utf-8", "replace"),
        "query_string": sent.query,
        "root_path": "",
        "headers": [(b"host", b"localhost"), *sent.headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 7070),
        "state": {},
    }


async def _run(count: int, seed: int) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        async with whole_gateway(Path(folder), UPSTREAMS, log_level="ERROR") as app:
            return await fuzz(app, count, seed)


def main() -> int:
    """The whole run, with its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    outcome = asyncio.run(_run(given.count, given.seed))
    ordered = sorted(outcome.seconds)
    told = ", ".join(f"{status}: {n}" for status, n in sorted(outcome.statuses.items()))
    print(f"{given.count} hostile requests, seed {given.seed}: {told}")
    print(f"5xx or without an error object: {len(outcome.wrong)}")
    print(f"p50 {ordered[len(ordered) // 2] * 1e3:.2f} ms", end=", ")
    print(f"p99 {ordered[len(ordered) * 99 // 100] * 1e3:.2f} ms, max {ordered[-1] * 1e3:.1f} ms")
    for sent, status, body in outcome.wrong[:20]:
        print(status, body[:200], sent.method, sent.path, sent.headers, sent.body[:300])
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
