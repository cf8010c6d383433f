"""L5 and L6: both servers down, one server down, and one that keeps failing."""

import asyncio
import time
from statistics import median

from tests.fakes.faults import BEFORE, answering
from tests.soak.figure import Figure
from tests.soak.world import Told, World

QUICK = ("reset", "close", "500", "502", "503 retry-after", "429 retry-after", "html", "truncated")
HANGS = ("hang before head", "hang after head")
MOST_CALLS, MOST_S = 6, 10.0
OPEN_S = 10.0

FIRST_BYTE_S = 1.0
"""What either server is allowed to its first byte: a hang is noticed after it."""

SETTINGS = {"first_byte_s": FIRST_BYTE_S}


async def both_down(world: World) -> Figure:
    """L5: one error, soon, after few calls, whatever has happened to both."""
    worst_s, most_calls, odd = 0.0, 0, 0
    for fault in ("refused", *QUICK, *HANGS):
        await world.trusted()
        told, calls = await _with_both(world, fault)
        worst_s, most_calls = max(worst_s, told.seconds), max(most_calls, calls)
        odd += not (told.status >= 500 or told.status == 429) or b'"error"' not in told.content
    return Figure(
        "L5 both servers down",
        f"one error <= {MOST_S:g} s, <= {MOST_CALLS} calls",
        f"{worst_s:.2f} s, {most_calls} calls" + (f", {odd} odd" if odd else ""),
        worst_s <= MOST_S and most_calls <= MOST_CALLS and not odd,
    )


async def _with_both(world: World, fault: str) -> tuple[Told, int]:
    servers = world.near, world.far
    if fault == "refused":
        for server in servers:
            await server.stop()
        told = await world.ask()
        for server in servers:
            await server.start()
        return told, world.calls
    for server in servers:
        server.script = BEFORE[fault](False)
    return await world.ask(stream=fault in HANGS), world.calls


async def reaction(world: World, times: int) -> list[Figure]:
    """L6: what a fault of the nearer server adds to the farther one's answer, at most."""
    await world.trusted()
    usual_s = median([(await world.ask(model="far")).seconds for _ in range(20)])
    quick_s = [await _extra(world, fault, usual_s) for fault in QUICK for _ in range(times)]
    quick_s += [await _extra(world, "refused", usual_s) for _ in range(times)]
    hang_s = max([await _extra(world, fault, usual_s) for fault in HANGS])
    quick = median(quick_s) * 1000, max(quick_s) * 1000
    return [
        Figure(
            "L6 fallback from any other fault",
            "<= 50 ms extra",
            f"{quick[0]:.0f} ms, at most {quick[1]:.0f} ms",
            quick[1] <= 50,
        ),
        Figure(
            f"L6 fallback from a hang, {FIRST_BYTE_S:g} s allowed",
            "<= 1 s extra",
            f"{hang_s - FIRST_BYTE_S:.2f} s",
            hang_s <= FIRST_BYTE_S + 1,
        ),
    ]


async def _extra(world: World, fault: str, usual_s: float) -> float:
    """Seconds that one request takes longer; infinite if it fails."""
    await world.trusted()
    if fault == "refused":
        await world.near.stop()
        told = await world.ask()
        await world.near.start()
    else:
        world.near.script = BEFORE[fault](False)
        told = await world.ask(stream=fault in HANGS)
    return told.seconds - usual_s if told.whole else float("inf")


async def skipped(world: World, callers: int = 20) -> list[Figure]:
    """L6: five failures in a row, then nobody asks for ten seconds, then one does."""
    await world.trusted()
    world.near.script = BEFORE["503 retry-after"](False)
    for _ in range(5):
        await world.ask()
    opened, before = time.monotonic(), len(world.near.received)
    told: list[Told] = []
    while time.monotonic() < opened + OPEN_S - 0.5:
        told.append(await world.ask())
        await asyncio.sleep(0.05)
    meanwhile = len(world.near.received) - before
    await asyncio.sleep(max(opened + OPEN_S + 0.1 - time.monotonic(), 0))
    told += await asyncio.gather(*(world.ask() for _ in range(callers)))
    probes = len(world.near.received) - before - meanwhile
    world.near.script = answering
    await asyncio.sleep(OPEN_S + 0.1)
    back = [await world.ask() for _ in range(3)]
    failed = sum(not one.whole for one in (*told, *back))
    closed = len(world.near.received) - before - meanwhile - probes
    return [
        Figure(
            "L6 after 5 failures in a row",
            "skipped for 10 s",
            f"{meanwhile} of {len(told) - callers} asked it, {failed} failed",
            meanwhile == failed == 0,
        ),
        Figure(f"L6 then, of {callers} at once", "1 probe", f"{probes} probes", probes == 1),
        Figure("L6 once it is well", "asked again", f"{closed} of {len(back)}", closed == 3),
    ]
