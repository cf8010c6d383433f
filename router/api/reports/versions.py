"""Versions: what each version of a policy decided, saved and scored in a period.

Rule: these describe what happened. A version gets the requests of its time, so the difference of
two is no experiment; whether quality held is for the verdict to say.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from router.api.reports.period import Period
from router.api.state import runtime_of
from router.core.ledger import QualitySums, Span, dollars
from router.stores.policy_versions import PolicyVersions, Used

if TYPE_CHECKING:
    from router.evidence.savings import GroupSaving

MOST_VERSIONS = 50
"""The newest: policies that are edited by a program may have a great many."""

COLUMNS = (
    "policy",
    "version",
    "in_force",
    "first_at",
    "last_at",
    "requests",
    "priced_requests",
    "unpriced_requests",
    "baseline",
    "baseline_usd",
    "net_usd",
    "state",
    "share",
    "low",
    "high",
    "n",
    "needed",
    "source",
    "judged",
    "score_state",
    "score",
    "score_low",
    "score_high",
    "score_needed",
)


async def versions_of(request: Request, period: Period) -> Sequence[dict[str, Any]]:
    """A line for each version, the one used last first. Raises DecisionLogError."""
    from router.evidence.reading import read_versions
    from router.evidence.savings import saving_by_version

    runtime = runtime_of(request)
    if not runtime.settings.decision_log.exists():
        return []
    ledger, window, where = runtime.ledger, period.window, period.where
    spans = _newest(await ledger.spans(window, where, "policy_version"))
    if not spans:
        return []
    books = await read_versions(ledger, window, where, period.baseline)
    saved = await asyncio.to_thread(saving_by_version, books)
    scores = await ledger.quality(window, where, ("policy_version",))
    reader = PolicyVersions(runtime.settings.decision_log)
    used = await asyncio.to_thread(reader.used, spans)
    in_force = {it.version for it in runtime.gateway.policies.values()}
    found = [
        {
            **_used(version, used[version], version in in_force),
            **_saved(saved[version]),
            **_scored(scores, version),
        }
        for version in spans
        if version in saved
    ]
    return sorted(found, key=lambda row: -row["last_at"])


def _newest(spans: Mapping[str | None, Span]) -> Mapping[str, Span]:
    named = [(version, span) for version, span in spans.items() if version is not None]
    return dict(sorted(named, key=lambda it: it[1].last, reverse=True)[:MOST_VERSIONS])


def _used(version: str, used: Used, in_force: bool) -> dict[str, Any]:
    return {
        "policy": used.policy,
        "version": version,
        "in_force": in_force,
        "first_at": used.first_at,
        "last_at": used.last_at,
    }


def _saved(found: "GroupSaving") -> dict[str, Any]:
    saving = found.saving
    return {
        "requests": found.requests,
        "priced_requests": saving.priced,
        "unpriced_requests": saving.unpriced,
        "baseline": saving.baseline,
        "baseline_usd": dollars(saving.baseline_nano) if saving.is_known else None,
        "net_usd": dollars(saving.net_nano) if saving.is_known else None,
        "state": saving.share.state,
        "share": saving.share.value,
        "low": saving.share.low,
        "high": saving.share.high,
        "n": saving.share.n,
        "needed": saving.share.needed,
    }


def _scored(sums: Sequence[QualitySums], version: str) -> dict[str, Any]:
    """What whoever judged most of all said of its answers."""
    from router.evidence.group_scores import most_heard, score_of

    source = most_heard(sums)
    score = score_of(next((it for it in sums if it.of == (version,) and it.source == source), None))
    return {
        "source": source,
        "judged": score.n,
        "score_state": score.state,
        "score": score.value,
        "score_low": score.low,
        "score_high": score.high,
        "score_needed": score.needed,
    }
