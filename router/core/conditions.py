"""Whether a condition holds, in Kleene's three values: True, False, and None for "not known".

A signal may be missing (a classifier failed, or abstained). "none of: private data" must not hold
just because nobody looked. So a comparison on a missing signal is unknown, and unknown spreads as
in Kleene's strong logic (Introduction to Metamathematics, 1952, section 64).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from router.core.policy import Comparison, Condition, Operator
from router.core.signals import Signals

_OPERATORS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    "is": lambda value, operand: bool(value == operand),
    "is_not": lambda value, operand: bool(value != operand),
    "in": lambda value, operand: value in operand,
    "not_in": lambda value, operand: value not in operand,
    "at_least": lambda value, operand: bool(value >= operand),
    "above": lambda value, operand: bool(value > operand),
    "at_most": lambda value, operand: bool(value <= operand),
    "below": lambda value, operand: bool(value < operand),
}


def holds(when: Condition | Comparison, signals: Signals) -> bool | None:
    """Whether `when` holds for `signals`; None where a missing signal leaves it open."""
    if isinstance(when, Comparison):
        value = signals.get(when.signal)
        return None if value is None else _OPERATORS[when.operator](value, when.operand)
    groups: list[bool | None] = []
    if when.all_ is not None:
        groups.append(_every(holds(part, signals) for part in when.all_))
    if when.any_ is not None:
        groups.append(_some(holds(part, signals) for part in when.any_))
    if when.none_ is not None:
        groups.append(_not(_some(holds(part, signals) for part in when.none_)))
    return _every(groups)


def _every(values: Iterable[bool | None]) -> bool | None:
    known = True
    for value in values:
        if value is False:
            return False
        known = known and value is not None
    return True if known else None


def _some(values: Iterable[bool | None]) -> bool | None:
    return _not(_every(_not(value) for value in values))


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value
