"""The ledger's sums: always those of the rows, in whatever order these came and went."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.bill import Bill
from router.core.buckets import quantile
from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.ledger import (
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
    Dimension,
    LedgerFilter,
    PriceSheet,
    Step,
    Totals,
    Window,
    nano,
)
from router.core.review import Review
from router.errors import DecisionLogError
from router.ledger import Ledger
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_schema import open_for_writing
from router.stores.sqlite_settling import settle
from router.stores.sqlite_upkeep import forget
from tests.fakes.events import AT, an_event, decided, unanswered
from tests.fakes.rows import events

EVER = Window(0, AT + 10 * SECONDS_PER_DAY)
STEPS: tuple[Step | None, ...] = (None, "hour", "day")
DIMENSIONS: tuple[Dimension, ...] = (
    "policy_version",
    "rule",
    "domain",
    "model",
    "key_name",
    "arm",
    "baseline",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


async def logged(path: Path, told: Sequence[RoutingEvent | Feedback | Review]) -> SQLiteLedger:
    log = SQLiteDecisionLog(path)
    for one in told:
        if isinstance(one, Review):
            await log.record_review(one)
        else:
            await (log.record_feedback(one) if isinstance(one, Feedback) else log.record(one))
    await log.close()
    return SQLiteLedger(path)


def settled(
    path: Path, delete_before: float | None = None, until: float = AT + 30 * SECONDS_PER_DAY
) -> None:
    """What upkeep does, days later."""
    connection = open_for_writing(path, 2.0, survive_power_cut=False)
    while settle(connection, until):
        pass
    while delete_before is not None and forget(connection, delete_before):
        pass
    connection.close()


def own_of(reviews: Sequence[Review], spent_on: str | None = None) -> Totals:
    """What reviews add, worked out from them alone; with `spent_on` what a model was paid."""
    calls = [call for it in reviews for call in it.calls if spent_on in (None, call.model)]
    cost = sum(nano(call.cost_usd) for call in calls)
    unpriced = sum(call.cost_usd is None for call in calls)
    return Totals(spend_nano=cost, unpriced=unpriced, own_nano=0 if spent_on else cost)


def summed(told: Sequence[RoutingEvent], reviews: Sequence[Review] = ()) -> Totals:
    """The totals, worked out from the events and their reviews alone."""
    found = own_of(reviews)
    for event in told:
        answered = event.model is not None and event.outcome != "refused"
        answer = nano(event.cost_usd) if answered else 0
        others, own = nano(event.bill.escalation_usd), nano(event.bill.own_usd)
        paid = answered or others > 0 or own > 0
        counts = paid and event.unpriced is None and event.baseline is not None
        money = {}
        if counts:
            priced = event.bill.baseline
            same = event.baseline_cost_usd
            money = {
                "baseline_nano": nano(priced.usd if priced else same),
                "baseline_low_nano": nano(priced.low if priced else same),
                "baseline_high_nano": nano(priced.high if priced else same),
                "answer_nano": answer,
                "escalation_nano": others,
                "cache_loss_nano": nano(event.bill.cache_loss_usd),
            }
        usage = event.usage
        found += Totals(
            requests=1,
            **{event.outcome: 1},
            local=int(event.model == "small"),
            priced=int(counts),
            unpriced=int(event.unpriced is not None),
            estimated=int(event.usage_estimated and answered),
            spend_nano=answer + others + own,
            own_nano=own,
            input_tokens=usage.input_tokens if usage else 0,
            output_tokens=usage.output_tokens if usage else 0,
            cached_input_tokens=usage.cached_input_tokens if usage else 0,
            reasoning_tokens=usage.reasoning_tokens if usage else 0,
            **money,
        )
    return found


def without_spend(it: Totals) -> Totals:
    """But for what is told of whom was paid, which by model is another than who answered."""
    return dataclasses.replace(it, spend_nano=0, unpriced=0)


async def check(
    ledger: SQLiteLedger, told: Sequence[RoutingEvent], reviews: Sequence[Review] = ()
) -> None:
    """Every way to ask for the sums gives those of the events and their reviews."""
    whole = summed(told, reviews)
    assert (await ledger.totals(EVER))[None] == whole
    points = await ledger.series(EVER)
    assert sum((point.totals for point in points), Totals()) == whole
    for by in DIMENSIONS:
        parts = await ledger.totals(EVER, by=by)
        assert sum(parts.values(), Totals()) == whole
        clusters = (await ledger.clusters(EVER, by=by)).of
        flat = [one for many in clusters.values() for one in many]
        assert sum(one.net_nano for one in flat) == whole.net_nano
        assert sum(one.requests for one in flat) == whole.requests
        assert all(one.parts.net == one.net_nano for one in flat)
        assert sum(one.own_nano for one in flat) == whole.own_nano
        assert sum(one.unpriced_requests for one in flat) == whole.unpriced
    for step in STEPS:
        times = await ledger.histograms(EVER, ["total_s"], step=step)
        assert sum(sum(one.counts.values()) for one in times) == len(told)
    narrowed = LedgerFilter(rule="easy", model="small", arm="routed")
    alike = [
        e for e in told if (e.decision.rule, e.model, e.decision.arm) == ("easy", "small", "routed")
    ]
    about = [it for it in reviews if it.decision in {event.id for event in alike}]
    found = (await ledger.totals(EVER, narrowed))[None]
    assert without_spend(found) == without_spend(summed(alike, about))


@settings(max_examples=15, deadline=None)
@given(st.lists(events(), max_size=12), st.integers(0, 12))
def test_sums_are_those_of_the_rows_before_and_after_days_are_settled_and_rows_deleted(
    drawn: list[RoutingEvent], late: int
) -> None:
    told = [replace(event, id=f"d{number}") for number, event in enumerate(drawn)]

    async def run(path: Path) -> None:
        ledger = await logged(path, told[late:])
        await check(ledger, told[late:])
        settled(path)
        await check(ledger, told[late:])
        # Answers that ran past midnight come when their day has been settled.
        await logged(path, told[:late])
        await check(ledger, told)
        settled(path, delete_before=AT + 30 * SECONDS_PER_DAY)
        assert SQLiteDecisionLog(path).recent(1) == []
        await check(ledger, told)

    with TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory) / "log"))


async def test_satisfies_the_port(path: Path) -> None:
    ledger: Ledger = await logged(path, [])
    assert await ledger.totals(EVER) == {None: Totals()}
    assert (await ledger.clusters(EVER)).of == {None: []}


async def test_a_window_of_hours_counts_whole_hours_and_clusters_whole_days(path: Path) -> None:
    ledger = await logged(path, [an_event("a"), an_event("b", at=AT + 5 * SECONDS_PER_HOUR)])
    window = Window(AT - 60, AT + 60)
    assert (await ledger.totals(window))[None].requests == 1
    clusters = await ledger.clusters(window)
    # 22:13 UTC and, five hours later, the day after.
    assert sum(one.requests for one in clusters.of[None]) == 1
    assert clusters.window == Window(AT // 86_400 * 86_400, AT // 86_400 * 86_400 + 86_400)


async def test_requests_of_one_session_are_in_one_cluster(path: Path) -> None:
    told = [an_event(str(n), session="s1") for n in range(5)]
    told += [an_event(f"alone{n}", session=None) for n in range(20)]
    clusters = (await (await logged(path, told)).clusters(EVER)).of[None]
    assert max(one.requests for one in clusters) >= 5
    assert len(clusters) > 10


async def test_a_request_that_nobody_answered_costs_nothing_and_is_not_unpriced(path: Path) -> None:
    totals = (await (await logged(path, [unanswered()])).totals(EVER))[None]
    assert (totals.requests, totals.priced, totals.unpriced, totals.no_candidate) == (1, 0, 0, 1)


async def test_calls_that_failed_and_were_paid_for_count_against_the_saving(path: Path) -> None:
    lost = unanswered("lost", outcome="upstream_error", bill=Bill(escalation_usd=0.25))
    totals = (await (await logged(path, [lost])).totals(EVER))[None]
    assert (totals.priced, totals.net_nano) == (1, -nano(0.25))


async def test_what_cannot_be_priced_is_counted_and_listed_never_zero(path: Path) -> None:
    told = [
        an_event("a", cost_usd=None),
        an_event("b", cost_usd=None, at=AT + 1),
        an_event("c", usage=None, cost_usd=None),
        an_event("d", baseline_cost_usd=None),
        an_event("e"),
    ]
    ledger = await logged(path, told)
    totals = (await ledger.totals(EVER))[None]
    assert (totals.priced, totals.unpriced) == (1, 4)
    assert totals.spend_nano == 2 * nano(an_event().cost_usd)
    listed = await ledger.unpriced(EVER)
    first = listed[0]
    assert (first.reason, first.model, first.requests) == ("no_price", "small", 2)
    assert {one.reason for one in listed} == {"no_price", "no_usage", "no_baseline_price"}
    assert (first.latest, first.latest_at) == ("b", AT + 1)


async def test_figures_of_different_baselines_and_of_made_up_answers_stay_apart(path: Path) -> None:
    told = [
        an_event("a"),
        an_event("b", baseline="requested", decision=decided(arm="named")),
        an_event("c", simulated=True),
    ]
    ledger = await logged(path, told)
    assert set(await ledger.totals(EVER, by="baseline")) == {"always:large", "requested"}
    real = await ledger.totals(EVER, LedgerFilter(simulated=False))
    assert real[None].requests == 2
    assert set((await ledger.clusters(EVER, by="arm")).of) == {"routed", "named"}


async def test_quality_is_summed_by_source_and_a_change_of_mind_replaces(path: Path) -> None:
    told: list[RoutingEvent | Feedback] = [
        an_event("a"),
        an_event("b"),
        Feedback("a", "user", AT, 0.0),
        Feedback("a", "user", AT + 1, 0.5),
        Feedback("b", "user", AT, 1.0),
        Feedback("a", "judge", AT, 0.25),
    ]
    ledger = await logged(path, told)
    found = {one.source: one for one in await ledger.quality(EVER, by=["rule"])}
    assert (found["user"].judged, found["user"].score, found["user"].square) == (2, 1.5, 1.25)
    assert (found["judge"].of, found["judge"].judged) == (("easy",), 1)
    worst = await ledger.worst(EVER, limit=1)
    assert [(row["decision"], row["score"]) for row in worst] == [("a", 0.25)]


async def test_times_are_read_from_histograms_to_within_a_bucket(path: Path) -> None:
    plain = an_event()
    told = [
        replace(plain, id=str(n), timings=replace(plain.timings, total_s=n / 100))
        for n in range(1, 101)
    ]
    [found] = await (await logged(path, told)).histograms(EVER, ["total_s"])
    assert quantile(found.counts, 0.5) == pytest.approx(0.5, rel=0.1)
    assert quantile(found.counts, 0.99) == pytest.approx(0.99, rel=0.2)


async def test_the_prices_behind_a_row_are_kept_with_it(path: Path) -> None:
    sheet = PriceSheet("abc", json.dumps({"small": {"input_usd_per_mtok": 1.0}}))
    ledger = await logged(path, [an_event("a", bill=Bill(priced_by=sheet))])
    assert await ledger.prices("abc") == sheet
    assert await ledger.prices("none") is None


async def test_a_log_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    with pytest.raises(DecisionLogError):
        await SQLiteLedger(tmp_path / "none").totals(EVER)


async def test_what_no_row_can_hold_finds_nothing(path: Path) -> None:
    ledger = await logged(path, [an_event("a")])
    where: Any = LedgerFilter(rule="\ud800")
    assert (await ledger.totals(EVER, where))[None].requests == 0
