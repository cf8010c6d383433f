"""The row of the decision log: an event as stored values, and stored values as readers see them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import msgspec

from router.core.event import Outcome, RoutingEvent
from router.stores.decision_columns import COLUMNS, Column, Kind
from router.stores.row_at_once import Values, of_any_type, read_at_once

Row = Mapping[str, Any]
"""One request as readers see it: column -> value, with `id` called `decision` and `at` as text."""


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which rows to read; None = any. `since` is Unix time in seconds; `model` is who answered."""

    model: str | None = None
    rule: str | None = None
    outcome: Outcome | None = None
    since: float | None = None


NOT_A_ROW = (TypeError, ValueError, AttributeError, OverflowError)
"""What `encoded` raises, and SQLite's driver, for an event that holds what no row can."""

_READ_AS = {"id": "decision"}
_encoder = msgspec.json.Encoder()


def encoded(event: RoutingEvent) -> Values:
    """An event as the values of COLUMNS. Raises one of NOT_A_ROW."""
    return encoded_twice(event)[0]


def encoded_twice(event: RoutingEvent) -> tuple[Values, bytes]:
    """An event as the values of COLUMNS, and these as a line of JSON. Raises one of NOT_A_ROW."""
    # What is wrong with which of them is for the second reading to mend or to say.
    try:
        if (row := read_at_once(event)) is not None:
            # Takes no type but those that can be stored, and no half of a surrogate pair.
            return row, _encoder.encode(row) + b"\n"
    except NOT_A_ROW:
        pass
    row = _read_one_by_one(event)
    return row, _encoder.encode(row) + b"\n"


def _read_one_by_one(event: RoutingEvent) -> Values:
    """Every value made what can be stored, as far as it can be. Raises one of NOT_A_ROW."""
    values = [encode(value(event)) for value, encode in _WRITERS]
    for place in _REQUIRED:
        if values[place] is None:
            raise ValueError(f"{COLUMNS[place].name} is missing")
    return values


def decoded(columns: Sequence[Column], values: Sequence[Any]) -> Row:
    """Stored values as readers see them: JSON parsed, flags as booleans, `at` in ISO 8601, UTC."""
    return {
        _READ_AS.get(column.name, column.name): _read(column, value)
        for column, value in zip(columns, values, strict=True)
    }


def _read(column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.name == "at":
        moment = datetime.fromtimestamp(value, UTC).isoformat(timespec="milliseconds")
        return moment.replace("+00:00", "Z")
    if column.kind == "json":
        return msgspec.json.decode(value)
    return bool(value) if column.kind == "flag" else value


def _text(value: str | None) -> str | None:
    """Text as UTF-8 can hold it: a caller's JSON may carry half a surrogate pair."""
    if value is None or value.isascii():
        return value
    return value.encode("utf-8", "replace").decode("utf-8")


def _number(value: Any) -> float | None:
    number = None if value is None else float(value)
    return number if number is None or isfinite(number) else None


def _integer(value: Any) -> int | None:
    return None if value is None else int(value)


def _json(value: Any) -> str:
    try:
        return msgspec.json.encode(value, enc_hook=of_any_type).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(
            _mended(msgspec.to_builtins(value, enc_hook=of_any_type))
        ).decode()


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(key): _mended(part) for key, part in value.items()}
    return [_mended(part) for part in value] if isinstance(value, list | tuple) else value


_ENCODERS: Mapping[Kind, Callable[[Any], Any]] = {
    "text": _text,
    "number": _number,
    "integer": _integer,
    "flag": _integer,
    "json": _json,
}

_WRITERS = tuple((column.value, _ENCODERS[column.kind]) for column in COLUMNS)
_REQUIRED = tuple(place for place, column in enumerate(COLUMNS) if column.required)
