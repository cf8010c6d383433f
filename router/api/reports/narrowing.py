"""Narrowing: savings told apart of requests with a rule, domain, model, API key or tag alone.

Rule: it narrows the one table of groups, never a figure above it. A tag and something else meet in
sums of their own, which are read as far as that stays quick; how far is told, never passed over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from starlette.requests import Request

from router.api.reports import asked
from router.core.ledger import ClusterSums, Grouping, LedgerFilter, TaggedSums, Window
from router.runtime import Runtime

if TYPE_CHECKING:
    from router.evidence.savings import ByGroup

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


def narrowing_of(request: Request) -> Narrowing:
    """What the query asks for. Raises InvalidRequest."""
    return Narrowing(**{name: asked.text(request, name) for name in FILTERS})


class NarrowedGroups:
    """Reads the groups of what is narrowed, if anything is.

    `since`: from when on requests count in what it has read, in Unix seconds; with a tag, or by
    tag, from the first day on whose sums can all be read.
    """

    def __init__(self, runtime: Runtime, narrowing: Narrowing, since: float) -> None:
        self._runtime = runtime
        self._narrowing = narrowing
        self.since = since

    async def __call__(self, window: Window, where: LedgerFilter, by: Grouping) -> "ByGroup":
        """Sums by cluster, by value of `by`. Raises DecisionLogError."""
        ledger, tag = self._runtime.ledger, self._narrowing.tag
        where = self._narrowing.within(where)
        if self._narrowing.is_any or (by != "tag" and tag is None):
            return (await ledger.clusters(window, where, by)).of
        found = await self._runtime.tag_sets.tagged(window, where, by, tag)
        self.since = max(self.since, found.window.since)
        if by != "tag" or tag is not None:
            return found.of
        whole = (await ledger.clusters(found.window, where)).of
        return {**found.of, **_untagged(whole.get(None, ()), found)}


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
