"""What many requests need at once is done at once, and none of them waits for another."""

import asyncio
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from router.gathering import COMPANY, Gathering, Together


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_one_alone_is_handed_on_after_a_turn() -> None:
    handed_on: list[list[str]] = []
    gathering = Gathering(handed_on.append, 8)
    gathering.add("alone")
    assert handed_on == []
    await turns(3)

    assert handed_on == [["alone"]]


async def test_it_gathers_for_as_long_as_every_turn_brings_another() -> None:
    handed_on: list[list[int]] = []
    gathering = Gathering(handed_on.append, 8)
    for number in range(5):
        gathering.add(number)
        await turns(1)
    await turns(3)
    gathering.add(5)
    await turns(3)

    assert handed_on == [[0, 1, 2, 3, 4], [5]]


async def test_so_many_as_are_enough_wait_for_no_more() -> None:
    handed_on: list[list[int]] = []
    gathering = Gathering(handed_on.append, 3)
    for number in range(6):
        gathering.add(number)
        await turns(1)
    await turns(3)

    assert handed_on[0] == [0, 1, 2] and [*chain(*handed_on)] == [*range(6)]


async def test_what_is_to_wait_no_longer_is_handed_on_at_once() -> None:
    handed_on: list[list[int]] = []
    gathering = Gathering(handed_on.append, 8)
    gathering.add(1)
    gathering.hand_on_now()
    gathering.hand_on_now()
    gathering.add(2)
    await turns(4)

    assert handed_on == [[1], [2]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 4), max_size=40), st.integers(1, 10))
def test_nothing_is_lost_or_handed_on_twice_and_the_order_stays(
    pauses: list[int], most: int
) -> None:
    async def adding() -> list[int]:
        handed_on: list[list[int]] = []
        gathering = Gathering(handed_on.append, most)
        for number, pause in enumerate(pauses):
            gathering.add(number)
            await turns(pause)
        await turns(len(pauses) + 3)
        return [*chain(*handed_on)]

    assert asyncio.run(adding()) == list(range(len(pauses)))


async def test_who_comes_at_the_same_moment_goes_on_in_a_row() -> None:
    together, told = Together(), list[str]()

    async def request(name: str, after: int) -> None:
        await turns(after)
        await together.wait()
        told.append(name)

    async def something_else() -> None:
        for _ in range(12):
            told.append("-")
            await turns(1)

    await asyncio.gather(request("a", 0), request("b", 1), request("c", 2), something_else())

    assert "abc" in "".join(told)


async def test_who_leaves_while_waiting_keeps_nobody() -> None:
    together = Together()
    leaving, staying = (asyncio.create_task(together.wait()) for _ in range(2))
    await turns(1)
    leaving.cancel()

    await staying
    assert leaving.cancelled()


def test_there_is_company_to_wait_for_where_many_are_under_way() -> None:
    together = Together()
    for _ in range(COMPANY - 1):
        together.begin()
    assert not together.is_busy()

    together.begin()
    assert together.is_busy()
    together.end()
    assert not together.is_busy()
