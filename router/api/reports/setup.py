"""GET /api/v1/setup: what still has to be done until this gateway serves for real."""

import asyncio
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.core.browsing import DecisionQuery
from router.policyfile import shipped_policies
from router.runtime import Runtime

COLUMNS = ("id", "title", "done", "how")


class Step(NamedTuple):
    """One thing to do. `how` says how, or what is wrong."""

    id: str
    title: str
    done: bool
    how: str


async def setup(request: Request) -> Response:
    """The steps as JSON or CSV."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """Every step, and whether all are done."""
    runtime = runtime_of(request)
    steps = [
        *_files(runtime),
        *await asyncio.to_thread(_traffic, runtime),
    ]
    rows = [step._asdict() for step in steps]
    done = all(step.done for step in steps)
    return Told({"object": "setup", "done": done, "steps": rows}, COLUMNS, rows)


def _files(runtime: Runtime) -> list[Step]:
    gateway, shipped = runtime.gateway, shipped_policies()
    own = any(it.path.parent != shipped for it in runtime.policies().values())
    cards = gateway.default.catalog.models
    unpriced = [name for name, card in cards.items() if card.price is None]
    return [
        Step(
            "models",
            "Real models are in force",
            not gateway.simulated,
            "Start Ollama, vLLM, llama.cpp or LM Studio here, or set a provider's key such as"
            " OPENAI_API_KEY, and start the gateway again.",
        ),
        Step(
            "policy",
            "A policy of your own is in force",
            own,
            "slm-router init writes what was found as slm-router.yaml, ready to edit.",
        ),
        Step(
            "reload",
            "The policy files can be read",
            runtime.reload.error is None,
            runtime.reload.error or "They are read again whenever they change.",
        ),
        Step(
            "prices",
            "Every model has a price",
            not unpriced,
            f"No price is known of {', '.join(unpriced)}: give each one in the catalog."
            if unpriced
            else "What is not priced is counted and never taken for free.",
        ),
    ]


def _traffic(runtime: Runtime) -> list[Step]:
    decisions = runtime.decisions
    return [
        Step(
            "request",
            "A first request was routed",
            bool(decisions.page(DecisionQuery(limit=1)).rows),
            'Point any OpenAI client at /v1 of this address and ask for the model "auto".',
        ),
        Step(
            "feedback",
            "An answer was judged",
            decisions.any_feedback(),
            "Without judgements the quality of answers is not measured: open a decision and mark"
            " it right or wrong, or send POST /v1/feedback.",
        ),
    ]
