"""Slots: so many requests at a time, a short line behind them, and a refusal for the next.

Satisfies router.ports.Limiter. Budgets and rates are limiters too; none of them is here yet.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable

from router.core.access import Caller
from router.errors import Overloaded

RETRY_AFTER_S = 1.0


class Slots:
    """At most `most` requests at a time and `line` waiting, each for `patience_s` at most."""

    def __init__(self, most: int, line: int, patience_s: float) -> None:
        self._free = most
        self._line_length = line
        self._patience_s = patience_s
        self._line: deque[asyncio.Future[None]] = deque()

    def refusal(self, caller: Caller) -> Overloaded | None:
        """Why a request could not enter now: there is no slot, and the line is full."""
        if self._free or len(self._line) < self._line_length:
            return None
        return Overloaded("The gateway serves as many requests as it can.", RETRY_AFTER_S)

    def enter(self, caller: Caller) -> Awaitable[None] | None:
        """None: it may begin. Else what to await first. Raises Overloaded if the line is full."""
        if self._free:
            self._free -= 1
            return None
        refusal = self.refusal(caller)
        if refusal is not None:
            raise refusal
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        return self._turn(place, caller)

    def leave(self, caller: Caller) -> None:
        """A request that had entered is over: the first in line takes its slot."""
        if self._line:
            self._line.popleft().set_result(None)
        else:
            self._free += 1

    async def _turn(self, place: asyncio.Future[None], caller: Caller) -> None:
        try:
            await asyncio.wait((place,), timeout=self._patience_s)
        except asyncio.CancelledError:
            self._give_up(place, caller)
            raise
        if not place.done():
            self._give_up(place, caller)
            raise Overloaded("The gateway did not get to this request in time.", RETRY_AFTER_S)

    def _give_up(self, place: asyncio.Future[None], caller: Caller) -> None:
        if place.done():
            # The slot was given in the very moment that its owner left.
            self.leave(caller)
        else:
            self._line.remove(place)
