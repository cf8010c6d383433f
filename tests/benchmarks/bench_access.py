"""What knowing a caller costs, and how the gateway fares among 200 callers and slow peers.

python -m tests.benchmarks.bench_access

Baseline of the costs: one SHA-256 of the key, of the same run. The trials run against a gateway of
its own process, from this one, on loopback.
"""

import asyncio
import hashlib
import logging
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp
from aiohttp import web

from router.api.access import identified
from router.keyring import Keyring, new_secret
from tests.benchmarks.bench_start import _resident_mb
from tests.fakes.keys import a_key
from tests.fakes.process import GatewayProcess, running_gateway
from tests.hostile.gateways import policy

CALLS = 20_000
BODY = {"model": "auto", "messages": [{"role": "user", "content": "Hello"}]}
CHAT = "/v1/chat/completions"
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n' % (b"x" * 1000)
LARGE_EVENTS = 8_000
HALF = b"POST /v1/chat/completions HTTP/1.1\r\nhost: loc"


def main() -> None:
    """Print the figures."""
    _costs()
    asyncio.run(_trials())


def _costs() -> None:
    secret = new_secret().encode()
    others = [(b"host", b"127.0.0.1:7070"), (b"user-agent", b"OpenAI/Python 2.1")] * 4
    ring = Keyring(fixed=[a_key("app", secret)])
    bare = _us(lambda: hashlib.sha256(secret).digest())
    for name, headers, required in (
        ("with a key", [*others, (b"authorization", b"Bearer " + secret)], True),
        ("without, on loopback", others, False),
    ):
        took = _us(lambda h=headers, r=required: identified(h, ring, r))  # type: ignore[misc]
        print(f"who asks, {name}: {took:.1f} us = {took / bare:.1f} x one SHA-256 ({bare:.2f} us)")


def _us(work: Callable[[], object]) -> float:
    """The median of nine means, in microseconds."""
    means = []
    for _ in range(9):
        begun = time.perf_counter()
        for _ in range(CALLS):
            work()
        means.append((time.perf_counter() - begun) / CALLS * 1e6)
    return statistics.median(means)


async def _trials() -> None:
    upstream = web.AppRunner(_upstream())
    await upstream.setup()
    site = web.TCPSite(upstream, "127.0.0.1", 0)
    await site.start()
    port = upstream.addresses[0][1]
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)  # its upstream's callers are cut off
    with tempfile.TemporaryDirectory() as folder:
        spec = {"kind": "openai_http", "base_url": f"http://127.0.0.1:{port}/v1"}
        file = policy(Path(folder), {"near": spec})
        environment = {"SLM_ROUTER_MAX_IN_FLIGHT": "8", "SLM_ROUTER_MAX_WAITING": "8"}
        with running_gateway(
            Path(folder) / "state", "--policy", str(file), environment=environment
        ) as gateway:
            await _overload(gateway)
            await _slow_peers(gateway)
    await upstream.cleanup()


def _upstream() -> web.Application:
    async def chat(request: web.Request) -> web.StreamResponse:
        if not (await request.json()).get("stream"):
            await asyncio.sleep(0.5)
            return web.json_response({"choices": [], "usage": None})
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for _ in range(LARGE_EVENTS):
            await response.write(EVENT)
        return response

    app = web.Application()
    app.router.add_post("/v1/chat/completions", chat)
    return app


async def _overload(gateway: GatewayProcess) -> None:
    """200 callers, each asking ten times about a second apart, on 8 slots and 8 places in line."""
    refused, alive, statuses = list[float](), list[float](), set[int]()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def call() -> None:
            await asyncio.sleep(random.uniform(0, 1))
            for _ in range(10):
                begun = time.perf_counter()
                async with session.post(gateway.url + CHAT, json=BODY) as answer:
                    await answer.read()
                    statuses.add(answer.status)
                    if answer.status == 503:
                        assert "retry-after" in answer.headers
                        refused.append(time.perf_counter() - begun)
                await asyncio.sleep(random.uniform(0.5, 1.5))

        async def look() -> None:
            while True:
                begun = time.perf_counter()
                async with session.get(f"{gateway.url}/healthz") as answer:
                    assert answer.status == 200
                alive.append(time.perf_counter() - begun)
                await asyncio.sleep(0.05)

        looking = asyncio.create_task(look())
        await asyncio.gather(*(call() for _ in range(200)))
        looking.cancel()
    print(f"overload, 200 callers on 8 + 8 slots: statuses {sorted(statuses)}")
    print(f"  refusals (n={len(refused)}): {_told(refused)}")
    print(f"  liveness (n={len(alive)}): {_told(alive)}")


async def _slow_peers(gateway: GatewayProcess) -> None:
    """200 half-sent requests and 5 readers of 8 MB who do not read, beside one who asks."""
    # The first of these loads the signals that no rule of this policy reads.
    async with aiohttp.request("POST", f"{gateway.url}/v1/route", json=BODY) as answer:
        assert answer.status == 200
    port, before = gateway.port, _resident_mb(gateway.process.pid)
    peers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(200)]
    for _, writer in peers:
        writer.write(HALF)
    body = b'{"model":"near","stream":true,"messages":[{"role":"user","content":"x"}]}'
    head = b"POST %s HTTP/1.1\r\nhost: localhost\r\ncontent-length: %d\r\n\r\n"
    for _ in range(5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(head % (CHAT.encode(), len(body)) + body)
        peers.append((reader, writer))
    await asyncio.sleep(3)
    waits = []
    async with aiohttp.ClientSession() as session:
        for _ in range(50):
            begun = time.perf_counter()
            async with session.post(f"{gateway.url}/v1/route", json=BODY) as answer:
                assert answer.status == 200
            waits.append(time.perf_counter() - begun)
    grown = _resident_mb(gateway.process.pid) - before
    print(f"slow peers, 200 half-sent and 5 x 8 MB unread: others (n={len(waits)}): {_told(waits)}")
    print(f"  resident memory grew by {grown:.1f} MB")
    begun = time.perf_counter()
    told = await asyncio.gather(*(reader.read(100) for reader, _ in peers[:200]))
    assert all(b" 408 " in answer for answer in told)
    print(
        f"  the half-sent ones were refused {time.perf_counter() - begun + 3:.0f} s after they came"
    )
    for _, writer in peers:
        writer.transport.abort()


def _told(seconds: list[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return f"p50 {cuts[49] * 1e3:.1f}, p95 {cuts[94] * 1e3:.1f}, p99 {cuts[98] * 1e3:.1f} ms"


if __name__ == "__main__":
    main()
