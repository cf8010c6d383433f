"""Request headers by which a caller gives up freedom: they can tighten a policy, never loosen it.

    x-slm-router-allowed-models: llama3.2:3b, gpt-4o-mini
    x-slm-router-max-cost-usd: 0.002
    x-slm-router-min-quality: 0.8
    x-slm-router-max-latency: 3s
    x-slm-router-local-only: true
    x-slm-router-session: anything that stays the same through a conversation

Beside them `tagging.py` reads x-slm-router-tags, which limits nothing.

A header that stands twice binds twice: a proxy can add a limit, and its caller cannot undo it. A
name that says nothing to us is refused, for a limit that was mistyped must not be taken for none.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from router.api.tagging import TAGS
from router.core.limits import Limits
from router.errors import InvalidRequest

PREFIX = "x-slm-router-"
SESSION = f"{PREFIX}session"
_PREFIX = PREFIX.encode()
_EXPECTED = {
    "allowed-models": "names of models with commas between them",
    "max-cost-usd": "a number of US dollars above 0, such as 0.002",
    "min-quality": "a number from 0 to 1, such as 0.8",
    "max-latency": "a duration with its unit, such as 500ms or 3s",
    "local-only": "true or false",
}
HEADERS = (*_EXPECTED, "session", TAGS.removeprefix(PREFIX))
"""What a request's headers may say, after `x-slm-router-`."""

_NO_LIMITS = (SESSION, TAGS)

UNBOUNDED = Limits()


def ours_in(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Those of a request's headers that are ours, without decoding all the others."""
    return [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name.startswith(_PREFIX)
    ]


def limits_of(headers: Iterable[tuple[str, str]]) -> Limits:
    """The limits that a request's headers (names in lower case) state, all of them together.

    Raises InvalidRequest naming the header.
    """
    limits = UNBOUNDED
    for name, value in headers:
        if name.startswith(PREFIX) and name not in _NO_LIMITS:
            limits = limits.tightened(_limit(name.removeprefix(PREFIX), value.strip()))
    return limits


def _limit(name: str, value: str) -> Limits:
    if name not in _EXPECTED:
        close = get_close_matches(name, HEADERS, n=1)
        hint = f" Did you mean {PREFIX}{close[0]}?" if close else ""
        raise InvalidRequest(
            f"No such header; known are {', '.join(HEADERS)}.{hint}", PREFIX + name
        )
    try:
        return Limits(**{name.replace("-", "_"): _read(name, value)})
    except (ValidationError, ValueError):
        raise InvalidRequest(f"Expected {_EXPECTED[name]}.", PREFIX + name) from None


def _read(name: str, value: str) -> Any:
    """The value as Limits takes it. Raises ValueError."""
    if name == "allowed-models":
        return tuple(model.strip() for model in value.split(",") if model.strip())
    if name == "max-latency":
        return value
    if name == "local-only":
        return {"true": True, "false": False}.get(value.lower(), value)
    return float(value)
