"""What reviews cost and told, in the ledger's sums: as exactly as the rows that they are about."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.event import RoutingEvent
from router.core.ledger import SECONDS_PER_DAY, Span, Totals, Unpriced, Window, nano
from router.core.own_cost import OwnCost
from router.core.review import Review, ShadowAnswer
from router.core.session_score import SessionPairs
from router.errors import DecisionLogError, UnknownDecision
from router.stores import journaled, sqlite
from router.stores.journaled import JournaledDecisionLog
from router.stores.roll_up import hour_of
from router.stores.sqlite import SQLiteDecisionLog
from router.stores.sqlite_ledger import SQLiteLedger
from router.stores.sqlite_reader import DecisionReader
from router.stores.sqlite_schema import open_for_writing
from router.stores.sqlite_scores import SQLiteScores
from router.stores.sqlite_upkeep import fill
from tests.fakes.events import AT, an_event
from tests.fakes.reviews import JUDGED, SHADOWED, UNPRICED, a_review, reviews
from tests.fakes.rows import events
from tests.stores.test_sqlite_ledger import EVER, check, logged, own_of, settled, summed
from tests.stores.test_sqlite_upkeep import write_old


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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.sqlite3"


async def test_what_was_paid_after_midnight_is_of_that_day_and_of_no_request(path: Path) -> None:
    day = SECONDS_PER_DAY
    midnight = AT // day * day + day
    ledger = await logged(path, [an_event(), a_review(at=midnight + 5, calls=(JUDGED,))])
    after = Window(midnight, midnight + day)
    whole, of = (await ledger.totals(after))[None], (await ledger.clusters(after)).of[None]

    assert (whole.requests, whole.own_nano, whole.spend_nano) == (0, nano(0.002), nano(0.002))
    assert [(it.requests, it.net_nano) for it in of] == [(0, -nano(0.002))]
    assert (await ledger.totals(Window(0, midnight)))[None].own_nano == 0


async def test_own_cost_counts_against_the_saving_also_where_the_request_has_no_price(
    path: Path,
) -> None:
    ledger = await logged(path, [an_event(cost_usd=None), a_review(calls=(JUDGED,))])
    totals = (await ledger.totals(EVER))[None]

    assert (totals.priced, totals.unpriced, totals.net_nano) == (0, 1, -nano(0.002))


async def test_it_is_spent_on_the_judges_model_and_charged_to_whom_it_judged(path: Path) -> None:
    ledger = await logged(path, [an_event(model="small", cost_usd=0.5), a_review(calls=(JUDGED,))])
    by_model = await ledger.totals(EVER, by="model")

    assert by_model["small"].spend_nano == nano(0.5)
    assert by_model["small"].own_nano == nano(0.002)
    assert (by_model["grader"].spend_nano, by_model["grader"].own_nano) == (nano(0.002), 0)


async def test_hours_in_which_only_a_review_was_paid_are_no_hours_of_use(path: Path) -> None:
    later = a_review(at=AT + 7200, calls=(JUDGED,))
    ledger = await logged(path, [an_event(model="small"), later])
    for _ in range(2):
        spans = await ledger.spans(EVER, None, "model")
        assert spans == {"small": Span(hour_of(AT), hour_of(AT))}
        settled(path)


async def test_calls_without_a_price_are_listed_by_whom_was_called(path: Path) -> None:
    told = [an_event("a"), an_event("b"), an_event("c", cost_usd=None)]
    two = a_review("b", at=AT + 90, calls=(UNPRICED, JUDGED, UNPRICED))
    ledger = await logged(path, [*told, a_review("a", calls=(UNPRICED,)), two])
    own, lacks = await ledger.unpriced(EVER)

    assert own == Unpriced("no_own_price", "grader", 3, "b", AT + 90)
    assert (lacks.reason, lacks.requests) == ("no_price", 1)
    assert (await ledger.totals(EVER))[None].unpriced == own.requests + lacks.requests


async def test_own_costs_are_told_by_purpose_and_model_and_made_up_ones_apart(path: Path) -> None:
    told = [an_event("a"), an_event("b"), an_event("made_up", simulated=True)]
    ledger = await logged(
        path,
        [*told, a_review("a"), a_review("b", calls=(UNPRICED,)), a_review("made_up")],
    )

    assert await ledger.own_costs(EVER) == [
        OwnCost("judge", "grader", 3, 1, 1224, nano(0.004)),
        OwnCost("shadow", "large", 1, 0, 70, nano(0.01)),
    ]
    assert [it.calls for it in await ledger.own_costs(EVER, simulated=True)] == [2, 1]


async def test_answers_beside_a_shadows_are_summed_by_session(path: Path) -> None:
    told = [an_event(id, session=id[0]) for id in ("a1", "a2", "b1", "c1")]
    told[1] = replace(told[1], at=AT + 3600)
    alone = replace(an_event("lone"), session=None)
    made_up = an_event("made_up", session="s", simulated=True)
    await logged(
        path,
        [
            *told,
            alone,
            made_up,
            a_review("a1", score=0.5, at=AT + 9, shadow=ShadowAnswer("large", 1.0)),
            a_review("a2", score=1.0, at=AT + 5, shadow=ShadowAnswer("large", 0.9)),
            a_review("b1", score=0.8, at=AT + 2, shadow=ShadowAnswer("large", 0.8)),
            a_review("c1", score=0.8, shadow=None),
            a_review("lone", score=0.0, at=AT + 7, shadow=ShadowAnswer("large", 0.25)),
            a_review("made_up"),
        ],
    )
    scores = SQLiteScores(path)

    assert sorted(await scores.session_pairs(EVER)) == [
        SessionPairs("a", 2, -0.4),
        SessionPairs("b", 1, 0.0),
        SessionPairs("lone", 1, -0.25),
    ]
    assert [it.session for it in await scores.session_pairs(EVER, simulated=True)] == ["s"]
    # Of decisions of the window, whenever they were judged.
    of_an_hour = await scores.session_pairs(Window(AT, AT + 1))
    assert sorted((it.session, it.pairs) for it in of_an_hour) == [("a", 1), ("b", 1), ("lone", 1)]


async def test_reviews_go_with_their_rows_and_what_they_cost_stays(path: Path) -> None:
    ledger = await logged(path, [an_event(), a_review()])
    before = await ledger.totals(EVER), await ledger.own_costs(EVER)
    settled(path, delete_before=AT + 30 * SECONDS_PER_DAY)

    assert SQLiteDecisionLog(path).review_of("d1") is None
    assert await SQLiteScores(path).session_pairs(EVER) == []
    assert (await ledger.totals(EVER), await ledger.own_costs(EVER)) == before


async def test_a_row_that_is_yet_to_be_rolled_up_brings_its_review_along(path: Path) -> None:
    write_old(path, 10)
    ledger = await logged(path, [a_review("named"), a_review("named", calls=(SHADOWED,))])
    assert (await ledger.totals(EVER))[None] == Totals()
    with closing(open_for_writing(path, 2.0, survive_power_cut=False)) as connection:
        while fill(connection):
            pass
    [found] = [it for it in await ledger.quality(EVER) if it.source == "judge"]
    row = SQLiteDecisionLog(path).find("named")

    assert (await ledger.totals(EVER))[None].own_nano == nano(0.014)
    assert (found.judged, found.score) == (1, 0.7)
    assert len(await SQLiteScores(path).session_pairs(EVER)) == 1
    assert row is not None and row["own_usd"] == pytest.approx(0.014)


async def test_two_processes_that_tell_of_one_review_book_it_once(path: Path) -> None:
    first, second = SQLiteDecisionLog(path), SQLiteDecisionLog(path)
    await first.record(an_event())
    await asyncio.gather(*(log.record_review(a_review()) for log in [first, second] * 5))
    await asyncio.gather(first.close(), second.close())

    assert (await SQLiteLedger(path).totals(EVER))[None].own_nano == nano(0.014)


async def test_what_was_paid_is_booked_once_the_file_can_be_written_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "RETRY_S", 0.05)
    log = SQLiteDecisionLog(path, busy_s=0.05)
    await log.record(an_event())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DecisionLogError, match="locked"):
            await log.record_review(a_review())
        other.execute("ROLLBACK")
    async with asyncio.timeout(10):
        while log.review_of("d1") is None:  # noqa: ASYNC110  another thread writes
            await asyncio.sleep(0.02)
    await log.record_review(a_review())
    await log.close()

    assert (await SQLiteLedger(path).totals(EVER))[None].own_nano == nano(0.014)


async def test_a_review_is_kept_while_its_row_is_on_its_way_from_another_process(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journaled, "ELSEWHERE_S", 0.3)
    log = JournaledDecisionLog(SQLiteDecisionLog(path), tmp_path / "journal")
    other = SQLiteDecisionLog(path)

    async def decide_a_moment_later() -> None:
        await asyncio.sleep(0.05)
        await other.record(an_event("theirs"))

    await log.record(an_event("ours"))
    told = [log.record_review(a_review(id)) for id in ("ours", "theirs")]
    await asyncio.gather(*told, decide_a_moment_later())
    with pytest.raises(UnknownDecision):
        await log.record_review(a_review("nobody"))
    await asyncio.gather(log.close(), other.close())

    assert [DecisionReader(path).review_of(id) for id in ("ours", "theirs")] == [
        a_review("ours"),
        a_review("theirs"),
    ]
