"""within: a block that takes too long ends, and nothing else about it is any different."""

import asyncio

import pytest

from router.deadlines import within


async def test_what_ends_in_time_is_left_alone() -> None:
    with within(0.02):
        await asyncio.sleep(0)
    await asyncio.sleep(0.03)


async def test_what_takes_too_long_is_ended_with_a_timeout() -> None:
    loop = asyncio.get_running_loop()
    begun = loop.time()

    with pytest.raises(TimeoutError), within(0.02):
        await asyncio.sleep(5)

    assert 0.015 < loop.time() - begun < 2
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_a_limit_that_is_over_before_it_begins_ends_the_first_wait() -> None:
    with pytest.raises(TimeoutError), within(-1.0):
        await asyncio.sleep(5)


async def test_each_of_many_limits_is_kept_in_whatever_order_they_begin() -> None:
    over: list[float] = []

    async def one(seconds: float) -> None:
        try:
            with within(seconds):
                await asyncio.sleep(5)
        except TimeoutError:
            over.append(seconds)

    limits = [0.06, 0.02, 0.04, 0.01, 0.05]
    await asyncio.gather(*(one(it) for it in limits))
    assert over == sorted(limits)


async def test_the_inner_of_two_limits_ends_the_inner_block_alone() -> None:
    with within(5.0):
        with pytest.raises(TimeoutError), within(0.01):
            await asyncio.sleep(5)
        await asyncio.sleep(0)


async def test_the_outer_of_two_limits_ends_both_blocks() -> None:
    with pytest.raises(TimeoutError), within(0.01), within(5.0):
        await asyncio.sleep(5)


async def test_who_is_cancelled_by_others_is_not_told_of_a_timeout() -> None:
    async def limited() -> None:
        with within(5.0):
            await asyncio.sleep(5)

    task = asyncio.create_task(limited())
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_is_cancelled_as_its_time_is_over_stays_cancelled() -> None:
    async def limited() -> None:
        with within(0.0):
            try:
                await asyncio.sleep(5)
            finally:
                task.cancel()

    task = asyncio.create_task(limited())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_other_errors_pass() -> None:
    with pytest.raises(KeyError), within(1.0):
        raise KeyError


def test_a_second_event_loop_keeps_its_own_limits() -> None:
    async def limited() -> None:
        with within(30.0), pytest.raises(TimeoutError), within(0.01):
            await asyncio.sleep(5)

    asyncio.run(limited())
    asyncio.run(limited())
