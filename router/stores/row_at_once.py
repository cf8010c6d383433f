"""An event read into the columns of the decision log by few calls, which run in C.

There are some seventy columns, and a row for each request. Reading them one by one took longer
than anything else that is done with an answer.
"""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import repeat
from math import isfinite
from operator import attrgetter, is_, itemgetter
from typing import Any

import msgspec

from router.core.event import RoutingEvent
from router.stores.column import Column, Kind, Source
from router.stores.decision_columns import COLUMNS

Values = list[Any]


def read_at_once(event: RoutingEvent) -> Values | None:
    """The values of COLUMNS as they stand; None if one is missing or a number is not finite.

    Their types and texts are for whoever writes them to check. Raises whatever reading them does.
    """
    lacks = tuple(map(is_, _parts_of(event), repeat(None)))
    values: Values = list(_reader(lacks)(event))
    # No JSON text has a line break in it.
    texts = _lines(list(_objects(values))).decode().split("\n")
    for place, text in zip(_JSON, texts, strict=False):
        values[place] = text
    for place in _FLAGS:
        values[place] = int(values[place])
    for place, value in _WORKED_OUT:
        values[place] = value(event)
    whole = None not in _required(values) and isfinite(sum(filter(None, _numbers(values))))
    return values if whole else None


def of_any_type(value: Any) -> Any:
    """What JSON knows nothing of, as what it does: numpy's scalars, which a signal may have left
    in, as Python's own. Raises TypeError."""
    if isinstance(value, Mapping):
        return dict(value)
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"a {type(value).__name__} has no place in the decision log")
    return item()


def _places(kind: Kind) -> tuple[int, ...]:
    return tuple(place for place, column in enumerate(COLUMNS) if column.kind == kind)


_SOURCES = [column.value for column in COLUMNS if isinstance(column.value, Source)]
_PARTS = tuple(dict.fromkeys(source.part for source in _SOURCES if source.part))
_parts_of = attrgetter(*_PARTS)


@cache
def _reader(lacks: tuple[bool, ...]) -> Callable[[RoutingEvent], tuple[Any, ...]]:
    """What reads an event that lacks these of _PARTS: all columns, by one call."""
    absent = {part for part, is_absent in zip(_PARTS, lacks, strict=True) if is_absent}
    return attrgetter(*(_path(column, absent) for column in COLUMNS))


def _path(column: Column, absent: set[str]) -> str:
    source = column.value
    if not isinstance(source, Source):
        # Of which there is no path: it is put in after.
        return "id"
    if source.part in absent:
        # A part that is not there is None, as is what would stand in it.
        return source.otherwise or source.part
    return f"{source.part}.{source.path}" if source.part else source.path


_FLAGS, _JSON = _places("flag"), _places("json")
_WORKED_OUT = tuple(
    (place, column.value)
    for place, column in enumerate(COLUMNS)
    if not isinstance(column.value, Source)
)
_objects = itemgetter(*_JSON)
_lines = msgspec.json.Encoder(enc_hook=of_any_type).encode_lines
"""Takes a list: of all else msgspec 0.22.0 keeps an iterator for ever."""
_numbers = itemgetter(*_places("number"))
_required = itemgetter(*(place for place, column in enumerate(COLUMNS) if column.required))
