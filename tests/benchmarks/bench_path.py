"""Where a routed request's time goes inside the gateway: python -m tests.benchmarks.bench_path

One process, no sockets, an upstream that answers at once. Each step is timed alone, on the very
objects of a request that went through, and the whole is timed too. Baseline: one SHA-256 of 4 KB,
which is what to compare between machines.
"""

import asyncio
import gc
import hashlib
import logging
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from msgspec import structs

from router.api.access import identified
from router.api.leaving import Leaving
from router.app import create_app, running
from router.core.decide import decide_by
from router.core.event import RoutingEvent
from router.core.limits import Limits
from router.dialects.chat_body import ChatBody
from router.gateway import Routed, draw_of
from router.settings import Settings
from router.signals.learned import texts_to_judge
from router.stores.decision_row import encoded_twice
from router.stores.journal import Journal
from router.stores.sqlite_rows import NAMES
from router.telemetry.logs import LogObserver, configure
from router.telemetry.prometheus import PrometheusObserver
from router.upstreams.openai_http import OpenAIHTTP
from router.upstreams.reply import BytesReply
from tests.benchmarks.gateways import ours
from tests.benchmarks.load_generator import KEY, PATH, requests
from tests.benchmarks.mock_upstream import Upstream

POLICY = Path(__file__).parents[2] / "policies" / "default.yaml"
ROUNDS, CALLS = 15, 40
BATCH = 8


class Caught:
    """An observer that keeps the last event."""

    event: RoutingEvent | None = None

    def observe(self, event: RoutingEvent) -> None:
        self.event = event


def us(work: Callable[[], object]) -> float:
    """The least of the means of many rounds, in microseconds: what the machine can do."""
    means = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(CALLS):
            work()
        means.append((time.perf_counter() - begun) / CALLS * 1e6)
    return min(means)


async def us_of(work: Callable[[], Any], calls: int = CALLS) -> float:
    """The same for what is awaited."""
    means = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(calls):
            await work()
        means.append((time.perf_counter() - begun) / calls * 1e6)
    return min(means)


class Caller:
    """ASGI by hand: asks `app` with each request in turn."""

    def __init__(self, app: Any, model: str) -> None:
        self._app = app
        self.bodies = [it.partition(b"\r\n\r\n")[2] for it in requests(model, False)]
        self._at = 0

    async def ask(self) -> None:
        """One request, which must be answered."""
        self._at = (self._at + 1) % len(self.bodies)
        body, sent = self.bodies[self._at], list[Any]()
        scope = {
            "type": "http", "method": "POST", "path": PATH, "raw_path": PATH.encode(),
            "query_string": b"", "root_path": "", "http_version": "1.1", "scheme": "http",
            "server": ("127.0.0.1", 7070), "client": ("127.0.0.1", 50000),
            "headers": HEADERS,
        }  # fmt: skip
        Leaving.put_into(scope)

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        assert sent[0]["status"] == 200

    async def together(self) -> None:
        """As many at a time as share a batch."""
        await asyncio.gather(*(self.ask() for _ in range(BATCH)))


HEADERS = [
    (b"host", b"127.0.0.1:7070"), (b"content-type", b"application/json"),
    (b"authorization", b"Bearer " + KEY.encode()),
]  # fmt: skip


async def answered(self: OpenAIHTTP, call: object) -> BytesReply:
    """In place of an upstream: a turn of the event loop, then an answer."""
    await asyncio.sleep(0)
    return BytesReply(200, {"content-type": "application/json"}, ANSWER)


ANSWER = Upstream.plain.partition(b"\r\n\r\n")[2]


async def steps(runtime: Any, body: bytes, folder: Path) -> AsyncIterator[tuple[str, float]]:
    """Each step's name and microseconds."""
    gateway, facts = runtime.gateway, ChatBody(body).request(Limits())
    in_force, caught = gateway.default, Caught()
    yield "who asks (API key)", us(lambda: identified(HEADERS, runtime.keyring, True))
    yield "read the body's facts", us(lambda: ChatBody(body).request(Limits()))
    for kind, signal in in_force.signals.items():
        if kind != "learned":
            fresh = [structs.replace(facts) for _ in range(CALLS * ROUNDS)]
            yield f"signal: {kind}", us(lambda s=signal, f=fresh: s.at_once(f.pop()))  # type: ignore[misc]
    classifier = in_force.signals["learned"]._desk._work._classifier
    texts = texts_to_judge(facts)
    yield "signal: learned, a request alone", us(lambda: classifier.judge(texts))
    yield f"signal: learned, each of {BATCH}", us(lambda: classifier.judge(texts * BATCH)) / BATCH
    routed: Routed = await gateway.route(facts, "dec_1")
    told = (in_force.plan, facts, routed.signals, gateway.stats.snapshot())
    yield "decide", us(lambda: decide_by(*told, draw_of("dec_1")))
    yield "the body for the upstream", us(lambda: ChatBody(body).for_upstream("mock"))
    runtime.gateway = replace(gateway, observers=(*gateway.observers, caught))
    await Caller(create_app(runtime), "auto").ask()
    runtime.gateway = gateway
    event = caught.event
    assert event is not None
    metrics, log = PrometheusObserver(), LogObserver()
    yield "metrics", us(lambda: metrics.observe(event))
    yield "a line of the process log", us(lambda: log.observe(event))
    journal = Journal(folder / "journal", NAMES)
    yield "a row for the decision log", us(lambda: encoded_twice(event))
    _, line = encoded_twice(event)
    yield "the row into the journal", us(lambda: journal.append(line))


async def main() -> None:
    """Print the table."""
    OpenAIHTTP.open = answered  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as directory, open(os.devnull, "w") as nowhere:  # noqa: ASYNC230
        folder = Path(directory)
        configure("INFO", False, nowhere)
        served = next(iter(ours(folder, POLICY)))
        os.environ.update(served.environment)
        settings = Settings(policy=folder / "policy.yaml", require_keys=True)
        async with running(settings) as (runtime, _):
            app = create_app(runtime)
            gc.freeze()
            routed, named = Caller(app, "auto"), Caller(app, "mock")
            alone, many = await us_of(routed.ask), await us_of(routed.together, 10) / BATCH
            by_name = await us_of(named.ask)
            block = b"x" * 4096
            bare = us(lambda: hashlib.sha256(block).digest())
            body = sorted(routed.bodies, key=len)[len(routed.bodies) // 2]
            async for name, took in steps(runtime, body, folder):
                print(f"{name:40} {took:7.1f} us {took / bare:7.1f} x SHA-256 of 4 KB")
            for name, took in (
                ("a routed request, alone", alone),
                (f"a routed request, {BATCH} at a time", many),
                ("a request for a named model", by_name),
            ):
                print(f"{name:40} {took:7.1f} us {took / bare:7.1f} x SHA-256 of 4 KB")
        # Its last lines have nowhere to go once this is closed.
        logging.shutdown()


if __name__ == "__main__":
    uvloop.run(main())
