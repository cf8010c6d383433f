"""Gathering: work of many requests that is cheaper done at once, without making one of them wait.

Rule: whatever is added is handed on as soon as a turn of the event loop has brought no more of it.
Alone it waits for one turn, in which nothing else happens; under load everybody finds company, and
what is done in a row costs far less than between other things: its code is at hand then.
"""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

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


class UnderWay:
    """How many requests are under way: each `begin`s and `end`s.

    Where they are few nobody should wait for company: a turn of the event loop would cost a request
    alone more than it saves.
    """

    __slots__ = ("_requests",)

    def __init__(self) -> None:
        self._requests = 0

    def is_busy(self) -> bool:
        """Whether there is company to wait for."""
        return self._requests >= COMPANY

    def begin(self) -> None:
        """One more request is under way."""
        self._requests += 1

    def end(self) -> None:
        """One less."""
        self._requests -= 1
