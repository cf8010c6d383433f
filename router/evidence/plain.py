"""A statement as plain values: what `report --json` prints and an endpoint answers.

Rule: money is in US dollars here; an interval is missing (null) where its figure has no value.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from router.core.ledger import dollars
from router.evidence.figure import Figure
from router.evidence.own_total import OwnTotal
from router.evidence.quality import Verdict
from router.evidence.savings import GroupSaving, PricedSaving
from router.evidence.statement import Statement


def plain(found: Statement) -> dict[str, Any]:
    """Objects, lists, texts, numbers, booleans and None alone."""
    return {
        "since": found.window.since,
        "until": found.window.until,
        "simulated": found.simulated,
        "headline": found.headline,
        "verdict": verdict(found.verdict),
        "saving": saving(found.saving),
        "other_baselines": [saving(it) for it in found.others],
        "figures": {name: figure(it) for name, it in sorted(found.figures.items())},
        "groups": {by: [group(it) for it in rows] for by, rows in found.groups.items()},
        "days": [
            {
                "at": it.at,
                "requests": it.requests,
                "spent_usd": _dollars(it.spent_nano),
                "baseline_usd": _dollars(it.baseline_nano),
            }
            for it in found.days
        ],
        "own": own(found.own),
        "unpriced": [asdict(it) for it in found.unpriced],
        "requests": found.totals.requests,
    }


def _dollars(amount: int | None) -> float | None:
    return None if amount is None else dollars(amount)


def verdict(it: Verdict) -> dict[str, Any]:
    """Whether quality held."""
    return {
        "ruling": it.ruling,
        "sentence": it.sentence,
        "margin": it.margin,
        "n": it.n,
        "needed": it.needed,
    }


def own(it: OwnTotal) -> dict[str, Any]:
    """What the router paid for its own ends."""
    return {
        "sentence": it.sentence,
        "calls": it.calls,
        "unpriced": it.unpriced,
        "usd": dollars(it.nano),
        "of": [
            {
                "purpose": one.purpose,
                "model": one.model,
                "calls": one.calls,
                "unpriced": one.unpriced,
                "tokens": one.tokens,
                "usd": dollars(one.nano),
            }
            for one in it.of
        ],
    }


def figure(it: Figure) -> Mapping[str, Any]:
    """One figure, its state included."""
    return asdict(it)


def saving(it: PricedSaving) -> dict[str, Any]:
    """A priced saving; its parts sum to `net_usd`. No dollars where no request could be priced."""
    parts = asdict(it.parts).items()
    return {
        "baseline": it.baseline,
        "share": figure(it.share),
        "usd": figure(it.usd),
        "net_usd": dollars(it.net_nano) if it.is_known else None,
        "baseline_usd": dollars(it.baseline_nano) if it.is_known else None,
        "parts_usd": {name: dollars(value) if it.is_known else None for name, value in parts},
        "priced_requests": it.priced,
        "unpriced_requests": it.unpriced,
        "share_by_assumed_verbosity": it.assumed,
    }


def group(it: GroupSaving) -> dict[str, Any]:
    """A line of a table of savings."""
    return {"of": it.of, "requests": it.requests, "thin": it.is_thin, **saving(it.saving)}
