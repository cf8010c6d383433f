"""Narrowing: savings told apart of requests with a rule, domain, model, API key or tag alone.

Rule: it narrows the one table of groups, never a figure above it. A tag and something else meet in
sums of their own, which are read as far as that stays quick; how far is told, never passed over.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from starlette.requests import Request

from router.api.reports import asked
from router.api.reports.period import Period
from router.api.state import runtime_of
from router.core.ledger import ClusterSums, Grouping, LedgerFilter, TaggedSums

if TYPE_CHECKING:
    from router.evidence.savings import GroupSaving

FILTERS = ("rule", "domain", "model", "key", "tag")
"""As the query names them."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the groups are of; None = any. As a filter each stands for exactly this."""

    rule: str | None = None
    domain: str | None = None
    model: str | None = None
    key: str | None = None
    tag: str | None = None

    @property
    def is_any(self) -> bool:
        """Whether nothing is narrowed."""
        return self == Narrowing()

    def within(self, where: LedgerFilter) -> LedgerFilter:
        """A filter of the ledger that says the same, but for the tag."""
        return replace(
            where, rule=self.rule, domain=self.domain, model=self.model, key_name=self.key
        )


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The groups, and from when on requests count in them, in Unix seconds."""

    groups: Sequence["GroupSaving"]
    since: float


def narrowing_of(request: Request) -> Narrowing:
    """What the query asks for. Raises InvalidRequest."""
    return Narrowing(**{name: asked.text(request, name) for name in FILTERS})


async def groups_of(
    request: Request, period: Period, by: Grouping, baseline: str, narrowing: Narrowing
) -> Narrowed:
    """Savings against a baseline by value of `by`, of what was narrowed. Raises DecisionLogError.

    With a tag, or by tag, requests count from the first day on whose sums can all be read.
    """
    from router.evidence.savings import saving_by_group

    runtime = runtime_of(request)
    where = narrowing.within(replace(period.where, baseline=baseline))
    window = period.window
    if by != "tag" and narrowing.tag is None:
        of = (await runtime.ledger.clusters(window, where, by)).of
    else:
        found = await runtime.tag_sets.tagged(window, where, by, narrowing.tag)
        window, of = found.window, found.of
        if by == "tag" and narrowing.tag is None:
            whole = (await runtime.ledger.clusters(window, where)).of
            of = {**of, **_untagged(whole.get(None, ()), found)}
    groups = await asyncio.to_thread(saving_by_group, of, baseline)
    return Narrowed(groups, max(period.window.since, window.since))


def _untagged(
    whole: Sequence[ClusterSums], tagged: TaggedSums
) -> Mapping[str | None, Sequence[ClusterSums]]:
    """What has no tag: the sums of all less those of any tag, if there is any such request."""
    less = {it.cluster: it for it in tagged.any}
    rest = [it if it.cluster not in less else _less(it, less[it.cluster]) for it in whole]
    rest = [it for it in rest if it != ClusterSums(it.cluster)]
    return {None: rest} if rest else {}


def _less(one: ClusterSums, other: ClusterSums) -> ClusterSums:
    figures = (it.name for it in fields(ClusterSums) if it.name != "cluster")
    return ClusterSums(one.cluster, *(getattr(one, it) - getattr(other, it) for it in figures))
