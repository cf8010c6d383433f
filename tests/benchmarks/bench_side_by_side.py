"""Gateways side by side, loaded in turn: python -m tests.benchmarks.bench_side_by_side

    --litellm VENV   also LiteLLM's proxy, out of this virtual environment (litellm[proxy]==1.106.2)
    --rounds N --seconds S     how often, and how long a point is (default: 8 rounds of 1 s)

All run from beginning to end, and in every round each is loaded while the others rest. What is
compared was thus measured within a quarter of a minute, and how far the rounds differ is told: the
median of their ratios, with a 95 % interval that assumes nothing of how they are spread (order
statistics). Where a machine's neighbours come and go this says more than medians of all that each
ever did.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from scipy.stats import quantile_test

from tests.benchmarks.bench_gateway import CALLERS, POLICY, first_answer, run_load
from tests.benchmarks.gateways import MOCK, PORT, UPSTREAM_ITSELF, Gateway, floor, litellm, ours
from tests.benchmarks.load_generator import WARM_UP_S
from tests.benchmarks.processes import PLACES, Measured

SLOW = 2
"""So many times as long is a point of LiteLLM's, which answers few requests in it."""

REST_S = 0.1


class Point(NamedTuple):
    """What one gateway did in one round: answers a second and milliseconds of CPU for each, at
    many callers; milliseconds that one caller waits, plain and for the first streamed byte."""

    rps: float
    cpu: float
    p50: float
    p99: float
    first: float


Round = dict[str, Point]


class Figure(NamedTuple):
    """A ratio of one round, and what is wanted of it."""

    title: str
    wanted: str
    needs: tuple[str, ...]
    of: Callable[[Round], float]


ROUTED, NAMED = "slm-router, routed", "slm-router, named model"
FLOOR, BARE = "FastAPI + aiohttp", UPSTREAM_ITSELF.name
RULES, PLAIN = "LiteLLM, rule router", "LiteLLM, named model"
TWO = "slm-router, 2 workers"
ONE = ROUTED if PLACES.are_apart else "slm-router, routed, unpinned"

# Of time the issue asks for so much where a request of the floor takes 0.16 ms of CPU.
FIGURES = (
    Figure(
        "req/s, routed, to LiteLLM's rule router",
        ">= 20",
        (ROUTED, RULES),
        lambda seen: seen[ROUTED].rps / seen[RULES].rps,
    ),
    Figure(
        "req/s, a named model, to LiteLLM's",
        ">= 25",
        (NAMED, PLAIN),
        lambda seen: seen[NAMED].rps / seen[PLAIN].rps,
    ),
    Figure(
        "CPU, LiteLLM's rule router, to routed",
        ">= 20",
        (ROUTED, RULES),
        lambda seen: seen[RULES].cpu / seen[ROUTED].cpu,
    ),
    Figure(
        "CPU, LiteLLM's named model, to ours",
        ">= 25",
        (NAMED, PLAIN),
        lambda seen: seen[PLAIN].cpu / seen[NAMED].cpu,
    ),
    Figure(
        "CPU of a routed request, to the floor's",
        "<= 2.25",
        (ROUTED, FLOOR),
        lambda seen: seen[ROUTED].cpu / seen[FLOOR].cpu,
    ),
    Figure(
        "added p50 at one caller, to the floor's CPU",
        "<= 3.75",
        (ROUTED, FLOOR, BARE),
        lambda seen: (seen[ROUTED].p50 - seen[BARE].p50) / seen[FLOOR].cpu,
    ),
    Figure(
        "added p99 at one caller, to the floor's CPU",
        "<= 12.5",
        (ROUTED, FLOOR, BARE),
        lambda seen: (seen[ROUTED].p99 - seen[BARE].p99) / seen[FLOOR].cpu,
    ),
    Figure(
        "added to the first streamed byte, to the floor's CPU",
        "<= 4.38",
        (ROUTED, FLOOR, BARE),
        lambda seen: (seen[ROUTED].first - seen[BARE].first) / seen[FLOOR].cpu,
    ),
    Figure(
        "req/s of 2 workers, to one",
        ">= 1.7",
        (TWO, ONE),
        lambda seen: seen[TWO].rps / seen[ONE].rps,
    ),
)


def one_round(running: Sequence[tuple[Gateway, Measured]], seconds: float) -> Round:
    """Every gateway by many callers, then every one by one caller, then streamed: what is compared
    with each other is as near in time as can be."""
    seen = dict[str, list[float]]()
    for gateway, process in running:
        length = seconds * (SLOW if gateway.name in (RULES, PLAIN) else 1)
        before = process.cpu_s()
        answers = run_load(gateway, CALLERS, False, length)["answers"]
        time.sleep(REST_S)
        # What was sent while warming up took its share of the processor too.
        cpu = (process.cpu_s() - before) * length / (length + WARM_UP_S)
        seen[gateway.name] = [answers / length, 1000 * cpu / answers]
    for gateway, _ in running:
        cuts = quantiles(run_load(gateway, 1, False, seconds)["total_ms"], n=100)
        seen[gateway.name] += [cuts[49], cuts[98]]
    for gateway, _ in running:
        seen[gateway.name].append(median(run_load(gateway, 1, True, seconds)["first_ms"]))
    return {name: Point(*values) for name, values in seen.items()}


def told(values: Sequence[float]) -> str:
    """The median of the rounds and, of six or more, its 95 % interval."""
    if len(values) < 6:
        return f"{median(values):6.2f}"
    low, high = quantile_test(values, p=0.5).confidence_interval(0.95)
    return f"{median(values):6.2f} [{low:.2f}, {high:.2f}]"


def shown(rounds: Sequence[Round]) -> None:
    """What each did, and the ratios."""
    print(f"{'':30}  req/s  CPU ms    p50    p99  first byte")
    for name in sorted(rounds[0], key=lambda name: rounds[0][name].cpu):
        columns = zip(*(seen[name] for seen in rounds), strict=True)
        rps, cpu, p50, p99, first = map(median, columns)
        print(f"{name:30} {rps:6.0f} {cpu:7.3f} {p50:6.2f} {p99:6.2f} {first:11.2f}")
    print(f"req/s and CPU at {CALLERS} callers, ms at one; medians of {len(rounds)} rounds\n")
    for figure in FIGURES:
        if all(name in rounds[0] for name in figure.needs):
            ratio = told([figure.of(seen) for seen in rounds])
            print(f"{figure.title:54} {ratio:24} wanted {figure.wanted}")


def main() -> None:
    """Start all, run all rounds and print what they tell."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", type=Path)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=1.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        gateways = [floor(), *ours(folder, POLICY)]
        gateways += litellm(folder, given.litellm.absolute()) if given.litellm else []
        gateways = [replace(it, port=PORT + place) for place, it in enumerate(gateways)]
        running = list[tuple[Gateway, Measured]]()
        try:
            started = [(UPSTREAM_ITSELF, MOCK), *((it, it.words) for it in gateways)]
            for gateway, words in started:
                running.append((gateway, start(gateway, words, folder)))
                warm_up(*running[-1])
            rounds = [
                one_round(running if number % 2 else running[::-1], given.seconds)
                for number in range(given.rounds)
            ]
            shown(rounds)
        finally:
            for _, process in running:
                process.stop()


def start(gateway: Gateway, words: Sequence[str], folder: Path) -> Measured:
    """Start a gateway, on its cores and with its log."""
    places = PLACES.upstream if gateway is UPSTREAM_ITSELF else gateway.cores
    return Measured(words, places, gateway.environment, folder / f"{gateway.name}.log")


def warm_up(gateway: Gateway, process: Measured) -> None:
    """Wait until it has answered, with all of its workers, and load it for a second."""
    first_answer(process, gateway)
    process.until_listening(gateway.port, gateway.workers)
    run_load(gateway, CALLERS, False, 1.0)


if __name__ == "__main__":
    main()
