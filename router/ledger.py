"""Ledger: the seam that pages, reports and statistics read the decision log through.

Values are those of `core/ledger.py`. Adapters satisfy it by shape; none inherits.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from router.core.ledger import (
    TOTALS,
    Clusters,
    Dimension,
    Grouping,
    Histogram,
    LedgerFilter,
    Measure,
    Point,
    PriceSheet,
    QualitySums,
    Span,
    Step,
    TaggedSums,
    Totals,
    Unpriced,
    Window,
)
from router.core.own_cost import OwnCost
from router.core.repeats import Repeated
from router.core.session_score import SessionPairs, SessionScore


class Ledger(Protocol):
    """Sums over the decision log, quick at any size. Every method raises DecisionLogError.

    `where` narrows the requests, `by` tells them apart by a dimension: one result for each of its
    values, None standing for requests that have none. By tag, `where` may say arm, baseline and
    simulated alone, and anything else raises ValueError: no such sums are kept.
    """

    async def totals(
        self,
        window: Window,
        where: LedgerFilter | None = None,
        by: Grouping | None = None,
        figures: Collection[str] = TOTALS,
    ) -> Mapping[str | None, Totals]:
        """Sums over whole hours, by value; {None: ...} without `by`, also where all is 0.

        `figures`: which of TOTALS are asked for; any other may be 0.
        """
        ...

    async def series(
        self,
        window: Window,
        where: LedgerFilter | None = None,
        by: Grouping | None = None,
        step: Step = "hour",
        figures: Collection[str] = TOTALS,
    ) -> Sequence[Point]:
        """The same step by step in order of time; steps without a request are left out."""
        ...

    async def clusters(
        self, window: Window, where: LedgerFilter | None = None, by: Grouping | None = None
    ) -> Clusters:
        """Sums by cluster of sessions, for intervals; clusters without a request are left out."""
        ...

    async def spans(
        self, window: Window, where: LedgerFilter | None, by: Dimension
    ) -> Mapping[str | None, Span]:
        """The first and the last hour with a request of every value that has one."""
        ...

    async def histograms(
        self,
        window: Window,
        measures: Collection[Measure],
        models: Collection[str | None] | None = None,
        step: Step | None = None,
    ) -> Sequence[Histogram]:
        """How measures spread, step by step (None: over the window), in order of time.

        `models`: who answered, None of them standing for nobody; all by default.
        `core/buckets.py` reads quantiles from them.
        """
        ...

    async def quality(
        self, window: Window, where: LedgerFilter | None = None, by: Sequence[Grouping] = ()
    ) -> Sequence[QualitySums]:
        """What feedback said of the decisions of a window, by source and, together, dimensions.

        By tag no other dimension can stand beside it, and what has no tag is left out.
        """
        ...

    async def own_costs(self, window: Window, simulated: bool = False) -> Sequence[OwnCost]:
        """What the router's own calls of whole hours cost, by purpose and by whom it called."""
        ...

    async def unpriced(self, window: Window, limit: int = 20) -> Sequence[Unpriced]:
        """Requests that could not be priced, the most frequent first."""
        ...

    async def worst(self, window: Window, limit: int = 20) -> Sequence[Mapping[str, Any]]:
        """Decisions of the lowest mean score, as rows of the log with their `score`."""
        ...

    async def prices(self, id: str) -> PriceSheet | None:
        """The prices behind a row's `price_id`."""
        ...


class TagSets(Protocol):
    """What is asked of tags and of something else together. Raises DecisionLogError."""

    async def tagged(
        self, window: Window, where: LedgerFilter, by: Grouping, tag: str | None = None
    ) -> TaggedSums:
        """Sums by cluster of tagged requests, of those with `tag` if one is given; bounded work,
        however many there are: of the newest days as far as it goes."""
        ...


class Scores(Protocol):
    """What was said of answers, session by session. Every method raises DecisionLogError."""

    async def session_scores(
        self, window: Window, simulated: bool = False
    ) -> Sequence[SessionScore]:
        """Scores of the window's decisions by session, arm and source, in order of time."""
        ...

    async def session_pairs(
        self, window: Window, simulated: bool = False
    ) -> Sequence[SessionPairs]:
        """The window's answers beside a shadow's, by session, in no order."""
        ...

    async def judged_by_hour(self, window: Window, simulated: bool = False) -> Mapping[int, int]:
        """How many decisions of each hour (its start, in Unix seconds) were judged by anyone."""
        ...


class Repeats(Protocol):
    """What had to be done twice. Every method raises DecisionLogError."""

    async def repeated(self, window: Window, simulated: bool = False) -> Repeated:
        """Over the newest requests of a window; bounded work, however many there are."""
        ...
