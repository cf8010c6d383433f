"""What reviews cost and told, in the ledger's sums: as exactly as the rows that they are about."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.event import RoutingEvent
from router.core.ledger import SECONDS_PER_DAY, Totals, nano
from router.core.review import Review
from router.stores.roll_up import hour_of
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_ledger import SQLiteLedger
from tests.fakes.events import AT
from tests.fakes.reviews import reviews
from tests.fakes.rows import events
from tests.stores.test_sqlite_ledger import EVER, check, logged, own_of, settled, summed


async def check_own_cost(
    ledger: SQLiteLedger, told: Sequence[RoutingEvent], reviews: Sequence[Review]
) -> None:
    """The router's own calls are charged to what they were about, in the hour they were paid in,
    and spent on whom it called."""
    of = {event.id: event for event in told}
    by_rule = await ledger.totals(EVER, by="rule")
    for rule in by_rule:
        about = [it for it in reviews if of[it.decision].decision.rule == rule]
        alike = [event for event in told if event.decision.rule == rule]
        assert by_rule[rule] == summed(alike, about)
    by_model = await ledger.totals(EVER, by="model")
    for model in ("small", "large", "grader"):
        alike = [event for event in told if event.model == model]
        spent = summed(alike) + own_of(reviews, spent_on=model)
        found = by_model.get(model, Totals())
        assert (found.spend_nano, found.unpriced) == (spent.spend_nano, spent.unpriced)
    for tag in (None, "checkout"):
        chosen = {e.id for e in told if (tag in e.tags if tag else not e.tags)}
        alike = [event for event in told if event.id in chosen]
        about = [it for it in reviews if it.decision in chosen]
        found = (await ledger.totals(EVER, by="tag")).get(tag, Totals())
        assert found == summed(alike, about)
    points = {point.at: point.totals for point in await ledger.series(EVER)}
    for hour in {hour_of(it.at) for it in reviews}:
        paid = own_of([it for it in reviews if hour_of(it.at) == hour]).own_nano
        asked = [event for event in told if hour_of(event.at) == hour]
        assert points.get(hour, Totals()).own_nano == summed(asked).own_nano + paid
    costs = [
        cost
        for made_up in (False, True)
        for cost in await ledger.own_costs(EVER, simulated=made_up)
    ]
    calls = [call for it in reviews for call in it.calls]
    assert sum(it.calls for it in costs) == len(calls)
    assert sum(it.nano for it in costs) == sum(nano(call.cost_usd) for call in calls)
    assert sum(it.unpriced for it in costs) == sum(call.cost_usd is None for call in calls)


@settings(max_examples=12, deadline=None)
@given(st.lists(events(), max_size=8), st.integers(0, 8), st.data())
def test_what_reviews_cost_is_in_every_sum_once_however_late_they_come(
    drawn: list[RoutingEvent], late: int, data: st.DataObject
) -> None:
    told = [replace(event, id=f"d{number}") for number, event in enumerate(drawn)]
    every = [data.draw(reviews(event.id)) for event in told]
    soon = every[late::2]
    later = [it for it in every if it not in soon]

    async def run(path: Path) -> None:
        ledger = await logged(path, [*told[late:], *soon, *soon])
        await check(ledger, told[late:], soon)
        await check_own_cost(ledger, told[late:], soon)
        settled(path)
        await check(ledger, told[late:], soon)
        # Some come when the day of their decision, and that in which they were paid, is settled.
        await logged(path, [*told[:late], *later, *soon])
        await check(ledger, told, every)
        settled(path, delete_before=AT + 30 * SECONDS_PER_DAY)
        assert SQLiteDecisionLog(path).recent(1) == []
        await check(ledger, told, every)
        await check_own_cost(ledger, told, every)

    with TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory) / "log"))
