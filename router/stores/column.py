"""Column: one column of the decision log, where its value comes from and what it means."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Literal

from router.core.event import RoutingEvent

Kind = Literal["text", "number", "integer", "flag", "json"]


@dataclass(frozen=True, slots=True)
class Source:
    """What stands under the dotted `path` of a `part` of the event, of the event itself for "".

    Where the event has no such part it is what stands under `otherwise`, None for "". Rows are
    read by source rather than by column: `decision_row` reads all of a part at once.
    """

    path: str
    part: str = ""
    otherwise: str = ""

    def __call__(self, event: RoutingEvent) -> Any:
        """The value."""
        found = attrgetter(self.part)(event) if self.part else event
        if found is not None:
            return attrgetter(self.path)(found)
        return attrgetter(self.otherwise)(event) if self.otherwise else None


Value = Source | Callable[[RoutingEvent], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `unit` is "" where the value has none; `required` ones are never null."""

    name: str
    kind: Kind
    meaning: str
    value: Value
    unit: str = ""
    required: bool = False


of = Source


def of_part(part: str, otherwise: str = "") -> Callable[[str], Source]:
    """What stands under a path in a part of the event."""
    return lambda path: Source(path, part, otherwise)


of_usage = of_part("usage")
