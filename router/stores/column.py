"""Column: one column of the decision log, where its value comes from and what it means."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from router.core.event import RoutingEvent

Kind = Literal["text", "number", "integer", "flag", "json"]
Value = Callable[[RoutingEvent], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `unit` is "" where the value has none; `required` ones are never null."""

    name: str
    kind: Kind
    meaning: str
    value: Value
    unit: str = ""
    required: bool = False


def of(path: str) -> Value:
    """What stands under a dotted path of the event."""
    return operator.attrgetter(path)


def of_part(part: str) -> Callable[[str], Value]:
    """What stands under a name in a part of the event; None where the event has no such part."""

    def value_of(name: str) -> Value:
        return lambda event: None if (it := getattr(event, part)) is None else getattr(it, name)

    return value_of


of_usage = of_part("usage")
