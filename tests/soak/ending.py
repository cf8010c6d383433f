"""L12: SIGTERM. What is in flight is finished, and nothing new is begun."""

import asyncio
import signal
import time

import aiohttp

from tests.fakes.faults import good
from tests.fakes.scripted_upstream import Script, hanging
from tests.soak.figure import Figure
from tests.soak.world import Told, World, until

IN_FLIGHT = 20
ANSWER_S = 1.5


async def ending(world: World) -> list[Figure]:
    """The signal comes while twenty requests wait for their answers; ends the world's gateway."""
    world.mend()
    whole = good(False)
    world.far.script = Script(headers=whole.headers, pieces=whole.pieces, wait_s=ANSWER_S)
    asked = [asyncio.create_task(world.ask(model="far")) for _ in range(IN_FLIGHT)]
    await until(lambda: len(world.far.received) >= IN_FLIGHT)
    begun = time.monotonic()
    world.gateway.process.send_signal(signal.SIGTERM)
    refused_s = await _until_refused(world, begun)
    told: list[Told] = await asyncio.gather(*asked)
    code = await asyncio.to_thread(world.gateway.process.wait, 60)
    ended_s, whole_ones = time.monotonic() - begun, sum(one.whole for one in told)
    return [
        Figure(
            "L12 SIGTERM: in flight",
            f"{IN_FLIGHT} of {IN_FLIGHT} complete",
            f"{whole_ones} of {IN_FLIGHT}",
            whole_ones == IN_FLIGHT,
        ),
        Figure(
            "L12 SIGTERM: /readyz 503, new connections refused",
            "<= 0.5 s",
            f"{refused_s:.2f} s",
            refused_s <= 0.5,
        ),
        Figure(
            "L12 SIGTERM: exit",
            "<= 30 s, code 0 or -15",
            f"{ended_s:.1f} s, code {code}",
            ended_s <= 30 and code in (0, -signal.SIGTERM),
        ),
    ]


async def _until_refused(world: World, begun: float) -> float:
    """Seconds until a new connection is refused or told 503."""
    while time.monotonic() < begun + 10:
        try:
            async with aiohttp.request("GET", f"{world.gateway.url}/readyz") as answer:
                if answer.status == 503:
                    break
        except aiohttp.ClientError:
            break
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


async def ending_at_once(world: World) -> Figure:
    """The second signal does not wait for anybody; ends the world's gateway."""
    world.mend()
    world.far.script = hanging()
    asked = asyncio.create_task(world.ask(model="far"))
    await until(lambda: bool(world.far.received))
    world.gateway.process.send_signal(signal.SIGTERM)
    await asyncio.sleep(0.3)
    begun = time.monotonic()
    world.gateway.process.send_signal(signal.SIGTERM)
    await asyncio.to_thread(world.gateway.process.wait, 60)
    ended_s = time.monotonic() - begun
    told, logged = await asked, world.rows("outcome = 'broken' AND status = 503")
    return Figure(
        "L12 second SIGTERM",
        "exit <= 2 s, the caller told, the row logged",
        f"{ended_s:.2f} s, told {told.status}, {logged} row",
        ended_s <= 2 and (told.status, logged) == (503, 1),
    )
