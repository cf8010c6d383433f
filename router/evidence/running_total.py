"""Running totals: what was spent and what the baseline would have cost, as they grew. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from router.core.ledger import SECONDS_PER_DAY, SECONDS_PER_HOUR, Point

MOST_HOURS = 96
"""Traffic that spans more is told by days."""


@dataclass(frozen=True, slots=True)
class Running:
    """All until `at` (Unix seconds), in nano-dollars, of the requests that have both prices."""

    at: int
    requests: int
    spent_nano: int
    baseline_nano: int


def running_totals(hours: Sequence[Point]) -> Sequence[Running]:
    """At the end of every hour or day that had a request, after a first point of nothing."""
    if not hours:
        return ()
    span = hours[-1].at - hours[0].at
    step = SECONDS_PER_HOUR if span < MOST_HOURS * SECONDS_PER_HOUR else SECONDS_PER_DAY
    found = [Running(hours[0].at // step * step, 0, 0, 0)]
    for hour in hours:
        end, last = hour.at // step * step + step, found[-1]
        told = Running(
            end,
            last.requests + hour.totals.requests,
            last.spent_nano + hour.totals.baseline_nano - hour.totals.net_nano,
            last.baseline_nano + hour.totals.baseline_nano,
        )
        if end == last.at:
            found[-1] = told
        else:
            found.append(told)
    return found
