"""L1 and L4: a load that goes on while the nearer server fails in turns and starts again."""

import asyncio
import random
from collections.abc import Sequence

from tests.fakes.faults import BEFORE, answering, good
from tests.fakes.scripted_upstream import Received, Script
from tests.soak.figure import Figure
from tests.soak.world import Told, World, quantile

MODES = ("reset", "close", "500", "503 retry-after", "429 retry-after", "html", "error first")
SHARE = 0.3
DOWN_S = 0.3
WARM_UP = 0.25
"""Share of the time after which memory counts."""


async def soak(world: World, rps: int, seconds: float, restart_s: float) -> list[Figure]:
    """L1: an even stream of requests, every other one streamed."""
    world.mend()
    chance = random.Random(1)
    count = int(rps * seconds)
    loop = asyncio.get_running_loop()
    begun, asked, rss = loop.time(), list[asyncio.Task[Told]](), 0.0

    def script(seen: Received) -> Script:
        mode = MODES[len(asked) * len(MODES) // count % len(MODES)]
        stream = bool(seen.json.get("stream"))
        return BEFORE[mode](stream) if chance.random() < SHARE else good(stream)

    world.near.script = script
    restarting = asyncio.create_task(_restarting(world, restart_s))
    for number in range(count):
        await asyncio.sleep(begun + number / rps - loop.time())
        asked.append(asyncio.create_task(world.ask(stream=number % 2 == 1)))
        if number == int(count * WARM_UP):
            rss = world.rss_mb()
    told = await asyncio.gather(*asked)
    grown = world.rss_mb() - rss
    restarting.cancel()
    failed, p99 = _failed(told), quantile((one.seconds for one in told), 0.99)
    name = f"L1 soak, {rps} rps x {seconds:g} s"
    return [
        Figure(f"{name}: failed", f"0 of {count}", f"{failed} of {len(told)}", failed == 0),
        Figure(f"{name}: p99", "<= 60 ms", f"{p99:.0f} ms", p99 <= 60),
        Figure(f"{name}: memory", "<= 10 MB more", f"{grown:.1f} MB", grown <= 10),
    ]


async def burst(world: World, bursts: int) -> Figure:
    """L4: ten requests at a time, of which every other ten find a server that fails."""
    world.mend()
    told: list[Told] = []
    for number in range(bursts):
        fault = BEFORE[MODES[number // 2 % len(MODES)]]
        world.near.script = answering if number % 2 else fault(bool(number % 4))
        told += await asyncio.gather(*(world.ask(stream=bool(number % 4)) for _ in range(10)))
    return _none_failed("L4 flaky bursts", told)


async def restarts(world: World, times: int) -> Figure:
    """L4: twenty callers without a pause, and a server that starts again under them."""
    world.mend()
    told, ended = list[Told](), asyncio.Event()

    async def caller(stream: bool) -> None:
        while not ended.is_set():
            told.append(await world.ask(stream))

    callers = [asyncio.create_task(caller(number % 2 == 1)) for number in range(20)]
    for _ in range(times):
        await asyncio.sleep(0.5)
        await world.near.restart(DOWN_S)
    ended.set()
    await asyncio.gather(*callers)
    return _none_failed(f"L4 {times} restarts under 20 callers", told)


async def stale(world: World, times: int) -> Figure:
    """L4: connections that the server has closed while they lay idle; nobody to fall back on."""
    world.mend()
    told: list[Told] = []
    for _ in range(times):
        told += await asyncio.gather(*(world.ask(model="far") for _ in range(20)))
        world.far.drop_idle()
    return _none_failed("L4 stale keep-alive, no fallback", told)


async def _restarting(world: World, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await world.near.restart(DOWN_S)


def _failed(told: Sequence[Told]) -> int:
    return sum(not one.whole for one in told)


def _none_failed(trial: str, told: Sequence[Told]) -> Figure:
    failed = _failed(told)
    return Figure(trial, "0 failed", f"{failed} of {len(told)}", failed == 0)
