"""What every session store does, whatever it is kept in."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from router.core.session import Held
from router.ports import Clock, SessionStore
from router.stores.memory_sessions import MemorySessionStore
from router.stores.session_file import FileSessionStore
from tests.fakes.clock import FakeClock

LIFETIME_S = 600.0


def _memory(clock: Clock, folder: Path) -> Iterator[SessionStore]:
    yield MemorySessionStore(clock, LIFETIME_S)


def _file(clock: Clock, folder: Path) -> Iterator[SessionStore]:
    with closing(FileSessionStore(folder / "state" / "sessions.table", clock, LIFETIME_S)) as store:
        yield store


STORES: dict[str, Callable[[Clock, Path], Iterator[SessionStore]]] = {
    "memory": _memory,
    "file": _file,
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=STORES)
def store(
    request: pytest.FixtureRequest, clock: FakeClock, tmp_path: Path
) -> Iterator[SessionStore]:
    yield from STORES[request.param](clock, tmp_path)


async def test_nothing_is_known_of_a_new_conversation(store: SessionStore) -> None:
    assert await store.find("a") is None


@pytest.mark.parametrize(
    "held",
    [
        Held("small"),
        Held("large", 123_456, draw=0.123456789),
        Held("模型/qwen3:4b=x", 1, draw=0.0),
    ],
)
async def test_what_was_held_is_found_again(store: SessionStore, held: Held) -> None:
    await store.hold("a", held)

    assert await store.find("a") == held
    assert await store.find("b") is None


async def test_it_grows_old_from_when_it_was_held(store: SessionStore, clock: FakeClock) -> None:
    await store.hold("a", Held("small", 5, idle_s=77.0))
    clock.advance(30)

    assert await store.find("a") == Held("small", 5, idle_s=30.0)


async def test_the_last_word_counts(store: SessionStore, clock: FakeClock) -> None:
    await store.hold("a", Held("small", 5))
    clock.advance(30)
    await store.hold("a", Held("large", 7))

    assert await store.find("a") == Held("large", 7)


async def test_it_is_forgotten_in_time(store: SessionStore, clock: FakeClock) -> None:
    await store.hold("a", Held("small"))
    clock.advance(LIFETIME_S)
    assert await store.find("a") is not None

    clock.advance(1)

    assert await store.find("a") is None


async def test_a_clock_that_is_set_back_makes_nobody_younger_than_new(
    store: SessionStore, clock: FakeClock
) -> None:
    await store.hold("a", Held("small"))
    clock.wall -= 3600

    found = await store.find("a")
    assert found is not None and found.idle_s == 0.0


async def test_many_conversations_are_kept_apart(store: SessionStore) -> None:
    for number in range(500):
        await store.hold(f"conversation {number}", Held(f"model-{number}", number))

    for number in range(500):
        assert await store.find(f"conversation {number}") == Held(f"model-{number}", number)


async def test_any_text_may_name_a_conversation(store: SessionStore) -> None:
    for name in ("", "\0", "\ud800", "x" * 10_000):
        await store.hold(name, Held("small", len(name)))
        assert await store.find(name) == Held("small", len(name))
