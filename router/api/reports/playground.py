"""POST /api/v1/playground: one request under several policies, decided only, or answered too.

    {"prompt": "Prove that ...", "policies": ["default", "cost-saver"]}
    {"messages": [...], "policies": ["default"], "run": true}

Deciding calls nobody and is not logged. Running is a request like any other, once a policy.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from router.answer import UNREADABLE
from router.api.access import key_name_of
from router.api.caller import body_of
from router.api.reports.asking import Asked, ask
from router.api.reports.told import Told, answered
from router.api.request_id import new_id
from router.api.route import described
from router.api.state import runtime_of
from router.core.catalog import AUTO
from router.core.flips import flips
from router.core.limits import Limits
from router.core.outcomes import outcomes
from router.core.replay import Case
from router.dialects.chat_body import ChatBody
from router.errors import InvalidRequest
from router.gateway import Gateway, Routed
from router.runtime import Runtime
from router.signals import vocabulary

MOST_POLICIES = 4


async def playground(request: Request) -> Response:
    """The results as JSON."""
    runtime = runtime_of(request)
    try:
        given = msgspec.json.decode(await body_of(request, runtime.settings.max_body_bytes))
    except UNREADABLE as error:
        raise InvalidRequest(f"The body must be a JSON object: {error}.") from None
    if not isinstance(given, dict):
        raise InvalidRequest("The body must be a JSON object.")
    return answered(request, await report(request, given))


async def report(request: Request, given: Mapping[str, Any]) -> Told:
    """What each policy makes of the request. Raises InvalidRequest naming the field at fault."""
    runtime = runtime_of(request)
    body = chat_body(given)
    names = _policies(given.get("policies"), runtime.gateway)
    run = given.get("run", False)
    if not isinstance(run, bool):
        raise InvalidRequest("Expected true or false.", "run")
    key = key_name_of(request)
    results = await asyncio.gather(*(_under(runtime, name, body, run, key) for name in names))
    return Told({"object": "playground", "ran": run, "results": results})


def chat_body(given: Mapping[str, Any]) -> dict[str, Any]:
    """The chat completion that was given, as a prompt or as messages with what goes with them."""
    prompt, messages = given.get("prompt"), given.get("messages")
    if (prompt is None) == (messages is None):
        raise InvalidRequest("Expected either prompt or messages.", "prompt")
    beside = {
        name: value
        for name, value in given.items()
        if name not in ("prompt", "messages", "policies", "run", "model", "stream")
    }
    if prompt is not None:
        if not isinstance(prompt, str) or not prompt.strip():
            raise InvalidRequest("Expected a text.", "prompt")
        messages = [{"role": "user", "content": prompt}]
    return {"messages": messages, **beside}


def _policies(given: Any, gateway: Gateway) -> list[str]:
    names = [gateway.default_policy] if given is None else given
    known = ", ".join(sorted(gateway.policies))
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_POLICIES:
        raise InvalidRequest(f"Expected a list of 1 to {MOST_POLICIES} policies.", "policies")
    for at, name in enumerate(names):
        if not isinstance(name, str) or name not in gateway.policies:
            raise InvalidRequest(f"Expected one of {known}.", f"policies[{at}]")
    return list(dict.fromkeys(names))


async def _under(
    runtime: Runtime, policy: str, body: dict[str, Any], run: bool, key: str | None
) -> dict[str, Any]:
    """What one policy makes of it."""
    asked: Asked | None = None
    body = {"model": f"{AUTO}:{policy}", **body}
    if run:
        asked = await ask(runtime, body, key)
        routed = asked.routed
    else:
        facts = ChatBody(msgspec.json.encode(body)).request(Limits())
        routed = await runtime.gateway.route(facts, new_id(), everything=True)
    told = {
        "policy": policy,
        **described(routed),
        "rules": [asdict(it) for it in _rules(routed)],
        "flips": await asyncio.to_thread(_flips, runtime, routed),
        "answer": None,
    }
    return told if asked is None else {**told, "answer": await _answer(runtime, asked)}


def _rules(routed: Routed) -> Any:
    decision = routed.decision
    return outcomes(routed.in_force.policy, routed.signals, decision.rule)


def _flips(runtime: Runtime, routed: Routed) -> list[dict[str, Any]]:
    in_force = routed.in_force
    stats = runtime.gateway.stats.snapshot()
    case = Case(routed.request, routed.signals, in_force.policy, in_force.catalog, stats)
    loaded = runtime.policies().get(in_force.policy.name)
    known = {} if loaded is None else vocabulary(loaded.options)
    return [asdict(flip) for flip in flips(case, known)]


async def _answer(runtime: Runtime, asked: Asked) -> dict[str, Any]:
    """The answer with what it came to, as the log has it."""
    row = await asyncio.to_thread(runtime.decisions.find, asked.routed.id) or {}
    figures = ("cost_usd", "baseline_cost_usd", "total_s", "input_tokens", "output_tokens")
    return {
        "model": asked.model,
        "text": asked.text,
        "error": asked.error,
        **{name: row.get(name) for name in figures},
    }
