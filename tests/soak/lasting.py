"""L2: an hour, or as long as is asked for, in which nothing may fail and nothing may grow.

    make soak MINUTES=60 RPS=100

Every caller is another one, every fiftieth asks for a model that nobody has, a fifth of what the
nearer server is asked fails, and once a minute it starts again.
"""

import asyncio
import os
import random
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fakes.faults import BEFORE, good
from tests.fakes.scripted_upstream import Received, Script
from tests.soak.figure import Figure
from tests.soak.steady import DOWN_S, MODES
from tests.soak.world import World

SHARE = 0.2
RESTART_S = 60.0
WARM_S = 300.0
"""Memory counts from here on, or from a fourth of a shorter time."""

STRANGER = 50
GROWTH = 0.05
SPARE_FILES = 10


@dataclass(frozen=True)
class Held:
    """What the gateway holds at a moment: resident memory, open files (of which on databases),
    threads, and the size of the tables of conversations."""

    rss_mb: float
    files: int
    databases: int
    threads: int
    tables: int


async def lasting(world: World, rps: float, minutes: float) -> list[Figure]:
    """An even stream of requests, every other one streamed."""
    world.mend()
    chance, seconds = random.Random(2), minutes * 60
    count, loop = int(rps * seconds), asyncio.get_running_loop()
    warm = int(min(WARM_S, seconds / 4) * rps)
    begun, told, asking = loop.time(), Counter[str](), set[asyncio.Task[None]]()

    def script(seen: Received) -> Script:
        mode = MODES[int((loop.time() - begun) / 10) % len(MODES)]
        stream = bool(seen.json.get("stream"))
        return BEFORE[mode](stream) if chance.random() < SHARE else good(stream)

    async def ask(number: int) -> None:
        fields: dict[str, Any] = {
            "user": f"caller {number}",
            "metadata": {"session_id": f"session {number}"},
        }
        stream, stranger = number % 2 == 1, number % STRANGER == 0
        model = f"model {number}" if stranger else "auto"
        one = await world.ask(stream=stream, model=model, **fields)
        told["well" if (one.status == 404 if stranger else one.whole) else "failed"] += 1

    world.near.script = script
    restarting = asyncio.create_task(_restarting(world))
    early = _held(world)
    for number in range(count):
        await asyncio.sleep(begun + number / rps - loop.time())
        task = asyncio.create_task(ask(number))
        asking.add(task)
        task.add_done_callback(asking.discard)
        if number == warm:
            early = _held(world)
    await asyncio.gather(*asking)
    restarting.cancel()
    return _figures(f"L2 soak, {rps:g} rps x {minutes:g} min", count, told, early, _held(world))


def _figures(trial: str, count: int, told: Counter[str], early: Held, late: Held) -> list[Figure]:
    failed, most = count - told["well"], early.rss_mb * (1 + GROWTH)
    return [
        Figure(f"{trial}: failed", f"0 of {count}", f"{failed} of {count}", failed == 0),
        Figure(
            f"{trial}: memory",
            f"<= {GROWTH:.0%} more than when warm",
            f"{early.rss_mb:.1f} MB, then {late.rss_mb:.1f}",
            late.rss_mb <= most,
        ),
        Figure(
            f"{trial}: open files",
            f"within {SPARE_FILES}, as many databases",
            f"{early.files}, then {late.files}; {early.databases}, then {late.databases}",
            abs(late.files - early.files) <= SPARE_FILES and late.databases <= early.databases,
        ),
        Figure(
            f"{trial}: threads, bytes of tables",
            "as many",
            f"{early.threads}, then {late.threads}; {early.tables}, then {late.tables}",
            late.threads <= early.threads and late.tables == early.tables,
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
        len(files),
        sum(".sqlite3" in file for file in files),
        len(list((process / "task").iterdir())),
        sum(table.stat().st_size for table in tables),
    )


async def _restarting(world: World) -> None:
    while True:
        await asyncio.sleep(RESTART_S)
        await world.near.restart(DOWN_S)
