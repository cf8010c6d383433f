"""World: a real gateway process between two scripted servers and a caller who checks everything.

The servers and the caller live in this process, the gateway in one of its own, all on loopback. The
nearer server is cheaper and asked first; the farther one is well unless a trial says otherwise.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.fakes.faults import TEXT, answering
from tests.fakes.process import GatewayProcess
from tests.fakes.scripted_upstream import ScriptedUpstream

PATIENT_S = 20.0
"""What either server is allowed to its first byte where none hangs: no machine is that busy."""

PRICE = {"near": 0.1, "far": 10.0}


@dataclass(frozen=True)
class Told:
    """One answer: `whole` if it is complete and says everything once."""

    status: int
    whole: bool
    seconds: float
    content: bytes = b""
    headers: Any = None


@dataclass
class World:
    """What a trial has in its hands."""

    near: ScriptedUpstream
    far: ScriptedUpstream
    gateway: GatewayProcess
    session: aiohttp.ClientSession

    async def ask(
        self, stream: bool = False, model: str = "auto", url: str = "", **fields: Any
    ) -> Told:
        """One chat completion, of the gateway or at another address. Status 0: no HTTP answer."""
        messages = [{"role": "user", "content": "Hi"}]
        body = {"model": model, "stream": stream, "messages": messages, **fields}
        begun = time.perf_counter()
        try:
            path = f"{url or self.gateway.url}/v1/chat/completions"
            async with self.session.post(path, json=body) as answer:
                content = await answer.read()
        except aiohttp.ClientError:
            return Told(0, False, time.perf_counter() - begun)
        spent = time.perf_counter() - begun
        whole = answer.status == 200 and said(content, stream) == TEXT
        return Told(answer.status, whole, spent, content, answer.headers)

    def mend(self) -> None:
        """Both servers are well from now on."""
        for server in (self.near, self.far):
            server.script = answering
            server.received.clear()

    async def trusted(self) -> None:
        """Both servers are well, and the gateway knows it, by a probe if it had given up."""
        self.mend()
        for model in ("near", "far"):
            for _ in range(100):
                if (await self.ask(model=model)).whole:
                    break
                await asyncio.sleep(0.25)
        self.mend()

    @property
    def calls(self) -> int:
        """Calls that reached the servers."""
        return len(self.near.received) + len(self.far.received)

    def rss_mb(self) -> float:
        """Resident memory of the gateway."""
        status = Path(f"/proc/{self.gateway.process.pid}/status").read_text()
        kilobytes = next(line.split()[1] for line in status.splitlines() if "VmRSS" in line)
        return int(kilobytes) / 1024

    def rows(self, where: str) -> int:
        """Rows of the decision log of which the condition holds."""
        path = self.gateway.state / "decisions.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as log:
            return int(log.execute(f"SELECT COUNT(*) FROM decisions WHERE {where}").fetchone()[0])

    def ids(self, state: Path) -> set[str]:
        """The decisions in the log of a state directory; none if there is no such log."""
        path = state / "decisions.sqlite3"
        if not path.is_file():
            return set()
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as log:
            return {str(id) for (id,) in log.execute("SELECT id FROM decisions")}


def said(content: bytes, stream: bool) -> str:
    """The text of an answer; a stream must end well and tell no error."""
    if not stream:
        with suppress(ValueError, KeyError, TypeError):
            return str(json.loads(content)["choices"][0]["message"]["content"])
        return ""
    *events, last = content.strip().split(b"\n\n")
    if last != b"data: [DONE]" or b'"error"' in content:
        return ""
    chunks = [json.loads(event.removeprefix(b"data: ")) for event in events]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


def policy(
    near: ScriptedUpstream, far: ScriptedUpstream, first_byte_s: float = PATIENT_S
) -> dict[str, Any]:
    """Both servers, the nearer first, with times that a trial can wait for."""
    times = {"first_byte_timeout": f"{first_byte_s}s", "idle_timeout": "20s", "timeout": "60s"}
    servers = {"near": near, "far": far}
    return {
        "name": "soak",
        "upstreams": {
            name: {"kind": "openai_http", "base_url": it.base_url, **times}
            for name, it in servers.items()
        },
        "models": {
            name: {
                "upstream": name,
                "location": "cloud",
                "quality": 0.9,
                "price": {"input_usd_per_mtok": PRICE[name], "output_usd_per_mtok": PRICE[name]},
            }
            for name in servers
        },
        "default": {"strategy": {"kind": "cheapest_good_enough", "min_quality": 0.1}},
    }


def started(folder: Path, content: dict[str, Any], environment: dict[str, str]) -> GatewayProcess:
    """A gateway with a policy and a state directory of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "policy.yaml"
    # What is JSON is YAML.
    file.write_text(json.dumps(content), "utf-8")
    return GatewayProcess(["--policy", str(file)], folder, environment, cwd=folder)


async def until(condition: Callable[[], bool], most_s: float = 20.0) -> float:
    """Seconds until it holds; infinite if it does not in that time."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() > begun + most_s:
            return float("inf")
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


@asynccontextmanager
async def world(
    folder: Path, first_byte_s: float = PATIENT_S, **settings: Any
) -> AsyncIterator[World]:
    """A world of its own. `first_byte_s` is what servers are allowed, `settings` the gateway's."""
    environment = {f"SLM_ROUTER_{name.upper()}": str(value) for name, value in settings.items()}
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        ScriptedUpstream(answering) as near,
        ScriptedUpstream(answering) as far,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        gateway = started(folder, policy(near, far, first_byte_s), environment)
        try:
            await asyncio.to_thread(gateway.wait_until_ready)
            yield World(near, far, gateway, session)
        finally:
            await asyncio.to_thread(gateway.stop)


def quantile(seconds: Iterable[float], share: float) -> float:
    """The value below which that share lies, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000
