"""GET /api/v1/decisions/{id}: one decision in full: why, what else, and what would flip it."""

import asyncio
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from msgspec import structs
from starlette.requests import Request
from starlette.responses import Response

from router.api.access import caller_of
from router.api.reports.sentence import sentence
from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.api.tagging import TAGS
from router.core.catalog import BY_NAME, Catalog
from router.core.cost import Usage, baseline_cost
from router.core.flips import flips
from router.core.replay import agrees, logged_case
from router.core.review import Review
from router.core.signals import Vocabulary
from router.errors import UnknownDecision
from router.gateway import PolicyInForce
from router.runtime import Runtime
from router.signals import vocabulary
from router.stores.decision_columns import CONTENT

Row = Mapping[str, Any]

COLUMNS = ("model", "rank", "quality", "cost_usd", "latency_s", "propensity", "code", "detail")

_PATHS = {
    "chat.completions": "/v1/chat/completions",
    "completions": "/v1/completions",
    "embeddings": "/v1/embeddings",
    "moderations": "/v1/moderations",
    "rerank": "/v1/rerank",
    "images": "/v1/images/generations",
    "speech": "/v1/audio/speech",
    "responses": "/v1/responses",
    "messages": "/v1/messages",
    "messages.count_tokens": "/v1/messages/count_tokens",
}
_IN_MESSAGES: Mapping[str, Any] = {"messages": [{"role": "user", "content": "..."}]}
_ASKED: Mapping[str, Mapping[str, Any]] = {
    "completions": {"prompt": "..."},
    "embeddings": {"input": "..."},
    "responses": {"input": "..."},
    "messages": {"max_tokens": 1024, **_IN_MESSAGES},
    "moderations": {"input": "..."},
    "rerank": {"query": "...", "documents": ["..."]},
    "images": {"prompt": "..."},
    "speech": {"input": "...", "voice": "..."},
}
"""What each endpoint takes, for the reader to fill in."""

_MADE = ("images", "speech")
_AS_IT_ARRIVES = "speech"
"""An endpoint whose answers are streamed without having been asked to."""

_NO_POLICY = "The policy that decided is no longer loaded, so it cannot be asked again."
_OTHER_VERSION = (
    "Another version of the policy is in force by now, and it sees this request otherwise, so"
    " nothing is told of what would have changed this decision."
)
_NAMED = "The request named its model: no threshold, price or signal would have changed that."
_NOBODY = "No model could serve the request, whatever its signals."
_NOTHING = "No single change of a threshold, a price or a signal would have sent it elsewhere."


async def decision(request: Request) -> Response:
    """The decision as JSON; as CSV its candidates, those ruled out too."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """The decision that the path names. Raises UnknownDecision."""
    runtime, id = runtime_of(request), request.path_params["id"]
    row = await asyncio.to_thread(runtime.decisions.find, id)
    if row is None:
        raise UnknownDecision("The log holds no such decision.", "id")
    said = (await asyncio.to_thread(runtime.decisions.feedback_on, [id])).get(id, ())
    reviewed = await asyncio.to_thread(runtime.decisions.review_of, id)
    caller = caller_of(request)
    may_read = caller is not None and caller.may("admin")
    shown = {name: value for name, value in row.items() if may_read or name not in CONTENT}
    found, why_none = await asyncio.to_thread(_flips, runtime, row)
    candidates = list(_candidates(row))
    content = {
        "object": "decision",
        **shown,
        "content": None if not may_read else _content(row),
        "sentence": sentence(row),
        "feedback": [asdict(it) for it in said],
        "review": None if reviewed is None else _review(reviewed),
        "steps": list(_steps(row)),
        "considered": candidates,
        "flips": found,
        "no_flips_because": why_none,
        "same_tokens_elsewhere": _elsewhere(runtime, row),
        "curl": _curl(request, row if may_read else {**row, "request_content": None}),
    }
    return Told(content, COLUMNS, candidates)


def _content(row: Row) -> dict[str, str] | None:
    if row["request_content"] is None:
        return None
    return {"request": row["request_content"], "response": row["response_content"]}


def _review(it: Review) -> dict[str, Any]:
    """What the router had judged, what a shadow got, and what each call cost; never a text."""
    shadow = it.shadow
    return {
        "at": it.at,
        "score": it.score,
        "shadow": None if shadow is None else structs.asdict(shadow),
        "calls": [
            {
                "purpose": call.purpose,
                "model": call.model,
                "input_tokens": call.usage and call.usage.input_tokens,
                "output_tokens": call.usage and call.usage.output_tokens,
                "cost_usd": call.cost_usd,
            }
            for call in it.calls
        ],
    }


def _candidates(row: Row) -> Iterator[dict[str, Any]]:
    """Every model that was looked at: the candidates in order, then those ruled out."""
    for rank, it in enumerate(row["candidates"], 1):
        propensity = row["propensities"].get(it["model"])
        yield {**it, "rank": rank, "propensity": propensity, "code": None, "detail": None}
    unknown = dict.fromkeys(("rank", "location", "quality", "cost_usd", "latency_s", "propensity"))
    for it in row["rejected"]:
        yield {**unknown, "specialist": False, **it}


def _steps(row: Row) -> Iterator[dict[str, Any]]:
    """What took how long, in order; `at_s` counts from the request's arrival where it is known."""
    yield _step("Signals and decision", row["decision_s"], f"{row['strategy']}, rule {row['rule']}")
    for it in row["attempts"]:
        ended = it["error"] or "answered"
        status = "" if it["status"] is None else f", status {it['status']}"
        yield _step(f"Asked {it['model']}", it["seconds"], f"{ended}{status}, by {it['upstream']}")
    if row["first_byte_s"] is not None:
        yield _step("First byte to the caller", None, "", row["first_byte_s"])
    yield _step(
        "Our own work in all", row["overhead_s"], "reading, deciding, passing on, recording"
    )
    yield _step("End", None, f"{row['outcome']}, status {row['status']}", row["total_s"])


def _step(
    step: str, seconds: float | None, detail: str, at_s: float | None = None
) -> dict[str, Any]:
    return {"step": step, "seconds": seconds, "at_s": at_s, "detail": detail}


def _in_force(runtime: Runtime, row: Row) -> PolicyInForce | None:
    return runtime.gateway.policies.get(row["policy"])


def _flips(runtime: Runtime, row: Row) -> tuple[list[dict[str, Any]], str | None]:
    """What would have flipped the decision; else why nothing can be told."""
    in_force = _in_force(runtime, row)
    if in_force is None:
        return [], _NO_POLICY
    if row["strategy"] == "named":
        return [], _NAMED
    if row["choice"] is None:
        return [], _NOBODY
    case = logged_case(row, in_force.policy, in_force.catalog)
    if not agrees(case, row):
        return [], _OTHER_VERSION
    found = [asdict(flip) for flip in flips(case, _vocabulary(runtime, row["policy"]))]
    return found, None if found else _NOTHING


def _vocabulary(runtime: Runtime, policy: str) -> Vocabulary:
    loaded = runtime.policies().get(policy)
    return {} if loaded is None else vocabulary(loaded.options)


def _elsewhere(runtime: Runtime, row: Row) -> list[dict[str, Any]]:
    """What the tokens of this answer would have cost on each model, at the prices in force."""
    in_force = _in_force(runtime, row)
    if in_force is None or row["input_tokens"] is None:
        return []
    if row["endpoint"] in _MADE:
        # What is charged for a picture or for sound is no matter of these tokens alone.
        return []
    usage = Usage(
        row["input_tokens"],
        row["output_tokens"],
        row["cached_input_tokens"] or 0,
        row["reasoning_tokens"] or 0,
    )
    told = [
        {"model": name, "cost_usd": baseline_cost(card, usage), "answered": name == row["model"]}
        for name, card in in_force.catalog.models.items()
        if _makes_the_like(in_force.catalog, name, row["endpoint"])
    ]
    return sorted(told, key=lambda it: (it["cost_usd"] is None, it["cost_usd"] or 0.0))


def _makes_the_like(catalog: Catalog, model: str, endpoint: str) -> bool:
    if endpoint in BY_NAME:
        return endpoint in catalog.speaks(model)
    return catalog.converses(model)


def _curl(request: Request, row: Row) -> str:
    """The request as a command; what was not stored is left for the reader to fill in."""
    asked = {"model": row["requested_model"], **_ASKED.get(row["endpoint"], _IN_MESSAGES)}
    if row["stream"] and row["endpoint"] != _AS_IT_ARRIVES:
        asked["stream"] = True
    body = row["request_content"] or msgspec.json.encode(asked).decode()
    url = f"{request.base_url.scheme}://{request.base_url.netloc}{_PATHS.get(row['endpoint'], '')}"
    lines = [f"curl -sN {shlex.quote(url)}", "-H 'content-type: application/json'"]
    if told := ", ".join(row["tags"]):
        lines.append(f"-H {shlex.quote(f'{TAGS}: {told}')}")
    if runtime_of(request).settings.require_keys:
        lines.append('-H "authorization: Bearer $SLM_ROUTER_KEY"')
    return " \\\n  ".join([*lines, f"-d {shlex.quote(body)}"])
