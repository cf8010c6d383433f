"""What a second worker gains, beside what the machine has to give:
python -m tests.benchmarks.bench_workers

    --rounds N --seconds S     how often, and how long a point is (default: 8 rounds of 1.5 s)

One worker, two workers, and two gateways of one worker each that know nothing of each other, with
half of the callers each: what these gain no `--workers` can exceed. All run from beginning to end
and are loaded in turn. Where callers and upstream run on the same two cores, these have less than
two cores to give, and how much less is told.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tests.benchmarks.bench_gateway import CALLERS, POLICY, run_load
from tests.benchmarks.bench_side_by_side import TWO, start, told, warm_up
from tests.benchmarks.gateways import MOCK, PORT, UPSTREAM_ITSELF, Gateway, ours
from tests.benchmarks.load_generator import WARM_UP_S
from tests.benchmarks.processes import PLACES, Measured

REST_S = 0.1

Running = Sequence[tuple[Gateway, Measured]]


class Point(NamedTuple):
    """What some gateways did together: answers a second, and for each of these milliseconds of
    their own CPU and of callers and upstream."""

    rps: float
    cpu: float
    others: float


def measured(running: Running, upstream: Measured, callers: int, seconds: float) -> Point:
    """One point of gateways that are loaded at the same time, with so many callers each."""
    before, asked_before = sum(it.cpu_s() for _, it in running), upstream.cpu_s()
    with ThreadPoolExecutor(len(running)) as pool:
        loads = [pool.submit(run_load, it, callers, False, seconds) for it, _ in running]
        runs = [load.result() for load in loads]
    time.sleep(REST_S)
    answers = sum(run["answers"] for run in runs)
    # What was sent while warming up took its share of the processor too.
    asked = answers * (seconds + WARM_UP_S) / seconds
    cpu = sum(it.cpu_s() for _, it in running) - before
    others = upstream.cpu_s() - asked_before + sum(run["cpu_s"] for run in runs)
    return Point(answers / seconds, 1000 * cpu / asked, 1000 * others / asked)


def gateways(folder: Path) -> dict[str, list[Gateway]]:
    """One worker on a core, two on two, and two gateways on a core each."""
    made = {it.name: it for it in ours(folder, POLICY)}
    one, two = made["slm-router, routed"], made[TWO]
    apart = []
    for core in sorted(PLACES.two_workers)[:2]:
        state = {**one.environment, "SLM_ROUTER_STATE_DIR": str(folder / f"apart-{core}")}
        name = f"slm-router, alone on core {core}"
        apart.append(replace(one, name=name, environment=state, cores=frozenset({core})))
    return {"one worker": [one], "2 workers": [two], "two gateways": apart}


def shown(rounds: Sequence[dict[str, Point]]) -> None:
    """What each did, and the ratios."""
    print(f"{'':16}  req/s  CPU ms  others' CPU ms")
    for name in rounds[0]:
        rps, cpu, others = map(median, zip(*(seen[name] for seen in rounds), strict=True))
        print(f"{name:16} {rps:6.0f} {cpu:7.3f} {others:15.3f}")
    print(f"{CALLERS} callers; medians of {len(rounds)} rounds\n")
    for name, other in (
        ("2 workers", "one worker"),
        ("two gateways", "one worker"),
        ("2 workers", "two gateways"),
    ):
        ratio = told([seen[name].rps / seen[other].rps for seen in rounds])
        print(f"{name} to {other}: {ratio}")
    if not PLACES.are_apart:
        most = [2 * one.cpu / (one.cpu + one.others) for one in (it["one worker"] for it in rounds)]
        print(f"2 workers to one worker, if nothing cost more than there: at most {told(most)}")


def main() -> None:
    """Start all, run all rounds and print what they tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.5)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder, ports = Path(directory), iter(range(PORT, PORT + 10))
        running, sets = list[Measured](), dict[str, Running]()
        try:
            running.append(start(UPSTREAM_ITSELF, MOCK, folder))
            warm_up(UPSTREAM_ITSELF, running[0])
            for name, members in gateways(folder).items():
                placed = [replace(it, port=next(ports)) for it in members]
                running += (made := [start(it, it.words, folder) for it in placed])
                sets[name] = list(zip(placed, made, strict=True))
                for gateway, process in sets[name]:
                    warm_up(gateway, process)
            rounds = [
                {
                    name: measured(of, running[0], CALLERS // len(of), given.seconds)
                    for name, of in sets.items()
                }
                for _ in range(given.rounds)
            ]
            shown(rounds)
        finally:
            for process in running:
                process.stop()


if __name__ == "__main__":
    main()
