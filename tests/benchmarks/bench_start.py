"""How long until the first routed answer, how much memory, how large an install.

Baseline: starting a bare interpreter that imports FastAPI and answers nobody.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.fakes.process import GatewayProcess, running_gateway

ROUNDS = 5


def main() -> None:
    """Print the figures."""
    bare = statistics.median(_bare() for _ in range(ROUNDS))
    with tempfile.TemporaryDirectory() as directory:
        starts, sizes, overheads = [], [], []
        for round_ in range(ROUNDS):
            started = time.perf_counter()
            with running_gateway(Path(directory) / str(round_), "--simulated") as gateway:
                starts.append(time.perf_counter() - started)
                overheads += [_overhead_ms(gateway) for _ in range(200)]
                sizes.append(_resident_mb(gateway.process.pid))
    ready = statistics.median(starts)
    print(f"ready after {ready:.2f} s = {ready / bare:.1f} x a bare FastAPI import ({bare:.2f} s)")
    print(f"resident after 200 requests: {statistics.median(sizes):.0f} MB")
    cuts = statistics.quantiles(overheads, n=100)
    print(f"overhead of a routed request: p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms (n=1000)")
    print(f"this environment, with what tests need: {_environment_mb():.0f} MB")


def _bare() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import fastapi"], check=True)
    return time.perf_counter() - started


def _overhead_ms(gateway: GatewayProcess) -> float:
    prompt = "What is the capital of France, and since when has it been the capital?"
    body = json.dumps({"model": "auto", "messages": [{"role": "user", "content": prompt}]})
    request = urllib.request.Request(f"{gateway.url}/v1/chat/completions", body.encode())
    with urllib.request.urlopen(request, timeout=30) as answer:
        return float(answer.headers["x-slm-router-overhead-ms"])


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def _environment_mb() -> float:
    top = Path(sys.prefix)
    return sum(
        os.lstat(os.path.join(folder, name)).st_size / 1e6
        for folder, _, names in os.walk(top)
        for name in names
    )


if __name__ == "__main__":
    main()
