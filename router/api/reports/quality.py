"""GET /api/v1/quality: how good the answers were, as far as anybody said, and who said so."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports import asked
from router.api.reports.period import Period, period_of, statement_of
from router.api.reports.table import FIGURES, Table, told_with
from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.core.feedback import SOURCES
from router.core.ledger import SECONDS_PER_DAY, Dimension, QualitySums, Window
from router.core.repeats import Repeated

if TYPE_CHECKING:
    from router.evidence.figure import Figure
    from router.evidence.group_scores import GroupScore

TABLES = ("cells", "arms", "rules", "tags", "figures", "worst")
SCORES = ("of", "state", "value", "low", "high", "n", "needed")
CELLS = ("domain", "model", *SCORES[1:])
WORST = ("decision", "at", "score", "model", "rule", "outcome", "cost_usd", "key_name")
TOLD_BY: Sequence[Dimension] = ("arm", "rule", "domain", "model")
"""What scores are read by, all at once: each table of the page adds some of them up."""

MOST_WORST = 20
_NAMED = "requests that name a session"
_NO_SESSIONS = (
    "No request names its session: send the header x-slm-router-session, so that a question asked"
    " again is told from another's."
)
_WEEK_S = 7 * SECONDS_PER_DAY


async def quality(request: Request) -> Response:
    """The report as JSON or one of its tables as CSV."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """The verdict, scores by arm, rule, tag, domain and model, rates, the worst of the week."""
    from router.evidence.group_scores import most_heard
    from router.evidence.plain import figure, verdict

    wanted = asked.one_of(request, "source", (*SOURCES, ""), "")
    period = await period_of(request)
    runtime = runtime_of(request)
    # Side by side, each in a thread and a connection of its own.
    found, sums, tagged, repeated = await asyncio.gather(
        statement_of(request, period, of_quality=True),
        runtime.ledger.quality(period.window, period.where, TOLD_BY),
        runtime.ledger.quality(period.window, period.where, ("tag",)),
        runtime.repeats.repeated(period.window, period.simulated),
    )
    source = wanted or most_heard(sums) or ""
    told = {
        "quality": found.verdict.quality,
        **{it.name: it for it in found.verdict.by_source.values()},
        "judged": found.figures["judged"],
        "escalated": found.figures["fallback"],
        **_again(repeated),
    }
    figures = [{**figure(it), "name": name} for name, it in told.items()]
    tables = {
        **_scores(sums, tagged, source),
        "figures": Table(FIGURES, figures),
        "worst": Table(WORST, await _worst(request, period)),
    }
    content = {
        "object": "quality",
        **period.told(),
        "source": source or None,
        "heard": [it for it in SOURCES if any(one.source == it for one in sums)],
        "verdict": verdict(found.verdict),
        **{name: table.rows for name, table in tables.items()},
    }
    return told_with(request, content, tables)


def _scores(
    sums: Sequence[QualitySums], tagged: Sequence[QualitySums], source: str
) -> dict[str, Table]:
    """One source's scores, each table by other dimensions of TOLD_BY, or by tag."""
    from router.evidence.group_scores import scores_by_group

    return {
        "cells": Table(CELLS, _cells(scores_by_group(sums, source, (2, 3)))),
        "arms": Table(SCORES, [_row(it) for it in scores_by_group(sums, source, (0,))]),
        "rules": Table(SCORES, [_row(it) for it in scores_by_group(sums, source, (1,))]),
        # An answer counts under each of its request's tags, so that these do not add up.
        "tags": Table(SCORES, [_row(it) for it in scores_by_group(tagged, source)]),
    }


def _cells(told: Iterable["GroupScore"]) -> list[dict[str, Any]]:
    """Domain by model; those that nothing was judged of are left out."""
    named = sorted((it for it in told if it.of[0] is not None), key=lambda it: str(it.of[0]))
    return [{"domain": it.of[0], "model": it.of[1], **_score(it)} for it in named]


def _row(it: "GroupScore") -> dict[str, Any]:
    return {"of": it.of[0], **_score(it)}


def _score(it: "GroupScore") -> dict[str, Any]:
    score = it.score
    return {
        "state": score.state,
        "value": score.value,
        "low": score.low,
        "high": score.high,
        "n": score.n,
        "needed": score.needed,
    }


def _again(told: Repeated) -> dict[str, "Figure"]:
    """Shares of requests that were asked again, and that a model was called again for."""
    from router.evidence.figure import not_measured
    from router.evidence.rates import rate

    hours = told.hours
    named = [it.in_sessions for it in hours]
    again = not_measured("asked_again", "share", _NO_SESSIONS)
    if any(named):
        what, among = "were asked again as they were within ten minutes", _NAMED
        again = rate("asked_again", what, [it.asked_again for it in hours], named, among)
    return {
        "asked_again": again,
        "retried": rate(
            "retried",
            "needed another call of the same model",
            [it.retried for it in hours],
            [it.requests for it in hours],
        ),
    }


async def _worst(request: Request, period: Period) -> list[dict[str, Any]]:
    """Of the period's last seven days, those scored lowest, never those scored best."""
    until = period.window.until
    week = Window(max(period.window.since, until - _WEEK_S), until)
    # Some may be of the other kind of traffic, and are left out here.
    found = await runtime_of(request).ledger.worst(week, 2 * MOST_WORST)
    kept = [
        {name: it[name] for name in WORST}
        for it in found
        if it["simulated"] == period.simulated and it["score"] < 1
    ]
    return kept[:MOST_WORST]
