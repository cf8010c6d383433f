"""GET and POST /api/v1/demo: 300 hand-written prompts through this gateway, in the background.

Rule: where a model could cost money nothing is sent until that was confirmed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router.answer import UNREADABLE
from router.api.access import key_name_of
from router.api.caller import body_of
from router.api.reports.asking import ask
from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.core.catalog import AUTO, Catalog
from router.core.cost import Usage, call_cost, expected_latency
from router.core.stats import ModelStats
from router.core.tokens import estimated_tokens
from router.errors import InvalidRequest
from router.runtime import Runtime

CONCURRENCY = 8
MOST_BYTES = 4096
State = Literal["idle", "running", "done", "stopped"]


@dataclass
class Demo:
    """How far sending them has come."""

    state: State = "idle"
    sent: int = 0
    failed: int = 0
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Prompt(NamedTuple):
    """A body to send, and what it is for."""

    body: dict[str, Any]
    tags: tuple[str, ...]


@cache
def prompts() -> Sequence[Prompt]:
    """All of them, in order."""
    package = Path(__file__).resolve().parents[2]
    installed = package / "shipped_demo" / "prompts.jsonl"
    path = installed if installed.is_file() else package.parent / "deploy/demo/prompts.jsonl"
    rows = map(msgspec.json.decode, path.read_bytes().splitlines())
    kept = ("messages", "tools", "response_format")
    return tuple(
        Prompt({name: row[name] for name in kept if name in row}, ("demo", f"task={row['task']}"))
        for row in rows
    )


async def demo(request: Request) -> Response:
    """How far it is."""
    return answered(request, report(request))


async def start_demo(request: Request) -> Response:
    """Begin, unless it runs already; `confirm` is needed where models could cost money."""
    try:
        given = msgspec.json.decode(await body_of(request, MOST_BYTES) or b"{}")
    except UNREADABLE as error:
        raise InvalidRequest(f"The body must be a JSON object: {error}.") from None
    confirmed = isinstance(given, dict) and given.get("confirm") is True
    begin(request, confirmed)
    return answered(request, report(request))


def report(request: Request) -> Told:
    """How far it is, who would be asked, and what that could cost at most."""
    runtime, found = runtime_of(request), demo_of(request)
    gateway = runtime.gateway
    catalog = gateway.default.catalog
    content = {
        "object": "demo",
        "state": found.state,
        "sent": found.sent,
        "failed": found.failed,
        "total": len(prompts()),
        "simulated": gateway.simulated,
        "models": list(catalog.conversing),
        "at_most_usd": 0.0 if gateway.simulated else _at_most(catalog),
    }
    return Told(content)


def begin(request: Request, confirmed: bool) -> None:
    """Send them from now on. Raises InvalidRequest if it is not confirmed and has to be."""
    runtime, found = runtime_of(request), demo_of(request)
    if not runtime.gateway.simulated and not confirmed:
        raise InvalidRequest("These models may cost money: send confirm with true.", "confirm")
    if found.state != "running":
        found.state, found.sent, found.failed = "running", 0, 0
        found.task = asyncio.create_task(_send_all(runtime, found, key_name_of(request)))


def demo_of(request: Request) -> Demo:
    """The process's one demo."""
    found = getattr(request.app.state, "demo", None)
    if found is None:
        found = request.app.state.demo = Demo()
    assert isinstance(found, Demo)
    return found


async def _send_all(runtime: Runtime, found: Demo, key: str | None) -> None:
    waiting = iter(enumerate(prompts()))

    async def some() -> None:
        for at, (body, tags) in waiting:
            if not runtime.accepting:
                return
            # Every other one streamed, as callers do.
            whole = {"model": AUTO, "stream": at % 2 == 1, **body}
            asked = await ask(runtime, whole, key, tags)
            found.sent += 1
            found.failed += asked.error is not None

    try:
        await asyncio.gather(*(some() for _ in range(CONCURRENCY)))
    finally:
        found.state = "done" if found.sent == len(prompts()) else "stopped"


def _at_most(catalog: Catalog) -> float | None:
    """US dollars if the dearest model answered every prompt at its usual length; None if a model's
    price is not known."""
    words = [estimated_tokens(str(it.body)) for it in prompts()]
    totals = []
    for card in catalog.conversing.values():
        if card.price is None:
            return None
        usages = [Usage(tokens, card.expected_output_tokens) for tokens in words]
        costs = [
            call_cost(card.price, usage, expected_latency(card, usage, ModelStats()))
            for usage in usages
        ]
        totals.append(sum(cost or 0.0 for cost in costs))
    return max(totals, default=None)
