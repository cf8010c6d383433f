"""What changed in a period, so that a bend in a curve can be told from chance. Pure.

Rule: only what the log itself shows. A version of a policy begins with the first decision it made;
an outage is an hour in which a good part of the requests got no answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from router.core.ledger import SECONDS_PER_HOUR, Point, Span, Totals

OUTAGE_SHARE = 0.05
LEAST_FAILED = 5
"""An hour in which so many requests, and so large a share of them, got no answer is an outage."""


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` until before `until`, in Unix seconds; a policy's version has no end of its own."""

    kind: Literal["policy", "outage"]
    at: int
    until: int | None
    label: str


def changes(versions: Mapping[str | None, Span], hours: Iterable[Point]) -> Sequence[Change]:
    """From the hours of every version of a policy, and points in all, in order of time."""
    found = [*_policies(versions), *_outages(hours)]
    return sorted(found, key=lambda it: (it.at, it.kind, it.label))


def _policies(versions: Mapping[str | None, Span]) -> Iterable[Change]:
    """The version that the period began with is no change; of two that begin at once both are."""
    begun = min((it.first for it in versions.values()), default=0)
    for version, it in versions.items():
        if version is not None and it.first > begun:
            yield Change("policy", it.first, None, f"policy version {version}")


def _outages(hours: Iterable[Point]) -> Iterable[Change]:
    """Hours that follow each other are one outage."""
    begun, until, failed = 0, None, 0
    for hour in hours:
        lost = _lost(hour.totals)
        if lost < max(LEAST_FAILED, OUTAGE_SHARE * hour.totals.requests):
            continue
        if until is not None and hour.at > until:
            yield _outage(begun, until, failed)
            until = None
        if until is None:
            begun, failed = hour.at, 0
        until, failed = hour.at + SECONDS_PER_HOUR, failed + lost
    if until is not None:
        yield _outage(begun, until, failed)


def _outage(at: int, until: int, failed: int) -> Change:
    return Change("outage", at, until, f"outage, {failed:,} without an answer")


def _lost(totals: Totals) -> int:
    return totals.unavailable + totals.upstream_error
