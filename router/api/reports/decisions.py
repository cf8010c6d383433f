"""GET /api/v1/decisions: the decisions of the log, newest first, a page at a time."""

import asyncio
from math import isfinite, nan
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports import asked
from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.core.browsing import MOST_ON_A_PAGE, DecisionPage, DecisionQuery, Place
from router.core.event import Outcome
from router.errors import InvalidRequest

OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
_MOST_ROWS = 2**63

COLUMNS = (
    "decision",
    "at",
    "key_name",
    "tags",
    "endpoint",
    "requested_model",
    "policy",
    "policy_version",
    "rule",
    "strategy",
    "choice",
    "model",
    "outcome",
    "status",
    "explored",
    "confidence",
    "input_tokens",
    "output_tokens",
    "usage_estimated",
    "cost_usd",
    "baseline",
    "baseline_cost_usd",
    "decision_s",
    "overhead_s",
    "first_byte_s",
    "total_s",
    "fallbacks",
    "simulated",
    "score",
    "reason",
)


async def decisions(request: Request) -> Response:
    """The page as JSON or CSV."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """The page that the query asks for, each decision with the mean of what was said of it."""
    runtime = runtime_of(request)
    query = query_of(request, runtime.gateway.clock.now())
    reader = runtime.decisions
    page = await asyncio.to_thread(reader.page, query)
    said = await asyncio.to_thread(reader.feedback_on, [row["decision"] for row in page.rows])
    rows = [
        {**row, "score": _mean([it.score for it in said.get(row["decision"], ())])}
        for row in page.rows
    ]
    return Told(content(page, rows), COLUMNS, rows)


def content(page: DecisionPage, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The report as JSON; `next` is what to send as `before` for the page after it."""
    return {
        "object": "decisions",
        "decisions": rows,
        "next": None if page.next is None else f"{page.next.at!r}-{page.next.number}",
        "searched_to": None if page.next is None else page.next.at,
        "full": page.full,
    }


def query_of(request: Request, now: float) -> DecisionQuery:
    """What the query string asks for. Raises InvalidRequest naming the parameter at fault."""
    outcome = asked.text(request, "outcome")
    if outcome is not None and outcome not in OUTCOMES:
        raise InvalidRequest(f"Expected one of {', '.join(OUTCOMES)}.", "outcome")
    return DecisionQuery(
        text=asked.text(request, "q"),
        policy=asked.text(request, "policy"),
        rule=asked.text(request, "rule"),
        model=asked.text(request, "model"),
        outcome=outcome,
        key=asked.text(request, "key"),
        tag=asked.text(request, "tag"),
        endpoint=asked.text(request, "endpoint"),
        since=asked.moment(request, "since", now),
        until=asked.moment(request, "until", now),
        min_cost_usd=asked.number(request, "min_cost_usd"),
        before=_place(asked.text(request, "before")),
        limit=asked.whole(request, "limit", 50, 1, MOST_ON_A_PAGE),
    )


def _place(told: str | None) -> Place | None:
    if told is None:
        return None
    at, _, number = told.rpartition("-")
    try:
        place = Place(float(at), int(number))
    except ValueError:
        place = Place(nan, 0)
    if not isfinite(place.at) or not 0 <= place.number < _MOST_ROWS:
        raise InvalidRequest("Expected what `next` of the page before says.", "before")
    return place


def _mean(scores: list[float]) -> float | None:
    return sum(scores) / len(scores) if scores else None
