"""Period: what every report of figures asks for, read from the query, and its statement.

Rule: made-up answers and real ones are told one or the other, never together.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from router.api.reports import asked
from router.api.state import runtime_of
from router.core.ledger import SECONDS_PER_DAY, Grouping, LedgerFilter, Measure, Window
from router.errors import InvalidRequest

if TYPE_CHECKING:
    from router.evidence.reading import OfGroups
    from router.evidence.statement import Statement

PERIODS = {"24h": "Today and yesterday, UTC", "7d": "7 days", "30d": "30 days", "90d": "90 days"}
DEFAULT = "30d"
_DEFAULT_S = 30.0 * SECONDS_PER_DAY
TRAFFIC = ("real", "simulated")


@dataclass(frozen=True, slots=True)
class Period:
    """Whole UTC days, for sums by cluster are kept by days; today until now. `simulated`: which
    answers.

    `both`: the period has real answers and made-up ones. `now` is Unix time in seconds.
    """

    window: Window
    now: float
    baseline: str | None
    simulated: bool
    both: bool

    @property
    def where(self) -> LedgerFilter:
        """These answers alone."""
        return LedgerFilter(simulated=self.simulated)

    def told(self) -> dict[str, Any]:
        """As every report begins."""
        return {
            "since": self.window.since,
            "until": self.window.until,
            "traffic": TRAFFIC[self.simulated],
            "simulated": self.simulated,
            "has_both": self.both,
        }


async def period_of(request: Request) -> Period:
    """The query's `since`, `until`, `baseline` and `traffic`. Raises InvalidRequest."""
    runtime = runtime_of(request)
    now = runtime.gateway.clock.now()
    since = asked.moment(request, "since", now)
    until = asked.moment(request, "until", now)
    window = _whole_days(since, until, now)
    wanted = asked.one_of(request, "traffic", (*TRAFFIC, ""), "")
    real, made_up = await asyncio.gather(
        _any(request, window, simulated=False), _any(request, window, simulated=True)
    )
    simulated = wanted == "simulated" if wanted else made_up and not real
    baseline = asked.text(request, "baseline")
    return Period(window, now, baseline, simulated, real and made_up)


async def statement_of(
    request: Request,
    period: Period,
    groups: Sequence[Grouping] = (),
    measures: Sequence[Measure] = (),
    of_quality: bool = False,
    of_groups: "OfGroups | None" = None,
) -> "Statement":
    """The figures of a period, as far as they are asked for: those of quality alone, or of money
    and the verdict; `of_groups` reads what is told apart, if that is not all. Raises
    DecisionLogError."""
    # On first use: whoever looks at no page has no need of numpy.
    from router.evidence.reading import Sources, Wanted, read_books
    from router.evidence.statement import statement

    runtime = runtime_of(request)
    sources = Sources(runtime.ledger, runtime.scores)
    wanted = Wanted(groups, measures, of_quality, not of_quality, period.simulated, of_groups)
    books = await read_books(sources, period.window, period.now, period.baseline, wanted)
    return await asyncio.to_thread(statement, books)


async def _any(request: Request, window: Window, simulated: bool) -> bool:
    where = LedgerFilter(simulated=simulated)
    found = await runtime_of(request).ledger.totals(window, where, figures=("requests",))
    return found[None].requests > 0


def _whole_days(since: float | None, until: float | None, now: float) -> Window:
    end = now if until is None else until
    begin = end - _DEFAULT_S if since is None else since
    if until is not None and until < begin:
        raise InvalidRequest("Expected a time that is not before `since`.", "until")
    whole = ceil(end / SECONDS_PER_DAY) * SECONDS_PER_DAY
    return Window(begin // SECONDS_PER_DAY * SECONDS_PER_DAY, max(min(whole, now), begin))
