"""Models: health, speed and errors of each, what it costs, and when it was out."""

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.models import report
from router.dashboard.rendering import page

PERIODS = {"1h": "1 hour", "24h": "24 hours", "7d": "7 days"}


async def models(request: Request) -> Response:
    """The page."""
    told = await report(request)
    shown = {
        "report": told.content,
        "models": told.content["models"],
        "periods": PERIODS,
        "since": request.query_params.get("since") or "24h",
    }
    return page(request, "models.html", shown)
