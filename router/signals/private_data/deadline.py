"""Deadline: how long a text may be looked through. Over it nobody knows what the text holds."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from router.errors import RouterError

_T = TypeVar("_T")


class TooMuchToRead(RouterError):
    """The text could not be looked through in time, so whether it holds private data is unknown."""


class Deadline:
    """A moment on the monotonic clock, `seconds` from now."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def check(self) -> None:
        """Raise TooMuchToRead once the moment has passed."""
        if time.monotonic() > self._at:
            raise TooMuchToRead("the text could not be looked through in time")

    def over(self, candidates: Iterable[_T]) -> Iterator[_T]:
        """Each of them, as long as there is time. Raises TooMuchToRead."""
        for candidate in candidates:
            self.check()
            yield candidate
