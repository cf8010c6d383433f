"""What many requests need at once is done at once, and none of them waits for another."""

import asyncio
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from router.gathering import COMPANY, Gathering, UnderWay


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


def test_there_is_company_to_wait_for_where_many_are_under_way() -> None:
    under_way = UnderWay()
    for _ in range(COMPANY - 1):
        under_way.begin()
    assert not under_way.is_busy()

    under_way.begin()
    assert under_way.is_busy()
    under_way.end()
    assert not under_way.is_busy()
