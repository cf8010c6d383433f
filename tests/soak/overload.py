"""L7: many more callers than there are places."""

import asyncio
import json
import time

from tests.fakes.faults import good
from tests.fakes.scripted_upstream import Script
from tests.soak.figure import Figure
from tests.soak.world import World, quantile

SETTINGS = {"max_in_flight": 8, "max_waiting": 8}
ANSWER_S = 0.3
BODY = json.dumps({"model": "near", "messages": [{"role": "user", "content": "Hi"}]}).encode()
CALL = (
    b"POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(BODY), BODY)
)
ALIVE = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"


class Line:
    """One connection, by hand: a client library would measure itself."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, sent: bytes) -> tuple[int, float, bytes]:
        """Status, seconds and head of the answer."""
        begun = time.perf_counter()
        self._writer.write(sent)
        head = await self._reader.readuntil(b"\r\n\r\n")
        spent = time.perf_counter() - begun
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await self._reader.readexactly(length)
        return int(head.split(b" ", 2)[1]), spent, head

    def close(self) -> None:
        self._writer.close()


async def overload(world: World, callers: int, rounds: int) -> list[Figure]:
    """Everybody asks at once, again and again."""
    world.mend()
    whole = good(False)
    world.near.script = Script(headers=whole.headers, pieces=whole.pieces, wait_s=ANSWER_S)
    lines = [
        Line(*await asyncio.open_connection("127.0.0.1", world.gateway.port))
        for _ in range(callers + 1)
    ]
    told, alive = list[tuple[int, float, bytes]](), list[float]()
    for _ in range(rounds):
        asking = [asyncio.create_task(line.ask(CALL)) for line in lines[1:]]
        while not all(task.done() for task in asking):
            alive.append((await lines[0].ask(ALIVE))[1])
            await asyncio.sleep(0.02)
        told += [task.result() for task in asking]
    for line in lines:
        line.close()
    refused = [one for one in told if one[0] in (429, 503)]
    odd = [one for one in told if one[0] not in (200, 429, 503)]
    blunt = [one for one in refused if b"retry-after:" not in one[2].lower()]
    p99, beat = quantile((it[1] for it in refused), 0.99), quantile(alive, 0.95)
    name = f"L7 {callers} callers on 8 + 8 places"
    return [
        Figure(
            f"{name}: answers",
            "200, 429, 503 with retry-after",
            f"{len(told) - len(refused)} x 200, {len(refused)} refused, {len(odd + blunt)} other",
            not odd and not blunt,
        ),
        Figure(f"{name}: refusal, p99", "<= 50 ms", f"{p99:.0f} ms", p99 <= 50),
        Figure(f"{name}: liveness, p95", "< 100 ms", f"{beat:.0f} ms", beat < 100),
    ]
