"""make soak: every reliability figure that one machine can show, in one table.

Takes about five minutes. The exit code is 1 if a figure is not reached. `--only L4 L6` runs some,
`--minutes 60` the long one (L2) alone, at `--rps` requests a second.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import uvloop

from tests.soak import down, ending, lasting, leaving, overload, replicas, slow_peers, steady
from tests.soak.figure import Figure, table
from tests.soak.fuzzed import described, fuzzed
from tests.soak.world import World, world

Trial = Callable[[World], Awaitable[list[Figure] | Figure]]

Trials = Mapping[str, tuple[Mapping[str, float], Trial]]
TRIALS: Trials = {
    "L1": ({}, lambda it: steady.soak(it, rps=40, seconds=60, restart_s=15)),
    "L4 bursts": ({}, lambda it: steady.burst(it, bursts=40)),
    "L4 restarts": ({}, lambda it: steady.restarts(it, times=10)),
    "L4 stale": ({}, lambda it: steady.stale(it, times=50)),
    "L5": (down.SETTINGS, down.both_down),
    "L6 reaction": (down.SETTINGS, lambda it: down.reaction(it, times=5)),
    "L6 skipped": (down.SETTINGS, down.skipped),
    "L7": (overload.SETTINGS, lambda it: overload.overload(it, callers=200, rounds=10)),
    "L8": ({}, lambda it: replicas.replicas(it, rps=40, seconds=10)),
    "L8 workers": ({"workers": 2}, lambda it: replicas.workers(it, rps=40, seconds=10)),
    "L12": ({}, ending.ending),
    "L12 twice": ({}, ending.ending_at_once),
    "L13": ({}, lambda it: leaving.leaving(it, streams=60)),
    "L14": ({}, lambda it: fuzzed(count=10_000, seed=1)),
    "L14 document": ({}, lambda it: described(count=1_747, seed=1)),
    "L15": (slow_peers.SETTINGS, lambda it: slow_peers.slow_peers(it, half=200)),
}
"""By name: the gateway's settings, and the trial."""


async def run(trials: Trials, only: list[str]) -> list[Figure]:
    """Trials, each with a gateway of its own."""
    figures: list[Figure] = []
    for name, (settings, trial) in trials.items():
        if only and name.split()[0] not in only:
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            async with world(Path(folder), **settings) as made:
                found = await trial(made)
        figures += [found] if isinstance(found, Figure) else found
    return figures


def main() -> int:
    """The table, on standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], metavar="TRIAL")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--rps", type=float, default=100.0)
    asked = parser.parse_args()
    trials = TRIALS
    if asked.minutes is not None:
        trials = {"L2": ({}, lambda it: lasting.lasting(it, asked.rps, asked.minutes))}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        figures = runner.run(run(trials, asked.only))
    print(table(figures))
    return 0 if all(figure.ok for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
