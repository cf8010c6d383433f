"""Sessions in memory: bounded, the longest unused goes first."""

from router.core.session import Held
from router.stores.memory_sessions import MemorySessionStore
from tests.fakes.clock import FakeClock


async def test_the_session_without_an_answer_for_longest_makes_room() -> None:
    store = MemorySessionStore(FakeClock(), capacity=2)
    for name in ("a", "b", "a", "c"):
        await store.hold(name, Held("small"))

    assert await store.find("b") is None
    assert await store.find("a") is not None
    assert await store.find("c") is not None
