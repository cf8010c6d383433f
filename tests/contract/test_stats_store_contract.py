"""What every statistics store does, whatever it is kept in."""

from collections.abc import Callable

import pytest

from router.core.stats import (
    COOLDOWN_S,
    FAILURES_TO_COOL_DOWN,
    ModelStats,
    Observation,
    observe,
)
from router.ports import Clock, StatsStore
from router.stores.memory import MemoryStatsStore
from tests.fakes.clock import FakeClock

STORES: dict[str, Callable[[Clock], StatsStore]] = {"memory": MemoryStatsStore}

OK = Observation(ok=True, first_byte_s=0.2, total_s=1.2, output_tokens=50)
FAILED = Observation(ok=False)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, clock: FakeClock) -> StatsStore:
    return STORES[request.param](clock)


def test_an_unseen_model_has_empty_statistics(store: StatsStore) -> None:
    assert store.snapshot().of("small") == ModelStats()


def test_observations_are_folded_as_the_core_folds_them(
    store: StatsStore, clock: FakeClock
) -> None:
    expected = ModelStats()
    for seen in (OK, FAILED, OK, Observation(ok=True, first_byte_s=1.0, total_s=2.0)):
        store.observe("small", seen)
        expected = observe(expected, seen, clock.elapsed())
    assert store.snapshot().of("small") == expected


def test_models_are_kept_apart(store: StatsStore) -> None:
    store.observe("small", OK)
    store.observe("large", FAILED)
    snapshot = store.snapshot()
    assert snapshot.of("small").failures_in_a_row == 0
    assert snapshot.of("large").failures_in_a_row == 1


def test_a_snapshot_does_not_change_afterwards(store: StatsStore) -> None:
    store.observe("small", OK)
    before = store.snapshot()
    store.observe("small", OK)
    store.observe("large", OK)
    assert before.of("small").calls == 1
    assert before.of("large") == ModelStats()


def test_a_model_that_keeps_failing_cools_down_on_the_snapshots_own_clock(
    store: StatsStore, clock: FakeClock
) -> None:
    for _ in range(FAILURES_TO_COOL_DOWN):
        store.observe("small", FAILED)
    snapshot = store.snapshot()
    assert not snapshot.of("small").is_healthy(snapshot.now)
    clock.advance(COOLDOWN_S)
    snapshot = store.snapshot()
    assert snapshot.of("small").is_healthy(snapshot.now)


def test_a_step_of_the_wall_clock_does_not_stretch_a_cooldown(
    store: StatsStore, clock: FakeClock
) -> None:
    for _ in range(FAILURES_TO_COOL_DOWN):
        store.observe("small", FAILED)
    clock.wall -= 3600
    clock.monotonic += COOLDOWN_S
    snapshot = store.snapshot()
    assert snapshot.of("small").is_healthy(snapshot.now)
