"""POST /v1/route: decide only. The same body as a chat completion; nobody is called."""

from typing import Any

import msgspec
from msgspec.structs import asdict
from starlette.requests import Request
from starlette.responses import Response

from router.api.caller import body_of
from router.api.freedom import limits_of
from router.api.headers import decision_headers
from router.api.request_id import new_id
from router.api.session import in_session
from router.api.state import runtime_of
from router.dialects.chat_body import ChatBody
from router.gateway import Routed


async def route(request: Request) -> Response:
    """What would be decided, with every signal and every candidate. Nothing is recorded."""
    runtime = runtime_of(request)
    body = ChatBody(await body_of(request, runtime.settings.max_body_bytes))
    facts = in_session(body.request(limits_of(request.headers.items())), request, body)
    routed = await runtime.gateway.route(facts, new_id(), everything=True)
    content = msgspec.json.encode(described(routed))
    headers = decision_headers(routed)
    headers["x-slm-router-overhead-ms"] = f"{routed.decision_s * 1000:.2f}"
    return Response(content, 200, headers, "application/json")


def described(routed: Routed) -> dict[str, Any]:
    """A decision as JSON: `model` is null where no model may and can serve."""
    decision = routed.decision
    return {
        "object": "route",
        "decision": routed.id,
        "model": decision.choice.model if decision.choice else None,
        "policy": routed.in_force.name_at_version,
        "rule": decision.rule,
        "strategy": decision.strategy,
        "reason": decision.reason,
        "confidence": decision.confidence,
        "explored": decision.explored,
        "signals": dict(routed.signals),
        "failed_signals": dict(routed.failed_signals),
        "candidates": [
            asdict(candidate)
            | {
                "quality_source": routed.quality_source(candidate.model),
                "propensity": decision.propensities[candidate.model],
            }
            for candidate in decision.candidates
        ],
        "rejected": [asdict(rejection) for rejection in decision.rejected],
        "held": None if routed.request.held is None else asdict(routed.request.held),
        "unknown_rules": list(decision.unknown_rules),
        "decision_ms": routed.decision_s * 1000,
    }
