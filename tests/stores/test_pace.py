"""Pace: bursts with rests between them, and none while somebody waits."""

import time
from collections.abc import Iterator

import pytest

from router.stores.pace import BURST_S, REST_S, Pace


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The rests that were taken, in seconds, while each look at the clock finds it a third of a
    burst on."""
    taken: list[float] = []
    clock = iter(n * BURST_S / 3 for n in range(1, 1000))
    monkeypatch.setattr(time, "thread_time", lambda: next(clock))
    monkeypatch.setattr(time, "sleep", taken.append)
    yield taken


def test_a_rest_follows_each_burst(rests: list[float]) -> None:
    pace = Pace(lambda: False)
    assert [*pace.through(range(12))] == [*range(12)]
    # Of four looks at the clock the third ends a burst, and the fourth begins the next.
    assert rests == [REST_S] * 3


def test_work_that_somebody_waits_for_is_done_in_one_go(rests: list[float]) -> None:
    assert [*Pace().through(range(100))] == [*range(100)]
    assert rests == []


def test_who_comes_to_wait_ends_the_rests(rests: list[float]) -> None:
    asked = 0

    def hurries() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    for _ in Pace(hurries).through(range(100)):
        pass
    assert rests == [REST_S] * 2


def test_short_work_is_not_drawn_out(rests: list[float]) -> None:
    assert [*Pace(lambda: False).through(range(2))] == [0, 1]
    assert rests == []
