"""GET /api/v1/overview: what was saved, whether quality held, and how it went."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports.period import Period, period_of, statement_of
from router.api.reports.table import FIGURES, Rows, Table, told_with
from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.core.ledger import dollars

if TYPE_CHECKING:
    from router.evidence.statement import Statement

TABLES = ("figures", "cumulative", "changes")
SHOWN = (
    "saved",
    "saved_usd",
    "measured_saved",
    "measured_saved_usd",
    "quality",
    "ok",
    "local",
    "added_p50",
    "added_p99",
)
"""The figures of this page, by name."""


async def overview(request: Request) -> Response:
    """The report as JSON or one of its tables as CSV."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """The figures, the curve of spending and what changed."""
    from router.evidence.plain import figure, saving, verdict
    from router.evidence.running_total import running_totals

    period = await period_of(request)
    found = await statement_of(request, period, measures=("overhead_s",))
    figures = [{**figure(found.figures[name]), "name": name} for name in SHOWN]
    known = found.saving.is_known
    cumulative = [
        {
            "at": it.at,
            "requests": it.requests,
            "spent_usd": dollars(it.spent_nano) if known else None,
            "baseline_usd": dollars(it.baseline_nano) if known else None,
        }
        for it in running_totals(found.hours)
    ]
    changed = await changes_of(request, period, found)
    content = {
        "object": "overview",
        **period.told(),
        "headline": found.headline,
        "verdict": verdict(found.verdict),
        "saving": saving(found.saving),
        "baselines": [found.saving.baseline, *(it.baseline for it in found.others)],
        "figures": figures,
        "counts": counts(found),
        "cumulative": cumulative,
        "changes": changed,
    }
    tables = {
        "figures": Table(FIGURES, figures),
        "cumulative": Table(("at", "requests", "spent_usd", "baseline_usd"), cumulative),
        "changes": Table(("at", "until", "kind", "label"), changed),
    }
    return told_with(request, content, tables)


def counts(found: "Statement") -> dict[str, Any]:
    """What was counted, which needs no interval: the log has every request."""
    return {
        "requests": found.totals.requests,
        "ok": found.totals.ok,
        "local": found.totals.local,
        "fallbacks": found.totals.fallbacks,
        "priced": found.totals.priced,
        "unpriced": found.totals.unpriced,
        "estimated": found.totals.estimated,
        "hours": sum(1 for it in found.hours if it.totals.requests),
    }


async def changes_of(request: Request, period: Period, found: "Statement") -> Rows:
    """What to mark on a chart over time."""
    from router.evidence.changes import changes

    ledger = runtime_of(request).ledger
    versions = await ledger.spans(period.window, period.where, "policy_version")
    return [asdict(it) for it in changes(versions, found.hours)]
