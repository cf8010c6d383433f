"""Request headers by which a caller gives up freedom: they can tighten a policy, never loosen it.

x-slm-router-allowed-models: llama3.2:3b, gpt-4o-mini
x-slm-router-max-cost-usd: 0.002
x-slm-router-min-quality: 0.8
x-slm-router-max-latency: 3s
x-slm-router-local-only: true
x-slm-router-session: anything that stays the same through a conversation
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from router.core.limits import Limits
from router.errors import InvalidRequest

PREFIX = "x-slm-router-"
SESSION = f"{PREFIX}session"
_EXPECTED = {
    "max-cost-usd": "a number of US dollars above 0, such as 0.002",
    "min-quality": "a number from 0 to 1, such as 0.8",
    "max-latency": "a duration with its unit, such as 500ms or 3s",
    "local-only": "true or false",
}


def limits_of(headers: Mapping[str, str]) -> Limits:
    """The limits that a request's headers state. Raises InvalidRequest naming the header."""
    given: dict[str, Any] = {}
    models = headers.get(f"{PREFIX}allowed-models")
    if models is not None:
        given["allowed_models"] = tuple(m.strip() for m in models.split(",") if m.strip())
    for name in _EXPECTED:
        value = headers.get(PREFIX + name)
        if value is not None:
            given[name.replace("-", "_")] = _read(name, value.strip())
    if not given:
        return _UNBOUNDED
    try:
        return Limits(**given)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0]).replace("_", "-")
        raise _unexpected(name) from None


_UNBOUNDED = Limits()


def _read(name: str, value: str) -> object:
    if name == "max-latency":
        return value
    if name == "local-only":
        if value.lower() not in ("true", "false"):
            raise _unexpected(name)
        return value.lower() == "true"
    try:
        return float(value)
    except ValueError:
        raise _unexpected(name) from None


def _unexpected(name: str) -> InvalidRequest:
    return InvalidRequest(f"Expected {_EXPECTED[name]}.", PREFIX + name)
