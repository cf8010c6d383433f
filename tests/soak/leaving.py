"""L13: the caller leaves, and the upstream is let go."""

import asyncio
import json

from tests.fakes.faults import EVENTS
from tests.fakes.scripted_upstream import Script, hanging, streamed
from tests.soak.figure import Figure
from tests.soak.world import World, until

LONG = streamed(*EVENTS[:1] * 200, gap_s=0.1)


async def leaving(world: World, streams: int) -> list[Figure]:
    """Streams abandoned after the first token, and two requests before it."""
    world.mend()
    rows = world.rows("status = 499")
    streamed_s = await _until_gone(world, LONG, streams, stream=True)
    plain_s = await _until_gone(world, hanging(), 1, stream=False)
    silent_s = await _until_gone(world, hanging(), 1, stream=True)
    await asyncio.sleep(0.5)
    logged, left = world.rows("status = 499") - rows, streams + 2
    return [
        Figure(
            f"L13 {streams} streams abandoned",
            "0 upstream connections after 2.5 s",
            f"0 after {streamed_s:.2f} s",
            streamed_s <= 2.5,
        ),
        Figure(
            "L13 a caller leaves before the first token, plain and streamed",
            "upstream dropped <= 3 s",
            f"{plain_s:.2f} s, {silent_s:.2f} s",
            max(plain_s, silent_s) <= 3,
        ),
        Figure("L13 rows logged with 499", f"{left}", f"{logged}", logged == left),
    ]


async def _until_gone(world: World, script: Script, count: int, stream: bool) -> float:
    """Seconds from the leaving of all callers to that of the gateway from its upstream."""
    world.far.script = script
    world.far.drop_idle()
    peers = [await _asking(world, stream) for _ in range(count)]
    await until(lambda: world.far.open_connections >= count)
    if stream and script is LONG:
        for reader, _ in peers:
            await reader.readuntil(b"data: ")
    for _, writer in peers:
        writer.transport.abort()
    return await until(lambda: not world.far.open_connections)


async def _asking(world: World, stream: bool) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    messages = [{"role": "user", "content": "Hi"}]
    body = json.dumps({"model": "far", "stream": stream, "messages": messages}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\ncontent-length: {len(body)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", world.gateway.port)
    writer.write(head.encode() + body)
    return reader, writer
