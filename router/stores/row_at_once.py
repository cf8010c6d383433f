"""An event read into the columns of the decision log by few calls, which run in C.

There are some seventy columns, and a row for each request. Reading them one by one took longer
than anything else that is done with an answer.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from math import isfinite
from operator import attrgetter, itemgetter
from typing import Any

import msgspec

from router.core.event import RoutingEvent
from router.stores.column import Column, Source
from router.stores.decision_columns import COLUMNS

Values = tuple[Any, ...]
Read = Callable[[RoutingEvent], Iterable[Any]]


def read_at_once(event: RoutingEvent) -> Values | None:
    """The values of COLUMNS as they stand; None if one is missing or a number is not finite.

    Their types and texts are for whoever writes them to check. Raises whatever reading them does.
    """
    values: list[Any] = []
    for read in _READS:
        values += read(event)
    row: Values = _in_order(values)
    whole = None not in _required(row) and isfinite(sum(filter(None, _numbers(row))))
    return row if whole else None


def of_any_type(value: Any) -> Any:
    """What JSON knows nothing of, as what it does: numpy's scalars, which a signal may have left
    in, as Python's own. Raises TypeError."""
    if isinstance(value, Mapping):
        return dict(value)
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"a {type(value).__name__} has no place in the decision log")
    return item()


def _several(paths: Sequence[str]) -> Callable[[Any], Values]:
    get = attrgetter(*paths)
    return get if len(paths) > 1 else lambda found: (get(found),)


def _part(part: str, otherwise: str, paths: Sequence[str]) -> Read:
    if not part:
        return _several(paths)
    part_of, of_it, nothing = attrgetter(part), _several(paths), (None,) * len(paths)
    instead = _several([otherwise] * len(paths)) if otherwise else None

    def read(event: RoutingEvent) -> Values:
        if (found := part_of(event)) is not None:
            return of_it(found)
        return nothing if instead is None else instead(event)

    return read


def _flags(paths: Sequence[str]) -> Read:
    get = _several(paths)
    return lambda event: map(int, get(event))


def _objects(paths: Sequence[str]) -> Read:
    get, lines = _several(paths), msgspec.json.Encoder(enc_hook=of_any_type).encode_lines
    # No JSON text has a line break in it.
    return lambda event: lines(get(event)).decode()[:-1].split("\n")


def _source(column: Column) -> tuple[str, str, str]:
    """What is read together: columns of one part, of the same alternative, and made alike."""
    it = column.value
    part, otherwise = (it.part, it.otherwise) if isinstance(it, Source) else ("", "")
    made = column.kind if column.kind in ("flag", "json") else ""
    return made, part, otherwise


def _reads() -> Iterator[tuple[Sequence[Column], Read]]:
    read = [column for column in COLUMNS if isinstance(column.value, Source)]
    for (made, part, otherwise), group in groupby(sorted(read, key=_source), _source):
        columns = list(group)
        paths = [column.value.path for column in columns if isinstance(column.value, Source)]
        if made:
            yield columns, _flags(paths) if made == "flag" else _objects(paths)
        else:
            yield columns, _part(part, otherwise, paths)
    for column in COLUMNS:
        if not isinstance(column.value, Source):
            yield [column], _alone(column.value)


def _alone(value: Callable[[RoutingEvent], Any]) -> Read:
    return lambda event: (value(event),)


_GROUPS = tuple(_reads())
_READS = tuple(read for _, read in _GROUPS)
_read = list(chain.from_iterable(columns for columns, _ in _GROUPS))
_in_order = itemgetter(*map(_read.index, COLUMNS))

_required = itemgetter(*(at for at, column in enumerate(COLUMNS) if column.required))
_numbers = itemgetter(*(at for at, column in enumerate(COLUMNS) if column.kind == "number"))
