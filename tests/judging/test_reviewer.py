"""Reviews beside what callers wait for: how many at once, how many wait, and how they end."""

import asyncio
import gc
import weakref

import pytest

from router.judging.reviewer import AT_ONCE, MOST_WAITING, Reviewer
from router.ports import UpstreamCall
from tests.fakes.upstream import FakeReply, FakeUpstream, plain_reply
from tests.judging.made import BOTH, JUDGING, World, scored


class Held(FakeUpstream):
    """Answers once it is let go."""

    def __init__(self) -> None:
        super().__init__(scored())
        self.free, self.full = asyncio.Event(), asyncio.Event()
        self.under_way = 0

    async def open(self, call: UpstreamCall) -> FakeReply:
        self.calls.append(call)
        self.under_way += 1
        if self.under_way == AT_ONCE:
            self.full.set()
        try:
            await self.free.wait()
        finally:
            self.under_way -= 1
        return plain_reply('{"score": 7}')


async def busy(held: Held, count: int) -> World:
    """So many answers handed in; as many reviews as may be are under way."""
    it = World(upstreams={"bench": held})
    for at in range(count):
        it.reviewer.submit(await it.answered(id=f"dec_{at}"))
    async with asyncio.timeout(5):
        await held.full.wait()
    return it


async def test_so_many_are_under_way_at_most_and_the_others_wait_their_turn() -> None:
    held = Held()
    it = await busy(held, AT_ONCE + 3)

    assert held.under_way == AT_ONCE
    held.free.set()
    await it.reviewer.drain(5.0)

    assert it.counts.results.count(("judge", "judged")) == AT_ONCE + 3
    assert len(it.log.reviews) == AT_ONCE + 3


async def test_what_there_is_no_room_for_is_dropped_and_counted() -> None:
    held = Held()
    it = World(upstreams={"bench": held})
    it.reviewer = Reviewer(it.counts, at_once=1, most_waiting=2)

    # None begins before the loop turns: so the first of them waits too.
    for trace in [await it.answered(id=f"dec_{at}") for at in range(6)]:
        it.reviewer.submit(trace)

    assert it.counts.results == [("judge", "dropped")] * 4
    held.free.set()
    await it.reviewer.drain(5.0)
    assert it.counts.results[4:] == [("judge", "judged"), ("shadow", "judged")] * 2


async def test_the_bounds_hold_what_waits_to_some_megabytes() -> None:
    assert AT_ONCE <= 8 and MOST_WAITING <= 64


async def test_a_shutdown_breaks_off_what_is_not_over_in_time_and_books_it() -> None:
    held = Held()
    it = await busy(held, AT_ONCE + 2)

    await it.reviewer.drain(0.02)

    assert held.under_way == 0
    assert it.counts.results == [("judge", "dropped")] * (AT_ONCE + 2)
    # Whom we stopped waiting for may charge for it.
    assert len(it.log.reviews) == AT_ONCE
    assert {call.cost_usd for review in it.log.reviews for call in review.calls} == {None}


async def test_nothing_is_taken_after_a_shutdown() -> None:
    it = World()
    trace = await it.answered()
    await it.reviewer.drain(5.0)

    it.reviewer.submit(trace)

    assert it.counts.results == [("judge", "dropped")] and it.bench.calls == []


async def test_a_mistake_of_ours_costs_one_review_and_none_behind_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = World(JUDGING)
    record, failing = it.log.record_review, ["dec_0"]

    async def broken(review: object) -> None:
        if failing.pop() if failing else None:
            raise KeyError("ours")
        await record(review)  # type: ignore[arg-type]

    monkeypatch.setattr(it.log, "record_review", broken)
    it.reviewer = Reviewer(it.counts, at_once=1)
    for at in range(2):
        it.reviewer.submit(await it.answered(id=f"dec_{at}"))
    await it.reviewer.drain(5.0)

    assert "the review of decision dec_0 failed" in caplog.text
    assert [review.decision for review in it.log.reviews] == ["dec_1"]


async def test_a_mistake_before_anything_is_told_counts_as_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    it = World()
    trace = await it.answered()
    monkeypatch.setattr(it.gateway.stats, "snapshot", lambda: 1 / 0)

    it.reviewer.submit(trace)
    await it.reviewer.drain(5.0)

    assert it.counts.results == [("judge", "failed")]


async def test_nothing_of_a_request_is_kept_once_it_was_reviewed() -> None:
    it = World()
    trace = await it.answered()
    gone = weakref.ref(trace)
    it.reviewer.submit(trace)
    del trace

    await it.reviewer.drain(5.0)
    it.near.calls.clear()
    gc.collect()

    assert it.counts.results[0] == ("judge", "judged")
    assert gone() is None


async def test_a_policy_that_judges_nothing_any_more_ends_what_it_had_drawn() -> None:
    """A reload leaves the request its own policy: what was drawn by it is judged by it."""
    it = World()
    trace = await it.answered(BOTH)
    other = World(JUDGING | {"share": 0.0})
    other.reviewer = it.reviewer

    other.reviewer.submit(trace)
    await other.reviewer.drain(5.0)

    assert it.counts.results == [("judge", "judged"), ("shadow", "judged")]
    assert len(it.bench.calls) == 2 and other.bench.calls == []
