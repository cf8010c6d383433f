"""GET /api/v1/savings: where the saving comes from, what was spent, what could not be priced."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from math import inf
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from router.api.reports import asked
from router.api.reports.narrowing import NarrowedGroups, narrowing_of
from router.api.reports.overview import changes_of, counts
from router.api.reports.period import Period, period_of, statement_of
from router.api.reports.table import FIGURES, Rows, Table, told_with
from router.api.reports.told import Told, answered
from router.api.state import runtime_of
from router.core.ledger import Grouping, Totals, dollars

if TYPE_CHECKING:
    from router.evidence.savings import GroupSaving
    from router.evidence.statement import Statement

BY: Mapping[str, Grouping] = {
    "rule": "rule",
    "domain": "domain",
    "key": "key_name",
    "model": "model",
    "tag": "tag",
}
"""What savings are told apart by, as the query names it."""

SORTS = ("saved", "share", "of", "requests", "spent", "baseline", "unpriced")
GROUPS = (
    "of",
    "requests",
    "priced_requests",
    "unpriced_requests",
    "baseline_usd",
    "spent_usd",
    "net_usd",
    "state",
    "share",
    "low",
    "high",
)
_TABLES: Mapping[str, Sequence[str]] = {
    "groups": GROUPS,
    "parts": ("part", "usd"),
    "days": ("at", "model", "requests", "spent_usd"),
    "own": ("purpose", "model", "calls", "unpriced", "tokens", "usd"),
    "unpriced": ("reason", "model", "requests", "latest", "latest_at"),
    "figures": FIGURES,
    "changes": ("at", "until", "kind", "label"),
}
TABLES = tuple(_TABLES)
SHOWN = (
    "saved",
    "saved_usd",
    "measured_saved",
    "measured_saved_usd",
    "cost_p50",
    "cost_p95",
    "month_spend",
    "unpriced",
)


async def savings(request: Request) -> Response:
    """The report as JSON or one of its tables as CSV."""
    return answered(request, await report(request))


async def report(request: Request) -> Told:
    """The waterfall, spending by model and day, and the groups, sorted as asked for."""
    from router.evidence.plain import figure, saving, verdict

    by, sort, order = _lines_of(request)
    narrowing, period = narrowing_of(request), await period_of(request)
    narrowed = NarrowedGroups(runtime_of(request), narrowing, period.window.since)
    found, days = await asyncio.gather(
        statement_of(request, period, (by,), ("cost_usd",), of_groups=narrowed),
        _days(request, period),
    )
    content = {
        "object": "savings",
        **period.told(),
        "by": by,
        "sort": sort,
        "order": order,
        "headline": found.headline,
        "verdict": verdict(found.verdict),
        "saving": saving(found.saving),
        "baselines": [found.saving.baseline, *(it.baseline for it in found.others)],
        "other_baselines": [saving(it) for it in found.others],
        "figures": [{**figure(found.figures[name]), "name": name} for name in SHOWN],
        "counts": counts(found),
        "energy": _energy(found),
        **_own(found),
        "parts": _parts(found),
        "days": days,
        "groups": sorted(
            _groups(found.groups.get(by, ())), key=_KEYS[sort], reverse=order == "desc"
        ),
        "narrowed": asdict(narrowing),
        "groups_since": narrowed.since,
        # A request counts under each of its tags, so that these do not add up to the whole.
        "groups_overlap": by == "tag",
        "changes": await changes_of(request, period, found),
    }
    return told_with(
        request, content, {name: Table(columns, content[name]) for name, columns in _TABLES.items()}
    )


def _lines_of(request: Request) -> tuple[Grouping, str, str]:
    """What the groups are told apart by, what they are sorted by, and which way."""
    by = BY[asked.one_of(request, "by", tuple(BY), "rule")]
    sort = asked.one_of(request, "sort", SORTS, "saved")
    return by, sort, asked.one_of(request, "order", ("desc", "asc"), "desc")


def _parts(found: "Statement") -> Rows:
    parts, known = asdict(found.saving.parts).items(), found.saving.is_known
    return [{"part": name, "usd": dollars(v) if known else None} for name, v in parts]


def _least(value: float | None) -> float:
    return -inf if value is None else value


_KEYS: Mapping[str, Any] = {
    "saved": lambda row: _least(row["net_usd"]),
    "share": lambda row: _least(row["share"]),
    "of": lambda row: row["of"] or "",
    "requests": lambda row: row["requests"],
    "spent": lambda row: _least(row["spent_usd"]),
    "baseline": lambda row: _least(row["baseline_usd"]),
    "unpriced": lambda row: row["unpriced_requests"],
}


def _groups(told: Iterable["GroupSaving"]) -> list[dict[str, Any]]:
    rows = []
    for it in told:
        share, known = it.saving.share, it.saving.is_known
        rows.append(
            {
                "of": it.of,
                "requests": it.requests,
                "priced_requests": it.saving.priced,
                "unpriced_requests": it.saving.unpriced,
                "baseline_usd": dollars(it.saving.baseline_nano) if known else None,
                "spent_usd": dollars(it.saving.baseline_nano - it.saving.net_nano)
                if known
                else None,
                "net_usd": dollars(it.saving.net_nano) if known else None,
                "state": share.state,
                "share": share.value,
                "low": share.low,
                "high": share.high,
                "n": share.n,
                "needed": share.needed,
            }
        )
    return rows


def _own(found: "Statement") -> dict[str, Any]:
    """What the router's own calls cost, and what could not be priced, theirs among it."""
    from router.evidence.plain import own

    return {
        "own": own(found.own)["of"],
        "own_sentence": found.own.sentence,
        "unpriced": [asdict(it) for it in found.unpriced],
    }


_SPENT = ("requests", "priced", "unpriced", "spend_nano")


async def _days(request: Request, period: Period) -> Rows:
    """What each model was paid each UTC day, all calls that led to its answers included."""
    ledger = runtime_of(request).ledger
    points = await ledger.series(period.window, period.where, "model", "day", _SPENT)
    return [
        {
            "at": it.at,
            "model": it.of,
            "requests": it.totals.requests,
            "spent_usd": _spent(it.totals),
        }
        for it in points
        if it.of is not None or it.totals.spend_nano
    ]


def _spent(it: Totals) -> float | None:
    """None where all that was paid for could not be priced."""
    return dollars(it.spend_nano) if it.spend_nano or it.priced or not it.unpriced else None


_WH_PER_KWH = 1000.0
_MICRO = 1e6


def _energy(found: "Statement") -> dict[str, Any]:
    """Kilowatt-hours and grams of CO2 equivalent, each with its range; None where unknown."""
    it = found.totals
    known = it.metered > 0
    return {
        "state": "value" if known else "not_measured",
        "n": it.metered,
        "of": it.priced + it.unpriced,
        "low_kwh": it.energy_low_uwh / _MICRO / _WH_PER_KWH if known else None,
        "high_kwh": it.energy_high_uwh / _MICRO / _WH_PER_KWH if known else None,
        "low_co2_g": it.co2_low_ug / _MICRO if known else None,
        "high_co2_g": it.co2_high_ug / _MICRO if known else None,
        "source": "A local model's own measured power where its card gives one; else the method"
        " and data of EcoLogits 0.11 (use of the machines alone), read offline.",
    }
