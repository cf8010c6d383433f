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


def of_usage(name: str) -> Value:
    """A count of the event's usage; None where the usage is not known."""
    return lambda event: None if event.usage is None else getattr(event.usage, name)
