"""The gateway under load, beside others in the same run: python -m tests.benchmarks.bench_gateway

    --litellm VENV   also LiteLLM's proxy, out of this virtual environment (litellm[proxy]==1.106.2)
    --portkey DIR    also Portkey's gateway, out of this folder of npm's (@portkey-ai/gateway)
    --rounds N --seconds S     how often, and how long a point is (default: 3 rounds of 2 s)
    --soak S         how long memory is watched under load (default: 60 s; 0: not at all)

Each gateway runs alone, pinned to a core; the upstream and the callers share another, or have one
each where there are four. All take turns in every round, and medians over the rounds are shown: the
speed of a shared machine drifts, ratios within a run and milliseconds of CPU hold.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from tests.benchmarks.gateways import (
    MOCK,
    UPSTREAM_ITSELF,
    Gateway,
    floor,
    litellm,
    ours,
    portkey,
)
from tests.benchmarks.load_generator import KEY
from tests.benchmarks.processes import PLACES, Measured, pinned

POLICY = Path(__file__).parents[2] / "policies" / "default.yaml"
CALLERS = 16
POINTS = {"one": (1, False), "many": (CALLERS, False), "stream": (1, True)}
"""Name -> callers, and whether answers are streamed."""


@dataclass
class Figures:
    """What was seen of one gateway, a value a round."""

    seen: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, **figures: float) -> None:
        """One round's."""
        for name, value in figures.items():
            self.seen[name].append(value)

    def __getitem__(self, name: str) -> float:
        return median(self.seen[name]) if self.seen.get(name) else float("nan")


def run_load(gateway: Gateway, callers: int, stream: bool, seconds: float) -> dict[str, Any]:
    """One point, by a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.load_generator", str(gateway.port)]
    command += [gateway.model, str(callers), str(seconds), *(["--stream"] if stream else [])]
    command += [word for header in gateway.headers for word in ("--header", header)]
    # A file: of what went through a pipe the rest was missing now and then, past 128 KiB.
    with pinned(PLACES.callers), tempfile.TemporaryFile("w+") as told:
        subprocess.run(command, stdout=told, check=True)
        told.seek(0)
        run: dict[str, Any] = json.load(told)
    if run["errors"] or not run["answers"]:
        raise RuntimeError(f"{gateway.name}: {run['errors']} errors of {run['answers']} answers")
    return run


def measure(gateway: Gateway, seconds: float, folder: Path, figures: Figures) -> None:
    """One round of one gateway, from its start to its end."""
    process = None
    if gateway.command:
        log = folder / f"{gateway.name}.log"
        process = Measured(gateway.words, gateway.cores, gateway.environment, log)
    try:
        if process is not None:
            figures.add(ready_s=first_answer(process, gateway))
            # Until then all connections go to the first of its workers.
            process.until_listening(gateway.port, gateway.workers)
        for name, (callers, stream) in POINTS.items():
            if stream and not gateway.streams:
                continue
            before = process.cpu_s() if process is not None else 0.0
            run = run_load(gateway, callers, stream, seconds)
            spent = process.cpu_s() - before if process is not None else 0.0
            cuts = quantiles(run["total_ms"], n=100)
            # What was sent while warming up took its share of the processor too.
            share = seconds / (seconds + 0.5)
            figures.add(
                **{
                    f"{name}_rps": run["answers"] / seconds,
                    f"{name}_p50": cuts[49],
                    f"{name}_p99": cuts[98],
                    f"{name}_first": median(run["first_ms"]),
                    f"{name}_cpu": 1000 * spent * share / run["answers"],
                }
            )
        if process is not None:
            figures.add(resident=process.resident_mb())
    finally:
        if process is not None:
            process.stop()


def first_answer(process: Measured, gateway: Gateway) -> float:
    """Seconds from the start of a gateway to its first good answer."""
    body = json.dumps({"model": gateway.model, "messages": [{"role": "user", "content": "Hi"}]})
    return process.until(gateway.url, body.encode(), KEY, gateway.headers)


def soak(gateway: Gateway, seconds: float, folder: Path) -> str:
    """How memory fares under load at full speed, after a tenth of the time to warm up."""
    process = Measured(gateway.words, gateway.cores, gateway.environment, folder / "soak.log")
    try:
        first_answer(process, gateway)
        run_load(gateway, CALLERS, False, seconds / 10)
        warm, begun = process.resident_mb(), process.cpu_s()
        run = run_load(gateway, CALLERS, False, seconds * 9 / 10)
        grown, busy = process.resident_mb() - warm, process.cpu_s() - begun
    finally:
        process.stop()
    return (
        f"memory: {warm + grown:.0f} MB after {seconds:.0f} s of load, {grown:+.1f} MB after"
        f" warm-up ({run['answers']:,} requests, {busy:.0f} s of a core)"
    )


def shown(all_figures: dict[str, Figures]) -> None:
    """The table, and what the issue asks for."""
    bare = all_figures[UPSTREAM_ITSELF.name]
    print(f"{'':32}  req/s  CPU ms  p50 added  p99 added  stream added  ready s  RSS MB")
    for name, it in all_figures.items():
        added = [it[key] - bare[key] for key in ("one_p50", "one_p99", "stream_first")]
        print(
            f"{name:32} {it['many_rps']:6.0f} {it['many_cpu']:7.3f} {added[0]:10.2f}"
            f" {added[1]:10.2f} {added[2]:13.2f} {it['ready_s']:8.2f} {it['resident']:7.0f}"
        )
    print(f"req/s and CPU at {CALLERS} callers; ms added to the upstream's own at one caller\n")
    one = "slm-router, routed" if PLACES.are_apart else "slm-router, routed, unpinned"
    told = [
        ("slm-router, routed", "LiteLLM, rule router", "many_rps", ">= 20"),
        ("slm-router, named model", "LiteLLM, named model", "many_rps", ">= 25"),
        ("slm-router, 2 workers", one, "many_rps", ">= 1.7"),
        ("slm-router, routed", "FastAPI + aiohttp", "many_cpu", "<= 2.25 (0.36 to 0.16 ms)"),
    ]
    for name, other, key, wanted in told:
        if name in all_figures and other in all_figures:
            ratio = all_figures[name][key] / all_figures[other][key]
            print(f"{name}: {ratio:.2f} x {other} in {key} (wanted {wanted})")
    if not PLACES.are_apart:
        told_per_core(all_figures[one], all_figures["slm-router, 2 workers"])


def told_per_core(one: Figures, two: Figures) -> None:
    """How two workers fared with what was left to them of their cores."""
    had, each = two["many_rps"] * two["many_cpu"] / 1000, one["many_cpu"] / two["many_cpu"]
    print(
        f"slm-router, 2 workers had {had:.2f} of the two cores, for callers and upstream run on"
        f" them too: for each core of theirs they answer {each:.2f} times what one worker does"
    )


def main() -> None:
    """Run all rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", type=Path)
    parser.add_argument("--portkey", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--soak", type=float, default=60.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory)
        mine = ours(folder, POLICY)
        gateways = [UPSTREAM_ITSELF, floor(), *mine]
        gateways += litellm(folder, given.litellm.absolute()) if given.litellm else []
        gateways += [portkey(given.portkey.absolute())] if given.portkey else []
        upstream = Measured(MOCK, PLACES.upstream, {}, folder / "upstream.log")
        figures = {gateway.name: Figures() for gateway in gateways}
        try:
            first_answer(upstream, UPSTREAM_ITSELF)
            for _ in range(given.rounds):
                for gateway in gateways:
                    measure(gateway, given.seconds, folder, figures[gateway.name])
            shown(figures)
            if given.soak:
                print(soak(mine[0], given.soak, folder))
        finally:
            upstream.stop()


if __name__ == "__main__":
    main()
