"""L8: kill -9 takes one of two replicas, or one of two workers, under load.

Who was waiting for an answer of that one loses it, and nobody else. What was acknowledged, an
answer that came whole, stands in a decision log: in that of a process which was killed at the
latest once it is started again.
"""

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from tests.fakes.faults import good
from tests.fakes.process import GatewayProcess
from tests.fakes.scripted_upstream import Received, Script
from tests.soak.figure import Figure
from tests.soak.world import Told, World, policy, started, until

ANSWER_S = 0.2
"""What an answer takes: some are always on their way."""

ESTABLISHED, LISTENING = "01", "0A"
"""States of a connection, as /proc/net/tcp writes them."""


class Balancer:
    """Spreads connections over ports in turn, and passes over those where nobody listens.

    `open` counts those of each port.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self.open = Counter[int]()
        self._ports = ports
        self.port = 0
        self._turn = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        self._turn += 1
        first = self._turn % len(self._ports)
        for port in (*self._ports[first:], *self._ports[:first]):
            self.open[port] += 1
            try:
                theirs, ours = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                self.open[port] -= 1
            else:
                break
        else:
            writer.close()
            return
        ways = [asyncio.create_task(_pass_on(*it)) for it in ((reader, ours), (theirs, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        self.open[port] -= 1
        for side in (ours, writer):
            side.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while content := await reader.read(65536):
            writer.write(content)
            await writer.drain()


@asynccontextmanager
async def _balancing(ports: Sequence[int]) -> AsyncIterator[Balancer]:
    balancer = Balancer(ports)
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    balancer.port = server.sockets[0].getsockname()[1]
    try:
        yield balancer
    finally:
        server.close()


async def replicas(world: World, rps: int, seconds: float) -> list[Figure]:
    """Two processes with a log each, behind a balancer; the second is killed, then started anew."""
    content = policy(world.near, world.far)
    other = await _replica(world, content)
    async with _balancing((world.gateway.port, other.port)) as balancer:

        def kill() -> int:
            lost = balancer.open[other.port]
            other.process.kill()
            # Nobody connects while it is dying.
            other.process.wait()
            return lost

        told, lost = await _loaded(world, f"http://127.0.0.1:{balancer.port}", rps, seconds, kill)
    again = await _replica(world, content)
    try:
        return await _figures(f"L8 kill -9 of one of two replicas at {rps} rps", told, lost, world)
    finally:
        await asyncio.to_thread(again.stop)


async def _replica(world: World, content: dict[str, object]) -> GatewayProcess:
    made = started(_others_state(world), content, {})
    await asyncio.to_thread(made.wait_until_ready)
    return made


def _others_state(world: World) -> Path:
    return world.gateway.state / "other"


async def workers(world: World, rps: int, seconds: float) -> list[Figure]:
    """Two workers of one gateway with one log; one is killed, and replaced by the supervisor."""
    supervisor, port = world.gateway.process.pid, world.gateway.port
    await until(lambda: len(_sockets(port, LISTENING)) == 2)

    def kill() -> int:
        pid = _children(supervisor)[0]
        # Stopped, so that nothing changes while it is counted what it has in hand.
        os.kill(pid, signal.SIGSTOP)
        lost = _connections(pid, port)
        os.kill(pid, signal.SIGKILL)
        # Nobody connects while it is dying.
        while len(_sockets(port, LISTENING)) == 2:
            time.sleep(0.001)
        return lost

    told, lost = await _loaded(world, world.gateway.url, rps, seconds, kill)
    return await _figures(f"L8 kill -9 of one of two workers at {rps} rps", told, lost, world)


async def _loaded(
    world: World, url: str, rps: int, seconds: float, kill: Callable[[], int]
) -> tuple[list[Told], int]:
    """An even load with the killing in its middle: what was told, and how many could be lost."""

    def slow(seen: Received) -> Script:
        whole = good(bool(seen.json.get("stream")))
        return Script(headers=whole.headers, pieces=whole.pieces, wait_s=ANSWER_S)

    world.mend()
    world.near.script = slow
    loop, count, lost = asyncio.get_running_loop(), int(rps * seconds), 0
    begun, asked = loop.time(), list[asyncio.Task[Told]]()
    # A connection a request: what a pool holds of a process that died is no finding.
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:
        caller = World(world.near, world.far, world.gateway, session)
        for number in range(count):
            await asyncio.sleep(begun + number / rps - loop.time())
            asked.append(asyncio.create_task(caller.ask(stream=number % 2 == 1, url=url)))
            if number == count // 2:
                lost = kill()
        return list(await asyncio.gather(*asked)), lost


async def _figures(trial: str, told: Sequence[Told], lost: int, world: World) -> list[Figure]:
    failed = sum(not one.whole for one in told)
    ids = {one.headers["x-slm-router-decision"] for one in told if one.whole}

    def missing() -> set[str]:
        logs = (world.gateway.state, _others_state(world))
        return ids.difference(*(world.ids(state) for state in logs))

    await until(lambda: not missing())
    return [
        Figure(
            f"{trial}: lost to callers",
            "<= those in flight on it",
            f"{failed} of {len(told)}, {lost} in flight",
            failed <= lost,
        ),
        Figure(
            f"{trial}: acknowledged ids lost",
            "0",
            f"{len(missing())} of {len(ids)}",
            not missing() and len(ids) > len(told) // 2,
        ),
    ]


def _children(pid: int) -> list[int]:
    return [int(it) for it in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _connections(pid: int, port: int) -> int:
    """Connections to a port that a process holds, or that nobody has accepted yet."""
    held = set[str]()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            held.add(os.readlink(file))
    ours = _sockets(port, ESTABLISHED)
    return sum(inode == "0" or f"socket:[{inode}]" in held for inode in ours)


def _sockets(port: int, state: str) -> list[str]:
    """The numbers of the sockets of a port that are in some state, 0 for who is not accepted."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [it[9] for it in rows if it[1].endswith(f":{port:04X}") and it[3] == state]
