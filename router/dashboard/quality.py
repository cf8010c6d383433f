"""Quality: what was said of the answers, by whom, and where it was said of few."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.period import PERIODS
from router.api.reports.quality import report
from router.core.ledger import OTHER_TAGS
from router.dashboard.rendering import page

ARMS: Mapping[str, str] = {
    "routed": "the policy chose",
    "treated": "the policy chose, where a draw might have sent it to the baseline",
    "control": "a draw sent it to the baseline",
    "named": "the caller named the model",
}


async def quality(request: Request) -> Response:
    """The page."""
    told = (await report(request)).content
    shown = {
        "it": told,
        "figures": {one["name"]: one for one in told["figures"]},
        "periods": PERIODS,
        "arms": ARMS,
        "grid": grid(told["cells"]),
        "other_tags": OTHER_TAGS,
    }
    return page(request, "quality.html", shown)


def grid(cells: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Cells by domain and model, with the names of both."""
    models = sorted({it["model"] or "" for it in cells})
    domains = sorted({it["domain"] for it in cells})
    of = {(it["domain"], it["model"] or ""): it for it in cells}
    return {
        "models": models,
        "rows": [(domain, [of.get((domain, model)) for model in models]) for domain in domains],
    }
