"""Repeated: requests that came again, or that a model was asked again for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

AGAIN_S = 600.0
"""Ten minutes: within these a like request of the same session counts as a re-ask."""


class RepeatedHour(NamedTuple):
    """One hour from `at` (Unix seconds) on.

    `asked_again`, of the `in_sessions` requests that name a session: those for which every signal,
    and the count of tokens, is what it was for the request before it, AGAIN_S ago at most. Whoever
    words a question anew is not seen by this, so it is a lower bound. `retried`, of all `requests`:
    one model was called more than once.
    """

    at: int
    requests: int
    retried: int
    in_sessions: int
    asked_again: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """By hour, in order of time. `since` is how far was looked, later than asked for if `cut`."""

    hours: Sequence[RepeatedHour]
    since: float
    cut: bool
