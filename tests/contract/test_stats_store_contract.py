"""What every statistics store does, whatever it is kept in."""

from collections.abc import Callable

import pytest

from router.core.circuit import CLOSED, FAILURES_TO_OPEN, OPEN_S
from router.core.stats import ModelStats, Observation, observe
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
    assert snapshot.of("small").circuit.failures_in_a_row == 0
    assert snapshot.of("large").circuit.failures_in_a_row == 1


def test_a_snapshot_does_not_change_afterwards(store: StatsStore) -> None:
    store.observe("small", OK)
    before = store.snapshot()
    store.observe("small", OK)
    store.observe("large", OK)
    assert before.of("small").calls == 1
    assert before.of("large") == ModelStats()


def test_calls_are_in_flight_from_their_beginning_to_their_end(store: StatsStore) -> None:
    for model in ("small", "small", "large"):
        store.call_begins(model)
    before = store.in_flight()
    store.call_ends("small")
    store.call_ends("large")
    assert {name: n for name, n in store.in_flight().items() if n} == {"small": 1}
    assert before == {"small": 2, "large": 1}


REFUSED = Observation(ok=False, upstream="near", server_ok=True)
DOWN = Observation(ok=False, upstream="near", server_ok=False)
UNTOLD = Observation(ok=False, upstream="near", server_ok=None)


def failing(store: StatsStore, seen: Observation, times: int = FAILURES_TO_OPEN) -> None:
    for _ in range(times):
        store.observe("small", seen)


def test_a_model_that_keeps_failing_is_left_alone_on_the_snapshots_own_clock(
    store: StatsStore, clock: FakeClock
) -> None:
    failing(store, REFUSED)
    snapshot = store.snapshot()
    assert not snapshot.of("small").circuit.admits(snapshot.now)
    assert snapshot.circuit_of("near") == CLOSED
    clock.advance(OPEN_S)
    snapshot = store.snapshot()
    assert snapshot.of("small").circuit.admits(snapshot.now)


def test_a_step_of_the_wall_clock_does_not_stretch_the_time(
    store: StatsStore, clock: FakeClock
) -> None:
    failing(store, FAILED)
    clock.wall -= 3600
    clock.monotonic += OPEN_S
    snapshot = store.snapshot()
    assert snapshot.of("small").circuit.admits(snapshot.now)


def test_an_upstream_that_is_down_is_down_for_every_model_of_it(store: StatsStore) -> None:
    failing(store, DOWN)
    snapshot = store.snapshot()
    assert not snapshot.circuit_of("near").admits(snapshot.now)
    assert not store.enter("another", "near")
    assert store.enter("another", "far")


@pytest.mark.parametrize("seen", [REFUSED, UNTOLD], ids=["it works", "nothing told"])
def test_a_model_that_fails_on_a_server_that_works_is_left_alone_by_itself(
    store: StatsStore, seen: Observation
) -> None:
    failing(store, seen)
    assert not store.enter("small", "near")
    assert store.enter("another", "near")


def test_any_answer_of_an_upstream_ends_its_row_of_failures(store: StatsStore) -> None:
    failing(store, DOWN, FAILURES_TO_OPEN - 1)
    store.observe("another", Observation(ok=True, upstream="near", server_ok=True))
    store.observe("small", DOWN)
    assert store.enter("another", "near")


def test_one_request_alone_is_the_probe(store: StatsStore, clock: FakeClock) -> None:
    failing(store, DOWN)
    assert not store.enter("small", "near")
    clock.advance(OPEN_S)
    assert [store.enter("small", "near") for _ in range(3)] == [True, False, False]


def test_a_probe_that_was_released_lets_the_next_one_in(
    store: StatsStore, clock: FakeClock
) -> None:
    failing(store, DOWN)
    clock.advance(OPEN_S)
    assert store.enter("small", "near")
    store.release("small", "near")
    assert [store.enter("small", "near") for _ in range(2)] == [True, False]


def test_a_probe_that_is_answered_opens_the_way_to_all(store: StatsStore, clock: FakeClock) -> None:
    failing(store, DOWN)
    clock.advance(OPEN_S)
    assert store.enter("small", "near")
    store.observe("small", Observation(ok=True, upstream="near", server_ok=True))
    assert all(store.enter("small", "near") for _ in range(3))
