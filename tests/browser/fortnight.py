"""A fortnight of demo traffic in a real decision log, made in a minute: the clock is moved.

The gateway is the real one, on the demo's policy and its simulated models; what is moved is the
time that it reads. Within the fortnight the policy changes once and no model answers for an hour,
so that the pages have something to mark.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import httpx2

from router import prices
from router.app import create_app
from router.assembly import Assembly
from router.clock import SystemClock
from router.errors import UpstreamUnreachable
from router.gateway import Gateway
from router.ports import Reply, UpstreamCall
from router.runtime import Reload, Runtime
from router.settings import Settings
from router.stores.sqlite import SQLiteDecisionLog
from router.telemetry.prometheus import CONTENT_TYPE, PrometheusObserver

DEMO = Path(__file__).parents[2] / "deploy" / "demo"
sys.path.insert(0, str(DEMO))

from prompts import Prompt, load_prompts  # noqa: E402
from world import score, write_policy  # noqa: E402

DAYS = 14
HOURS = (8, 11, 14, 17)
AN_HOUR = 16
AT_ONCE = 3
DAY_S = 86_400.0
CHANGED_ON, OUT_ON = 6, 10


class MovedClock(SystemClock):
    """Real time, `by` seconds earlier."""

    by = 0.0
    ahead = 0.0
    """By how much the monotonic clock has been moved on, so that cooldowns end."""

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time() - self.by

    def elapsed(self) -> float:
        """Monotonic seconds."""
        return time.perf_counter() + self.ahead


class Gone:
    """Satisfies router.ports.Upstream: it cannot be reached."""

    async def open(self, call: UpstreamCall) -> Reply:
        """Raises UpstreamUnreachable."""
        raise UpstreamUnreachable("The simulated upstream cannot be reached.")

    async def close(self) -> None:
        """Nothing is held."""


async def fortnight(state: Path, days: int = DAYS) -> Path:
    """Fill the log of a state directory; the policy that the traffic was routed by."""
    policy = write_policy(state / "policy")
    settings = Settings(state_dir=state, policy=policy)
    log, metrics, clock = (
        SQLiteDecisionLog(settings.decision_log),
        PrometheusObserver(),
        MovedClock(),
    )
    assembly = Assembly(settings, log, metrics, prices.bundled(), clock)
    runtime = Runtime(
        gateway=(await assembly.build()).gateway,
        settings=settings,
        metrics=lambda: (metrics.exposition(), CONTENT_TYPE),
        reload=Reload(clock.now()),
        started=clock.now(),
    )
    prompts, chance = load_prompts(DEMO / "prompts.jsonl"), Random(7)
    app = httpx2.ASGITransport(create_app(runtime))
    async with httpx2.AsyncClient(transport=app, base_url="http://127.0.0.1") as client:
        for day in range(days):
            if day == CHANGED_ON:
                text = policy.read_text("utf-8").replace("min_quality: 0.7,", "min_quality: 0.72,")
                policy.write_text(text, "utf-8")
                runtime.gateway = (await assembly.build()).gateway
            for hour in HOURS:
                _move(clock, days - day, hour)
                is_out = day == OUT_ON and hour == HOURS[1]
                kept = runtime.gateway
                runtime.gateway = _out_of_order(kept) if is_out else kept
                await _an_hour(client, chance.sample(prompts, AN_HOUR), f"{day}-{hour}")
                runtime.gateway = kept
    await assembly.close()
    return policy


def _move(clock: MovedClock, days_ago: int, hour: int) -> None:
    midnight = time.time() // DAY_S * DAY_S
    clock.ahead += 3600.0
    clock.by = time.time() - (midnight - days_ago * DAY_S + hour * 3600.0)


def _out_of_order(gateway: Gateway) -> Gateway:
    default = gateway.default
    gone = dict.fromkeys(default.upstreams, Gone())
    return replace(gateway, policies={default.policy.name: replace(default, upstreams=gone)})


async def _an_hour(client: httpx2.AsyncClient, prompts: Sequence[Prompt], name: str) -> None:
    # Few at a time: signals that come too late on a busy machine are unknown to the policy.
    turn = asyncio.Semaphore(AT_ONCE)

    async def in_turn(one: Awaitable[None]) -> None:
        async with turn:
            await one

    await asyncio.gather(
        *(in_turn(_one(client, prompt, f"{name}-{i // 3}")) for i, prompt in enumerate(prompts))
    )


async def _one(client: httpx2.AsyncClient, prompt: Prompt, session: str) -> None:
    body = {"model": "auto", **prompt.body}
    headers = {"x-slm-router-session": session, **prompt.headers}
    answer = await client.post("/v1/chat/completions", json=body, headers=headers, timeout=60)
    if answer.status_code != 200:
        return
    told = answer.headers
    value = score(prompt.labels["id"], prompt.labels["difficulty"], told["x-slm-router-model"])
    if value is not None:
        said = {"decision": told["x-slm-router-decision"], "score": value, "source": "check"}
        await client.post("/v1/feedback", json=said)


if __name__ == "__main__":
    asyncio.run(fortnight(Path(sys.argv[1])))
