"""The demo: every demo prompt through a freshly started gateway, then who answered what.

The gateway runs as a subprocess on its simulated upstreams with a temporary state directory,
so the demo needs no model, no key and no network. Every figure shown comes from the answers'
headers or from the decision log; what was not priced is counted as unpriced, never as free.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openai
from prompts import DIFFICULTIES, LABELS, LOG_LIMIT, DemoError, Prompt, load_prompts
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from world import judge, score, write_policy

__all__ = ["DIFFICULTIES", "LABELS", "LOG_LIMIT", "DemoError", "Prompt", "load_prompts"]

ROUTER = (sys.executable, "-m", "router.cli")
STATE_DIR = "SLM_ROUTER_STATE_DIR"
READY_SECONDS = 30.0


@dataclass(frozen=True)
class Answer:
    """What the gateway's headers said about one answer, or why there is none."""

    prompt: Prompt
    model: str = ""
    decision: str = ""
    overhead_ms: float = 0.0
    failure: str = ""


@contextmanager
def gateway(port: int, state: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the gateway on simulated upstreams until the block is left, however it is left."""
    policy = write_policy(state / "policy")
    command = [*ROUTER, "serve", "--policy", str(policy), "--port", str(port)]
    with (state / "gateway.log").open("w+b") as log:
        env = os.environ | {STATE_DIR: str(state)}
        server = subprocess.Popen(command, env=env, stdout=log, stderr=log)
        try:
            if problem := _wait_until_ready(server, port):
                log.seek(0)
                said = log.read().decode(errors="replace").splitlines()[-15:]
                raise DemoError("\n".join([f"the gateway {problem}:", *said]))
            yield server
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def free_port() -> int:
    """Return a loopback port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> str:
    # No proxies: one set in the environment must not get the loopback traffic.
    web = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            return f"stopped with status {server.returncode}"
        try:
            with web.open(f"http://127.0.0.1:{port}/readyz", timeout=2):
                return ""
        except OSError:  # not listening yet, or answered that it is not ready
            time.sleep(0.1)
    return f"was not ready after {READY_SECONDS:.0f} s"


async def send_all(
    prompts: Sequence[Prompt], port: int, concurrency: int, console: Console
) -> list[Answer]:
    """Send every prompt, every other one streamed, and keep the answers in order."""
    turn = asyncio.Semaphore(concurrency)
    columns = (TextColumn("Routing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    web = openai.DefaultAsyncHttpxClient(trust_env=False)
    async with openai.AsyncOpenAI(
        base_url=f"http://127.0.0.1:{port}/v1", api_key="unused", max_retries=0, http_client=web
    ) as client:
        with Progress(*columns, console=console) as progress:
            bar = progress.add_task("", total=len(prompts))

            async def one(index: int, prompt: Prompt) -> Answer:
                async with turn:
                    answer = await ask(client, prompt, streamed=index % 2 == 1)
                progress.advance(bar)
                return answer

            return list(await asyncio.gather(*(one(i, p) for i, p in enumerate(prompts))))


async def ask(client: openai.AsyncOpenAI, prompt: Prompt, *, streamed: bool) -> Answer:
    """Send one prompt and read its answer to the end; a failure is part of the result."""
    try:
        if streamed:
            headers, filled = await _stream(client, prompt)
        else:
            create = client.chat.completions.with_raw_response.create
            raw = await create(model="auto", extra_headers=prompt.headers, **prompt.body)
            headers, message = raw.headers, raw.parse().choices[0].message
            filled = bool(message.content or message.tool_calls)
    # Broad: a broken stream raises what the SDK's transport raises, httpx or httpx2 by version.
    except Exception as error:  # noqa: BLE001
        return Answer(prompt, failure=f"{type(error).__name__}: {error}")
    return read_headers(prompt, headers) if filled else Answer(prompt, failure="empty answer")


async def _stream(client: openai.AsyncOpenAI, prompt: Prompt) -> tuple[Mapping[str, str], bool]:
    filled = False
    async with client.chat.completions.with_streaming_response.create(
        model="auto", stream=True, extra_headers=prompt.headers, **prompt.body
    ) as response:
        async for chunk in await response.parse():
            for choice in chunk.choices:
                filled = filled or bool(choice.delta.content or choice.delta.tool_calls)
        return response.headers, filled


def read_headers(prompt: Prompt, headers: Mapping[str, str]) -> Answer:
    """Take the router's account of an answer from its headers; a missing one is a failure."""
    try:
        return Answer(
            prompt,
            model=headers["x-slm-router-model"],
            decision=headers["x-slm-router-decision"],
            overhead_ms=float(headers["x-slm-router-overhead-ms"]),
        )
    except (KeyError, ValueError) as error:
        return Answer(prompt, failure=f"header missing or not a number: {error}")


def read_log(state: Path) -> dict[str, dict[str, Any]]:
    """Read the decision log with the router's own command: decision id -> row."""
    command = [*ROUTER, "log", "--format", "jsonl", "--limit", str(LOG_LIMIT)]
    env = os.environ | {STATE_DIR: str(state)}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DemoError(f"the decision log could not be read:\n{done.stderr.strip()}")
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    return {row["decision"]: row for row in rows}


def counts(answers: Sequence[Answer], label: str) -> tuple[list[str], list[list[str]]]:
    """Count answers per model (most used first) by one label: header, then rows with a total."""
    given = [a for a in answers if not a.failure]
    models = [model for model, _ in Counter(a.model for a in given).most_common()]
    found = {a.prompt.labels[label] for a in given}
    values = [d for d in DIFFICULTIES if d in found] if label == "difficulty" else sorted(found)
    cells = Counter((a.prompt.labels[label], a.model) for a in given)
    rows = []
    for value in values:
        total = sum(cells[value, model] for model in models)
        shares = [f"{cells[value, m]} ({cells[value, m] / total:.0%})" for m in models]
        rows.append([value, *shares, str(total)])
    return [label, *models, "all"], rows


def summary(answers: Sequence[Answer], log: Mapping[str, Mapping[str, Any]]) -> list[list[str]]:
    """Put cost and decision time into rows; costs are compared over answers with both prices."""
    given = [a for a in answers if not a.failure]
    rows = [["requests", f"{len(answers)} ({len(answers) - len(given)} failed)"]]
    if times := sorted(a.overhead_ms for a in given):
        p95 = times[math.ceil(0.95 * len(times)) - 1]
        rows.append(["decision time", f"median {statistics.median(times):.1f}, p95 {p95:.1f} ms"])
    known = [log[a.decision] for a in given if a.decision in log]
    priced = [r for r in known if None not in (r["cost_usd"], r["baseline_cost_usd"])]
    cost = math.fsum(r["cost_usd"] for r in priced)
    baseline_cost = math.fsum(r["baseline_cost_usd"] for r in priced)
    if baseline_cost:
        names = ", ".join(sorted({str(r["baseline"]) for r in priced}))
        rows.append(["cost, routed", f"${cost:.4f}"])
        rows.append([f"cost, {names}", f"${baseline_cost:.4f}"])
        rows.append(["saved", f"{1 - cost / baseline_cost:.1%}"])
    rows.append(["answers priced", f"{len(priced)} ({len(known) - len(priced)} unpriced)"])
    return rows


def failures(answers: Sequence[Answer], log: Mapping[str, object]) -> list[str]:
    """List what went wrong: failed requests, and answers that the decision log does not know."""
    return [
        f"{a.prompt.labels['id']}: {a.failure or 'not in the decision log'}"
        for a in answers
        if a.failure or a.decision not in log
    ]


def show(console: Console, title: str, header: Sequence[str], rows: list[list[str]]) -> None:
    """Print one table; as Markdown where the output is no terminal, so that it can be pasted."""
    console.print(f"\n[bold]{title}[/bold]\n")
    table = Table(*map(escape, header), box=box.SIMPLE if console.is_terminal else box.MARKDOWN)
    for row in rows:
        table.add_row(*map(escape, row))
    console.print(table)


def run(options: argparse.Namespace, console: Console) -> int:
    """Route the prompts, print the tables and return the exit status."""
    prompts = load_prompts(options.prompts, options.limit)
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="slm-router-demo-") as folder,
        gateway(port, Path(folder)) as server,
    ):
        answers = asyncio.run(send_all(prompts, port, options.concurrency, console))
        for label in ("difficulty", "task", "language"):
            show(console, f"Who answered what, by {label}", *counts(answers, label))
        log = read_log(Path(folder))
        show(console, "Cost and time (simulated)", ["figure", "value"], summary(answers, log))
        judged = judge(scores(answers, log), port)
        console.print(
            f"\n{judged} answers were judged, by what deploy/demo/world.py sets as right."
        )
        problems = failures(answers, log)
        if problems:
            console.print(f"\n[red]Failed: {len(problems)}[/red] (at most ten are shown)")
            for problem in problems[:10]:
                console.print(f"  {escape(problem)}")
        if options.stay:
            stay(console, port, server)
    return 1 if problems else 0


def scores(answers: Sequence[Answer], log: Mapping[str, object]) -> Iterator[tuple[str, float]]:
    """Decisions with what a check says of their answers in the demo's made-up world."""
    for it in answers:
        labels = it.prompt.labels
        value = score(labels["id"], labels["difficulty"], it.model)
        if value is not None and it.decision in log:
            yield it.decision, value


def stay(console: Console, port: int, server: subprocess.Popen[bytes]) -> None:
    """Keep the dashboard up until Ctrl-C, or until the gateway ends."""
    console.print(f"\nThe dashboard: [bold]http://127.0.0.1:{port}/[/bold] (Ctrl-C ends it)")
    with suppress(KeyboardInterrupt):
        server.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Read the options, run the demo and turn expected errors into one message."""
    parser = argparse.ArgumentParser(description="Route the demo prompts on simulated upstreams.")
    parser.add_argument("--limit", type=int, default=LOG_LIMIT, help="send the first N prompts")
    parser.add_argument("--concurrency", type=int, default=8)
    parser.add_argument(
        "--stay",
        action=argparse.BooleanOptionalAction,
        default=sys.stdin.isatty() and sys.stdout.isatty(),
        help="keep the gateway and its dashboard up until Ctrl-C (default: in a terminal)",
    )
    parser.add_argument("--prompts", type=Path, default=Path(__file__).with_name("prompts.jsonl"))
    options = parser.parse_args(argv)
    if options.concurrency < 1 or not 1 <= options.limit <= LOG_LIMIT:
        parser.error(f"--concurrency must be above 0 and --limit from 1 to {LOG_LIMIT}")
    # A terminated demo must stop its gateway just as an interrupted one does.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    console = Console(width=None if sys.stdout.isatty() else 140)
    try:
        return run(options, console)
    except (DemoError, OSError) as error:
        console.print(f"[red]{escape(str(error))}[/red]")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
