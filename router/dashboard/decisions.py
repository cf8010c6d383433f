"""Decisions: the log as a live table, with search and filters that stand in the address."""

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.decisions import OUTCOMES, report
from router.api.state import runtime_of
from router.core.decide import DEFAULT_RULE
from router.dashboard.rendering import HEADERS, page

FILTERS = (
    "q",
    "since",
    "policy",
    "rule",
    "model",
    "outcome",
    "key",
    "tag",
    "endpoint",
    "min_cost_usd",
)
PERIODS = {"": "any time", "15m": "15 min", "1h": "1 hour", "24h": "24 hours", "7d": "7 days"}


async def decisions(request: Request) -> Response:
    """The page; as `part=rows` its table alone, and nothing where `newest` still leads it."""
    told = await report(request)
    rows = told.rows
    newest = rows[0]["decision"] if rows else ""
    part = request.query_params.get("part") == "rows"
    if part and request.query_params.get("newest") == newest:
        return Response(status_code=204, headers=HEADERS)
    given = {name: request.query_params.get(name, "") for name in FILTERS}
    shown = {
        "report": told.content,
        "rows": rows,
        "newest": newest,
        "given": given,
        "narrow": any(given.values()),
        "live": "before" not in request.query_params,
        **_choices(request),
    }
    return page(request, "decisions_rows.html" if part else "decisions.html", shown)


def _choices(request: Request) -> dict[str, object]:
    """What the filters offer: the names in force, the log may hold others too."""
    policies = runtime_of(request).gateway.policies
    rules = {rule.name for it in policies.values() for rule in it.policy.rules}
    models = {model for it in policies.values() for model in it.catalog.models}
    return {
        "outcomes": OUTCOMES,
        "periods": PERIODS,
        "policies": sorted(policies),
        "rules": [*sorted(rules), DEFAULT_RULE],
        "models": sorted(models),
    }
