"""MemorySessionStore: what conversations are with, for tests and for decisions without a server."""

from collections import OrderedDict

from router.core.session import Held
from router.ports import Clock


class MemorySessionStore:
    """The last `capacity` sessions of this process, each remembered for `lifetime_s` seconds.

    For one event loop, not for threads. The session that was longest without an answer goes first.
    """

    def __init__(self, clock: Clock, lifetime_s: float = 3600.0, capacity: int = 10_000) -> None:
        self._clock = clock
        self._lifetime_s = lifetime_s
        self._capacity = capacity
        self._held: OrderedDict[str, tuple[float, Held]] = OrderedDict()

    async def find(self, conversation: str) -> Held | None:
        """What is known of a conversation, None if nothing, or nothing recent enough."""
        kept = self._held.get(conversation)
        if kept is None:
            return None
        at, held = kept
        idle_s = self._clock.now() - at
        if idle_s > self._lifetime_s:
            del self._held[conversation]
            return None
        return Held(held.model, held.tokens, max(idle_s, 0.0), held.draw)

    async def hold(self, conversation: str, held: Held) -> None:
        """Keep this, and forget the oldest where there is no room."""
        self._held[conversation] = self._clock.now(), held
        self._held.move_to_end(conversation)
        if len(self._held) > self._capacity:
            self._held.popitem(last=False)
