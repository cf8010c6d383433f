"""Overview: what is in force, what still has to be set up, and the latest decisions."""

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.decisions import report
from router.dashboard.rendering import page


async def overview(request: Request) -> Response:
    """The page that `/` shows."""
    latest = await report(request)
    return page(request, "overview.html", {"rows": latest.rows[:10]})
