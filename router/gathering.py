"""Gathering: work of many requests that is cheaper done at once, without making one of them wait.

Rule: whatever is added is handed on as soon as a turn of the event loop has brought no more of it.
Alone it waits for one turn, in which nothing else happens; under load everybody finds company, and
what is done in a row costs far less than between other things: its code is at hand then.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_TOGETHER = 16
COMPANY = 8
"""So many requests under way find company; of four, each waited longer than it saved."""


class Gathering(Generic[T]):
    """For one event loop. `hand_on` gets what was added, in order; `most` of it waits for no more.

    `hand_on` must not raise: whoever added something may be waiting for it.
    """

    __slots__ = ("_hand_on", "_items", "_most", "_seen")

    def __init__(self, hand_on: Callable[[list[T]], None], most: int) -> None:
        self._hand_on = hand_on
        self._most = most
        self._items: list[T] = []
        self._seen = 0

    def add(self, item: T) -> None:
        """Hand this on soon. Called from the event loop."""
        items = self._items
        if not items:
            loop = asyncio.get_running_loop()
            loop.call_soon(self._look, loop)
        items.append(item)

    def hand_on_now(self) -> None:
        """Wait for nothing more."""
        items, self._items, self._seen = self._items, [], 0
        if items:
            self._hand_on(items)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._seen < len(self._items) < self._most:
            self._seen = len(self._items)
            loop.call_soon(self._look, loop)
        else:
            self.hand_on_now()


class Together:
    """Has requests that come at about the same moment go on one right after the other.

    Each `begin`s and `end`s. Where few are under way nobody has to wait for company: a turn of the
    event loop would cost a request alone more than it saves.
    """

    __slots__ = ("_under_way", "_waiting")

    def __init__(self) -> None:
        self._under_way = 0
        self._waiting = Gathering[asyncio.Future[None]](_let_go_on, MOST_TOGETHER)

    def is_busy(self) -> bool:
        """Whether there is company to wait for."""
        return self._under_way >= COMPANY

    def begin(self) -> None:
        """One more request is under way."""
        self._under_way += 1

    def end(self) -> None:
        """One less."""
        self._under_way -= 1

    async def wait(self) -> None:
        """Wait for those that come now, a turn of the event loop at least."""
        going_on: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(going_on)
        await going_on


def _let_go_on(waiting: list[asyncio.Future[None]]) -> None:
    for going_on in waiting:
        # Whose request was cancelled waits no longer.
        if not going_on.done():
            going_on.set_result(None)
