"""Retrying: what is called again, after which wait, and what never is."""

import asyncio
import time
from collections.abc import Sequence
from email.utils import formatdate

import pytest

from router.errors import (
    CircuitOpen,
    UpstreamBroken,
    UpstreamError,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from router.ports import Tries, UpstreamCall
from router.upstreams.retrying import (
    FIRST_WAIT_S,
    LONGEST_WAIT_S,
    QUICK_S,
    Retrying,
    retry_after,
)
from tests.fakes.upstream import FakeReply, FakeUpstream, plain_reply

DOWN = UpstreamUnreachable("down")


class Harness:
    """A retrying upstream over a script, which waits for nobody and notes what happened."""

    def __init__(
        self, *script: FakeReply | BaseException, retries: int = 1, draw: float = 0.5
    ) -> None:
        self.inner = FakeUpstream(*script)
        self.waits: list[float] = []
        self.told: list[UpstreamError | str] = []
        self.retrying = Retrying(self.inner, retries, 600.0, lambda: draw, self._wait)

    async def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def open(self, last: bool = True, left: int = 6, seconds_left: float = 600.0) -> object:
        tries = Tries(
            last, left, lambda: seconds_left, self.told.append, lambda: self.told.append("begun")
        )
        return await self.retrying.open(
            UpstreamCall("/chat/completions", "m", b"{}", False, tries=tries)
        )


def refused(status: int, **headers: str) -> FakeReply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return FakeReply([b"{}"], status, named)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
async def test_a_status_that_may_pass_is_tried_again_after_a_wait_with_jitter(status: int) -> None:
    first = refused(status)
    harness = Harness(first, plain_reply())
    assert getattr(await harness.open(), "status", None) == 200
    assert harness.waits == [0.5 * FIRST_WAIT_S]
    assert first.closed
    error, begun = harness.told
    assert isinstance(error, UpstreamRefused)
    assert (error.status, begun) == (status, "begun")


async def test_a_connection_that_broke_is_tried_again() -> None:
    harness = Harness(DOWN, plain_reply())
    await harness.open()
    assert harness.told == [DOWN, "begun"]


@pytest.mark.parametrize("status", [200, 400, 401, 404, 409, 422, 501])
async def test_any_other_status_is_an_answer(status: int) -> None:
    harness = Harness(refused(status))
    assert getattr(await harness.open(), "status", None) == status
    assert (len(harness.inner.calls), harness.told) == (1, [])


@pytest.mark.parametrize(
    "error",
    [UpstreamTimeout("late"), UpstreamBroken("cut"), UpstreamRefused("no", 400), CircuitOpen(10.0)],
    ids=lambda error: type(error).__name__,
)
async def test_a_timeout_and_what_has_begun_are_not_tried_again(error: UpstreamError) -> None:
    harness = Harness(error)
    with pytest.raises(type(error)):
        await harness.open()
    assert len(harness.inner.calls) == 1


@pytest.mark.parametrize("retries", [0, 1, 3])
async def test_it_is_called_once_and_as_often_again_as_it_may_be(retries: int) -> None:
    harness = Harness(DOWN, retries=retries)
    with pytest.raises(UpstreamUnreachable):
        await harness.open()
    assert len(harness.inner.calls) == 1 + retries
    assert harness.waits == [0.5 * FIRST_WAIT_S * 2**n for n in range(retries)]


async def test_the_last_refusal_is_handed_on_with_all_that_it_says() -> None:
    last = refused(503, retry_after="1")
    harness = Harness(refused(500), last)
    assert await harness.open() is last
    assert not last.closed


async def test_what_the_request_may_still_spend_binds_it_too() -> None:
    harness = Harness(DOWN, retries=5)
    with pytest.raises(UpstreamUnreachable):
        await harness.open(left=2)
    assert len(harness.inner.calls) == 2


async def test_a_connection_that_was_sent_twice_has_had_its_second_call() -> None:
    harness = Harness(UpstreamUnreachable("stale, then down", resent=True))
    with pytest.raises(UpstreamUnreachable):
        await harness.open()
    assert len(harness.inner.calls) == 1


async def test_with_another_candidate_left_only_a_broken_connection_is_tried_again_at_once() -> (
    None
):
    harness = Harness(DOWN, plain_reply(), draw=0.999)
    await harness.open(last=False)
    assert harness.waits == [pytest.approx(QUICK_S, rel=0.01)]

    busy = Harness(refused(503, retry_after="1"))
    await busy.open(last=False)
    assert (len(busy.inner.calls), busy.waits) == (1, [])


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry_after": "2"}, [2 + 0.5 * FIRST_WAIT_S]),
        ({"retry_after_ms": "1500", "retry_after": "9"}, [1.5 + 0.5 * FIRST_WAIT_S]),
        ({"retry_after": "nonsense"}, [0.5 * FIRST_WAIT_S]),
        ({"retry_after": f"{LONGEST_WAIT_S + 1:.0f}"}, []),
        ({"x_should_retry": "false"}, []),
    ],
)
async def test_an_upstream_is_taken_at_its_word(
    headers: dict[str, str], waits: Sequence[float]
) -> None:
    harness = Harness(refused(429, **headers), plain_reply())
    await harness.open()
    assert harness.waits == list(waits)


async def test_no_wait_goes_beyond_the_requests_time() -> None:
    harness = Harness(refused(503, retry_after="3"))
    await harness.open(seconds_left=2.0)
    assert harness.waits == []


async def test_no_answer_is_waited_for_beyond_the_requests_time() -> None:
    class Silent(FakeUpstream):
        async def open(self, call: UpstreamCall) -> FakeReply:
            await asyncio.Event().wait()
            raise AssertionError

    tries = Tries(seconds_left=lambda: 0.01)
    call = UpstreamCall("/chat/completions", "m", b"{}", False, tries=tries)
    with pytest.raises(UpstreamTimeout):
        await Retrying(Silent(), 1, 600.0).open(call)


async def test_closing_it_closes_the_upstream() -> None:
    harness = Harness()
    await harness.retrying.close()
    assert harness.inner.closed


NOW = time.time()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "-7"}, 0.0),
        ({"retry-after": "inf"}, 0.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": "soon"}, 0.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(headers: dict[str, str], seconds: float) -> None:
    assert retry_after(headers, NOW) == pytest.approx(seconds, abs=1.0)
