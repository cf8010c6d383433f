"""Values with a unit, as operators write them: `500ms`, `30s`, `2m`. A bare number is refused."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(value: object) -> object:
    """A duration text in seconds.

    Raises ValueError, with the form expected, for a text without a known unit and for a bare
    number, which could mean seconds as well as milliseconds.
    """
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("expected a duration with its unit, such as 500ms, 30s or 2m")
    return float(match["number"]) * _SECONDS[match["unit"]]


Duration = Annotated[
    float,
    BeforeValidator(seconds, json_schema_input_type=str),
    Field(gt=0, json_schema_extra={"pattern": r"^\d+(\.\d+)?(ms|s|m|h)$"}),
]
"""Seconds, written with a unit in YAML."""
