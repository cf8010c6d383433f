"""Ids of requests and answers.

The id of a decision names its row in the log; where nothing was decided the id names nothing but
the answer itself, and begins otherwise.
"""

import os
import secrets
import time

NAME = "x-request-id"
ANTHROPICS_NAME = "request-id"
"""Where Anthropic's clients look."""

_RANDOM_DIGITS = 16
_AT_A_TIME = 512

_drawn: list[str] = []
# A process that forks would draw what its parent draws.
os.register_at_fork(after_in_child=_drawn.clear)


def _random() -> str:
    """16 random hexadecimal digits. The system is asked for many at a time, for most of the price
    is in the asking."""
    try:
        return _drawn.pop()
    except IndexError:
        digits = secrets.token_hex(_RANDOM_DIGITS // 2 * _AT_A_TIME)
        places = range(_RANDOM_DIGITS, len(digits), _RANDOM_DIGITS)
        _drawn.extend(digits[place : place + _RANDOM_DIGITS] for place in places)
        return digits[:_RANDOM_DIGITS]


def new_id(prefix: str = "dec_") -> str:
    """An id that sorts by time, and cannot be guessed."""
    return f"{prefix}{time.time_ns() // 1_000_000:011x}{_random()}"
