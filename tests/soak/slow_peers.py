"""L15: callers who send half a request, and callers who read next to nothing."""

import asyncio
import json
import time

from tests.fakes.faults import EVENTS, answering
from tests.fakes.scripted_upstream import event, streamed
from tests.soak.figure import Figure
from tests.soak.world import World, quantile

SETTINGS = {"peer_timeout_s": 5}
HALF = b"POST /v1/chat/completions HTTP/1.1\r\nhost: local"
HALF_BODY = b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: 999\r\n\r\n{"
PIECE = event({"choices": [{"index": 0, "delta": {"content": "a" * 4_000}}]})
LARGE = streamed(*(PIECE * 16,) * 128, *EVENTS[3:])
READERS = 25


async def slow_peers(world: World, half: int) -> list[Figure]:
    """Others are served meanwhile; the slow are let go in time, and little is kept for them."""
    world.mend()
    for number in range(100):
        await world.ask(stream=number % 2 == 1)
    peers = [await _peer(world, HALF if number % 2 else HALF_BODY) for number in range(half)]
    begun = time.monotonic()
    world.near.script = lambda seen: LARGE if b"large" in seen.body else answering(seen)
    rss = world.rss_mb()
    readers = [await _reader(world) for _ in range(READERS)]
    told = [await world.ask(stream=number % 2 == 1) for number in range(40)]
    grown = (world.rss_mb() - rss) / READERS
    others = quantile((one.seconds for one in told), 0.5)
    failed = sum(not one.whole for one in told)
    await asyncio.gather(*(reader.read() for reader, _ in peers), return_exceptions=True)
    dropped_s = time.monotonic() - begun
    for _, writer in (*peers, *readers):
        writer.transport.abort()
    allowed = SETTINGS["peer_timeout_s"]
    return [
        Figure(
            f"L15 others beside {half} half requests, {READERS} slow readers of 8 MB",
            "median < 500 ms, 0 failed",
            f"{others:.0f} ms, {failed} failed",
            others < 500 and not failed,
        ),
        Figure(
            f"L15 half requests are let go, {allowed} s allowed",
            f"<= {allowed + 3} s",
            f"{dropped_s:.1f} s",
            dropped_s <= allowed + 3,
        ),
        Figure("L15 memory for each slow reader", "<= 1 MB", f"{grown:.2f} MB", grown <= 1),
    ]


Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _peer(world: World, sent: bytes, limit: int = 2**16) -> Peer:
    reader, writer = await asyncio.open_connection("127.0.0.1", world.gateway.port, limit=limit)
    writer.write(sent)
    return reader, writer


async def _reader(world: World) -> Peer:
    messages = [{"role": "user", "content": "large"}]
    body = json.dumps({"model": "near", "stream": True, "messages": messages}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n\r\n"
    reader, writer = await _peer(world, head.encode() + body, limit=1024)
    await reader.read(100)
    return reader, writer
