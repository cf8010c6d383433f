"""So many at a time, a short line, and the next is refused at once."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.access import ANYONE
from router.errors import Overloaded
from router.slots import Slots


async def enter(slots: Slots) -> None:
    waiting = slots.enter(ANYONE)
    if waiting is not None:
        await waiting


async def in_line(slots: Slots) -> "asyncio.Task[None]":
    task = asyncio.create_task(enter(slots))
    await asyncio.sleep(0)
    return task


async def test_while_there_is_room_nobody_waits() -> None:
    slots = Slots(2, 0, 1.0)

    assert [slots.enter(ANYONE) for _ in range(2)] == [None, None]
    with pytest.raises(Overloaded) as refused:
        slots.enter(ANYONE)
    assert refused.value.retry_after_s >= 1


async def test_the_first_in_line_is_the_first_to_enter() -> None:
    slots = Slots(1, 2, 10.0)
    await enter(slots)
    first, second = await in_line(slots), await in_line(slots)

    slots.leave(ANYONE)
    await asyncio.wait((first, second), return_when=asyncio.FIRST_COMPLETED)
    assert (first.done(), second.done()) == (True, False)

    slots.leave(ANYONE)
    await second


async def test_nobody_overtakes_the_line() -> None:
    slots = Slots(1, 1, 10.0)
    await enter(slots)
    first = await in_line(slots)
    slots.leave(ANYONE)

    with pytest.raises(Overloaded):
        await asyncio.gather(enter(slots), enter(slots))
    await first


async def test_the_line_does_not_wait_for_ever() -> None:
    slots = Slots(1, 1, 0.05)
    await enter(slots)

    with pytest.raises(Overloaded):
        await enter(slots)

    slots.leave(ANYONE)
    assert slots.enter(ANYONE) is None


async def test_who_leaves_the_line_leaves_his_place_to_others() -> None:
    slots = Slots(1, 1, 10.0)
    await enter(slots)
    gone = await in_line(slots)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    next_one = await in_line(slots)
    slots.leave(ANYONE)
    await next_one


async def test_a_slot_that_was_given_to_one_who_leaves_is_not_lost() -> None:
    slots = Slots(1, 2, 10.0)
    await enter(slots)
    gone, next_one = await in_line(slots), await in_line(slots)

    slots.leave(ANYONE)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    await asyncio.wait_for(next_one, 5)


class Play:
    """Callers who come, go and give up, as they are told; counts who is inside."""

    def __init__(self, most: int, line: int) -> None:
        self.slots = Slots(most, line, 60.0)
        self.inside = 0
        self.waiting: list[asyncio.Task[None]] = []

    async def move(self, what: str) -> None:
        if what == "come":
            self.waiting.append(asyncio.create_task(enter(self.slots)))
        elif what == "go" and self.inside:
            self.inside -= 1
            self.slots.leave(ANYONE)
        elif what == "give up" and self.waiting:
            self.waiting[-1].cancel()
        for _ in range(4):
            await asyncio.sleep(0)
        done = [task for task in self.waiting if task.done()]
        self.waiting = [task for task in self.waiting if not task.done()]
        self.inside += sum(not task.cancelled() and task.exception() is None for task in done)


@given(st.lists(st.sampled_from(["come", "go", "give up"]), max_size=60))
def test_whatever_happens_no_slot_is_lost_and_none_is_made(happened: list[str]) -> None:
    most, line = 3, 2

    async def run() -> None:
        play = Play(most, line)
        for what in happened:
            await play.move(what)
            assert play.inside <= most
            assert not play.waiting or play.inside == most, "somebody waits beside a free slot"
            assert len(play.waiting) <= line
        while play.waiting:
            await play.move("give up")
        while play.inside:
            await play.move("go")
        assert [play.slots.enter(ANYONE) for _ in range(most)] == [None] * most

    asyncio.run(run())


async def test_a_refusal_takes_no_time() -> None:
    slots = Slots(1, 0, 10.0)
    await enter(slots)
    begun = time.perf_counter()
    for _ in range(1000):
        with pytest.raises(Overloaded):
            slots.enter(ANYONE)

    assert time.perf_counter() - begun < 5
