"""Overview: what was saved and whether quality held; what still has to be set up; the latest."""

from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.api.caller import body_of
from router.api.reports.decisions import report
from router.api.reports.demo import MOST_BYTES, begin
from router.api.reports.demo import report as demo_report
from router.api.reports.overview import report as figures_report
from router.api.reports.period import PERIODS
from router.api.reports.setup import report as setup_report
from router.dashboard.curves import cumulative, letter
from router.dashboard.rendering import HEADERS, page

SHOWN = 10


async def overview(request: Request) -> Response:
    """The page that `/` shows; as `part=demo` how far the demo is, and nothing else."""
    demo = demo_report(request).content
    if request.query_params.get("part") == "demo":
        return page(request, "overview_demo.html", {"demo": demo, "rows": ()})
    latest, steps = await report(request), await setup_report(request)
    it = (await figures_report(request)).content
    shown = {
        "demo": demo,
        "rows": latest.rows[:SHOWN],
        "setup": steps.content,
        "it": it,
        "figures": {one["name"]: one for one in it["figures"]},
        "periods": PERIODS,
        "drawn": cumulative(it["cumulative"], it["changes"], it["saving"]["baseline"]),
        "letter": letter,
    }
    return page(request, "overview.html", shown)


async def start(request: Request) -> Response:
    """Send the demo's prompts, as POST /api/v1/demo would."""
    form = parse_qs((await body_of(request, MOST_BYTES)).decode("utf-8", "replace"))
    begin(request, confirmed=form.get("confirm") == ["true"])
    return RedirectResponse("/", 303, HEADERS)
