"""Pace: a thread's work in short bursts, for whoever it shares a core and the interpreter with.

A transaction of fifty rows takes milliseconds. In one go they are added to whatever request comes
meanwhile; with a rest after each burst a request waits for a burst, and the rows take longer, for
which nobody waits.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_T = TypeVar("_T")

BURST_S = 0.0003
"""Processor time without a rest."""

REST_S = 0.001
"""Enough for what a request that has waited does at a stretch."""


class Pace:
    """For one thread. While it `hurries` there is no rest: somebody waits for what it does."""

    def __init__(self, hurries: Callable[[], bool] = lambda: True) -> None:
        self._hurries = hurries
        self._rested = 0.0

    @property
    def hurries(self) -> bool:
        """Whether all is to be done in one go."""
        return self._hurries()

    def rest(self) -> None:
        """Let others have the core and the interpreter, if it is time to."""
        if time.thread_time() - self._rested < BURST_S or self._hurries():
            return
        time.sleep(REST_S)
        self._rested = time.thread_time()

    def through(self, items: Iterable[_T]) -> Iterator[_T]:
        """The same items, with a rest between them now and then."""
        for item in items:
            yield item
            self.rest()
