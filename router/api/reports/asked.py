"""What a query string asks for. Every reader names the parameter at fault in its error."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from math import isfinite

from starlette.requests import Request

from router.core.units import seconds
from router.errors import InvalidRequest

MOST_CHARACTERS = 256
_AGE = re.compile(r"\d+(\.\d+)?(ms|s|m|h|d)")
_SECONDS_PER_DAY = 86_400.0


def text(request: Request, name: str) -> str | None:
    """A text; None if it was left out or left empty, as forms do."""
    value = request.query_params.get(name, "").strip()
    if len(value) > MOST_CHARACTERS:
        raise InvalidRequest(f"Expected at most {MOST_CHARACTERS} characters.", name)
    return value or None


def one_of(request: Request, name: str, known: Collection[str], default: str) -> str:
    """One of a list of words."""
    value = text(request, name) or default
    if value not in known:
        raise InvalidRequest(f"Expected one of {', '.join(filter(None, known))}.", name)
    return value


def number(request: Request, name: str, low: float = 0.0, high: float = 1e15) -> float | None:
    """A number within bounds."""
    value = text(request, name)
    if value is None:
        return None
    try:
        found = float(value)
    except ValueError:
        found = float("nan")
    if not isfinite(found) or not low <= found <= high:
        raise InvalidRequest(f"Expected a number from {low:g} to {high:g}.", name)
    return found


def whole(request: Request, name: str, default: int, low: int, high: int) -> int:
    """A whole number within bounds."""
    found = number(request, name, low, high)
    if found is not None and found != int(found):
        raise InvalidRequest(f"Expected a whole number from {low} to {high}.", name)
    return default if found is None else int(found)


def moment(request: Request, name: str, now: float) -> float | None:
    """A time as Unix seconds: an age such as 30m, 1h or 7d, Unix seconds, or ISO 8601 (UTC)."""
    value = text(request, name)
    if value is None:
        return None
    if _AGE.fullmatch(value):
        return now - _age(value)
    try:
        at = float(value) if value.replace(".", "", 1).isdigit() else _iso(value)
    except (ValueError, OverflowError):
        at = float("nan")
    if not isfinite(at):
        raise InvalidRequest("Expected an age such as 1h or 7d, or a time in ISO 8601.", name)
    return at


def _age(value: str) -> float:
    if value.endswith("d"):
        return float(value[:-1]) * _SECONDS_PER_DAY
    return float(str(seconds(value)))


def _iso(value: str) -> float:
    found = datetime.fromisoformat(value)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
