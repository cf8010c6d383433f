"""Savings: where they come from, what was spent, by whom, and what could not be priced."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.period import PERIODS
from router.api.reports.savings import BY, report
from router.core.ledger import OTHER_TAGS
from router.dashboard.curves import by_day, letter
from router.dashboard.rendering import page

STEPS: Mapping[str, tuple[str, str]] = {
    "cache": ("Prompt caches", "what changing the model of a conversation lost of its cache"),
    "routing": ("Routing", "the baseline's price less that of the model that answered"),
    "escalation": ("Escalation", "other calls that were paid for, such as of a model that failed"),
    "own": ("The router's own calls", "to have answers judged, some beside the baseline's"),
}
NAMES = {"rule": "Rule", "domain": "Domain", "key": "API key", "model": "Model", "tag": "Tag"}

KEPT = ("since", "until", "traffic", "baseline", "by", "sort", "order")
"""What of the query a change of what is narrowed leaves as it is."""


class Fall(NamedTuple):
    """One line of the waterfall. `begin` and `width` are in percent of its widest."""

    name: str
    told: str
    usd: float
    share: float | None
    begin: float
    width: float
    tone: str


async def savings(request: Request) -> Response:
    """The page."""
    told = (await report(request)).content
    shown = {
        "it": told,
        "figures": {one["name"]: one for one in told["figures"]},
        "periods": PERIODS,
        "names": NAMES,
        "by": next(name for name, dimension in BY.items() if dimension == told["by"]),
        "fall": waterfall(told["saving"]),
        "drawn": by_day(told["days"], told["changes"]),
        "letter": letter,
        "other_tags": OTHER_TAGS,
        "narrowed": [name for name, value in told["narrowed"].items() if value],
        "kept": {name: value for name, value in request.query_params.items() if name in KEPT},
    }
    return page(request, "savings.html", shown)


def waterfall(saving: Mapping[str, Any]) -> Sequence[Fall]:
    """From the baseline down to what it cost all in, part by part; each begins where the last
    ended."""
    baseline, parts = saving["baseline_usd"], saving["parts_usd"]
    if baseline is None:
        return ()
    levels = [baseline]
    for name in STEPS:
        levels.append(levels[-1] - parts[name])
    widest = max(*levels, 0.0) or 1.0

    def line(name: str, told: str, usd: float, ends: tuple[float, float], tone: str) -> Fall:
        low, high = sorted(max(end, 0.0) / widest * 100 for end in ends)
        share = usd / baseline if baseline else None
        return Fall(name, told, usd, share, round(low, 2), round(high - low, 2), tone)

    of = saving["baseline"]
    found = [line(of, "the same prompts at its prices", baseline, (0.0, baseline), "plain")]
    for i, (step, (name, what)) in enumerate(STEPS.items()):
        tone = "good" if parts[step] > 0 else "bad" if parts[step] < 0 else "none"
        found.append(line(name, what, parts[step], (levels[i], levels[i + 1]), tone))
    spent = levels[-1]
    found.append(line("Spent, all in", "what is left of it", spent, (0.0, spent), "plain"))
    return found
