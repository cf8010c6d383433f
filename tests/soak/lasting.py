"""L2: an hour, or as long as is asked for, in which nothing may fail and nothing may grow.

    make soak MINUTES=60 RPS=100

Every caller is another one, every fiftieth asks for a model that nobody has, a fifth of what the
nearer server is asked fails, and once a minute it starts again.
"""

import asyncio
import os
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.faults import BEFORE, good
from tests.fakes.scripted_upstream import Received, Script
from tests.soak.figure import Figure
from tests.soak.steady import DOWN_S, MODES
from tests.soak.world import Told, World

SHARE = 0.2
RESTART_S = 60.0
WARM_S = 300.0
"""Memory counts from here on, or from a fourth of a shorter time."""

STRANGER = 50
GROWTH = 0.05
SPARE_FILES = 10
POOL = min(32, (os.cpu_count() or 1) + 4)
"""Threads that asyncio makes as it comes to need them, and keeps."""

IDLE_S = 35.0
"""By then callers' pools have let go of what lies idle, which they look for every 15 s: what is
open still is held by us."""


@dataclass(frozen=True)
class Held:
    """What the gateway holds at a moment: resident memory, open files and sockets, databases among
    the files, threads, and the size of the tables of conversations."""

    rss_mb: float
    files: int
    sockets: int
    databases: int
    threads: int
    tables: int


async def lasting(world: World, rps: float, minutes: float, idle_s: float = IDLE_S) -> list[Figure]:
    """An even stream of requests, every other one streamed."""
    world.mend()
    world.near.script = _failing(time.monotonic())
    loop, seconds, failed = asyncio.get_running_loop(), minutes * 60, list[Told]()
    count, warm = int(rps * seconds), int(min(WARM_S, seconds / 4) * rps)
    restarting = asyncio.create_task(_restarting(world))
    begun, early, asking = loop.time(), _held(world), set[asyncio.Task[None]]()
    for number in range(count):
        await asyncio.sleep(begun + number / rps - loop.time())
        task = asyncio.create_task(_ask(world, number, failed))
        asking.add(task)
        task.add_done_callback(asking.discard)
        if number == warm:
            early = _held(world)
    await asyncio.gather(*asking)
    restarting.cancel()
    late = _held(world)
    for server in (world.near, world.far):
        server.drop_idle()
    await asyncio.sleep(idle_s)
    trial = f"L2 soak, {rps:g} rps x {minutes:g} min"
    return [
        Figure(f"{trial}: failed", f"0 of {count}", f"{len(failed)} of {count}", not failed),
        *_grown(trial, early, late, _held(world)),
    ]


def _failing(begun: float) -> Callable[[Received], Script]:
    """A fifth of the answers is a fault, every ten seconds of another kind."""
    chance = random.Random(2)

    def script(seen: Received) -> Script:
        mode = MODES[int((time.monotonic() - begun) / 10) % len(MODES)]
        stream = bool(seen.json.get("stream"))
        return BEFORE[mode](stream) if chance.random() < SHARE else good(stream)

    return script


async def _ask(world: World, number: int, failed: list[Told]) -> None:
    fields: dict[str, Any] = {
        "user": f"caller {number}",
        "metadata": {"session_id": f"session {number}"},
    }
    stranger = number % STRANGER == 0
    model = f"model {number}" if stranger else "auto"
    told = await world.ask(stream=number % 2 == 1, model=model, **fields)
    if told.status != 404 if stranger else not told.whole:
        failed.append(told)
        print(f"request {number}: {told.status} {told.content[-300:]!r}", file=sys.stderr)


def _grown(trial: str, early: Held, late: Held, idle: Held) -> list[Figure]:
    return [
        Figure(
            f"{trial}: memory",
            f"<= {GROWTH:.0%} more than when warm",
            f"{early.rss_mb:.1f} MB, then {late.rss_mb:.1f}",
            late.rss_mb <= early.rss_mb * (1 + GROWTH),
        ),
        Figure(
            f"{trial}: open files, databases",
            "as many",
            f"{early.files}, then {late.files}; {early.databases}, then {late.databases}",
            late.files <= early.files + SPARE_FILES and late.databases <= early.databases,
        ),
        Figure(
            f"{trial}: sockets, without callers",
            f"<= {SPARE_FILES}",
            f"{idle.sockets}",
            idle.sockets <= SPARE_FILES,
        ),
        Figure(
            f"{trial}: threads, bytes of tables",
            f"<= {POOL} more, a pool's; as many",
            f"{early.threads}, then {late.threads}; {early.tables}, then {late.tables}",
            late.threads <= early.threads + POOL and late.tables == early.tables,
        ),
    ]


def _held(world: World) -> Held:
    process = Path(f"/proc/{world.gateway.process.pid}")
    files = list[str]()
    for file in (process / "fd").iterdir():
        with suppress(OSError):
            files.append(os.readlink(file))
    tables = world.gateway.state.glob("*.table")
    return Held(
        world.rss_mb(),
        sum(not file.startswith("socket:") for file in files),
        sum(file.startswith("socket:") for file in files),
        sum(".sqlite3" in file for file in files),
        len(list((process / "task").iterdir())),
        sum(table.stat().st_size for table in tables),
    )


async def _restarting(world: World) -> None:
    while True:
        await asyncio.sleep(RESTART_S)
        await world.near.restart(DOWN_S)
