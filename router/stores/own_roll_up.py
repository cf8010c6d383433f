"""What the router's own calls add to the ledger's sums, in the hour in which they were paid. Pure.

Rule: a sum is only ever added to, so a call that comes after its request adds a cost and no
request. It is charged to every group of the request that it was about; what was spent, and what
could not be priced, is told of the model that was called.
"""

from collections.abc import Iterable
from operator import add
from typing import NamedTuple

from router.core.ledger import TOTALS, nano
from router.stores.ledger_schema import CLUSTER_SUMS
from router.stores.roll_up import (
    RollUp,
    Row,
    add_to,
    cluster_of,
    day_of,
    full_key,
    hour_of,
)


class PaidCall(NamedTuple):
    """One call: when it was over (Unix seconds), why, to whom, its tokens as far as they were told,
    and what it cost in US dollars, None if it has no price."""

    at: float
    purpose: str
    model: str
    tokens: int
    cost_usd: float | None

    @property
    def nano(self) -> int:
        """What it cost in nano-dollars, 0 if it has no price."""
        return nano(self.cost_usd)


def book(sums: RollUp, row: Row, calls: Iterable[PaidCall]) -> None:
    """Add the calls that were about a row's request."""
    own, cluster = full_key(row), cluster_of(row.session, row.id)
    for call in calls:
        cost, unpriced = call.nano, int(call.cost_usd is None)
        if not cost and not unpriced:
            continue
        charged = _figures(TOTALS, own_nano=cost)
        spent = _figures(TOTALS, spend_nano=cost, unpriced=unpriced)
        of_a_cluster = _figures(CLUSTER_SUMS, own_nano=cost, unpriced_requests=unpriced)
        hour, day = hour_of(call.at), day_of(call.at)
        add_to(sums.hourly, (own, hour), charged)
        add_to(sums.hourly, (full_key(row._replace(model=call.model)), hour), spent)
        add_to(sums.clusters, (own, day, cluster), of_a_cluster)
        # No model is told apart by tag.
        sums.add_tagged(row, call.at, [*map(add, charged, spent)], of_a_cluster)


def _figures(names: tuple[str, ...], **told: int) -> list[int]:
    return [told.get(name, 0) for name in names]
