"""Gates: conditions on figures that make a check fail, such as `quality < -0.02`.

    gate    = figure [ ".low" | ".high" ] op number [ "%" ]
    op      = "<" | "<=" | ">" | ">="

`.low` and `.high` are the ends of the interval: `quality.high < -0.02` fails only once a loss is
shown, `quality.low < -0.02` unless there is shown to be none. Rule: a gate fails closed. A figure
that is not known, for whatever reason, fails it.
"""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from router.evidence.figure import Figure

End = Literal["value", "low", "high"]

_GATE = re.compile(
    r"\s*(?P<name>[a-z][a-z0-9_.]*?)(?:\.(?P<end>low|high))?\s*(?P<op><=|>=|<|>)"
    r"\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(?P<percent>%?)\s*",
    re.IGNORECASE,
)

_OPS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Gate:
    """Fails if the figure's value, or an end of its interval, stands so to `bound`."""

    text: str
    figure: str
    end: End
    op: str
    bound: float


def gate(text: str) -> Gate:
    """Read one. Raises ValueError saying what was expected."""
    found = _GATE.fullmatch(text)
    if found is None:
        raise ValueError(
            f"expected a figure, a comparison and a number, such as 'quality < -0.02', not {text!r}"
        )
    end = (found["end"] or "value").lower()
    return Gate(
        text=" ".join(text.split()),
        figure=found["name"].lower(),
        end="low" if end == "low" else "high" if end == "high" else "value",
        op=found["op"],
        bound=float(found["number"]) / (100 if found["percent"] else 1),
    )


def failure(one: Gate, figures: Mapping[str, Figure]) -> str | None:
    """Why the gate fails, in one sentence; None if it holds.

    Raises ValueError for a figure that there is none of, with the names of those there are.
    """
    figure = figures.get(one.figure)
    if figure is None:
        raise ValueError(f"no figure {one.figure!r}; there are {', '.join(sorted(figures))}")
    number = getattr(figure, one.end)
    if number is None:
        return f"{one.text}: cannot be told, and a gate fails closed. {figure.sentence}"
    if not _OPS[one.op](number, one.bound):
        return None
    which = "" if one.end == "value" else f" {one.end} end"
    return f"{one.text}: the{which} figure is {number:.6g}. {figure.sentence}"
