"""Overview: what still has to be set up, a way to see it filled, and the latest decisions."""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.api.caller import body_of
from router.api.reports.decisions import report
from router.api.reports.demo import MOST_BYTES, begin
from router.api.reports.demo import report as demo_report
from router.api.reports.setup import report as setup_report
from router.dashboard.rendering import HEADERS, page

SHOWN = 10


async def overview(request: Request) -> Response:
    """The page that `/` shows; as `part=demo` how far the demo is, and nothing else."""
    shown = {"demo": demo_report(request).content}
    if request.query_params.get("part") == "demo":
        return page(request, "overview_demo.html", {**shown, "rows": ()})
    latest, steps = await report(request), await setup_report(request)
    rows = latest.rows[:SHOWN]
    return page(request, "overview.html", {**shown, "rows": rows, "setup": steps.content})


async def start(request: Request) -> Response:
    """Send the demo's prompts, as POST /api/v1/demo would."""
    form = parse_qs((await body_of(request, MOST_BYTES)).decode("utf-8", "replace"))
    begin(request, confirmed=form.get("confirm") == ["true"])
    return RedirectResponse("/", 303, HEADERS)
