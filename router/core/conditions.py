"""Whether a condition holds, in Kleene's three values: True, False, and None for "not known".

A signal may be missing (a classifier failed, or abstained). "none of: private data" must not hold
just because nobody looked. So a comparison on a missing signal is unknown, and unknown spreads as
in Kleene's strong logic (Introduction to Metamathematics, 1952, section 64).
"""

from collections.abc import Callable, Mapping
from typing import Any

from router.core.policy import Comparison, Condition, Operator, When
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
    # By type, not isinstance: pydantic's own isinstance takes longer than the whole comparison.
    if type(when) is Comparison:
        value = signals.get(when.signal)
        if value is None:
            return None
        operator, operand = when.operation
        return _OPERATORS[operator](value, operand)
    verdict: bool | None = True
    if when.all_ is not None:
        verdict = _every(when.all_, signals)
    if when.any_ is not None and verdict is not False:
        verdict = _both(verdict, _some(when.any_, signals))
    if when.none_ is not None and verdict is not False:
        verdict = _both(verdict, _not(_some(when.none_, signals)))
    return verdict


def _every(parts: tuple[When, ...], signals: Signals) -> bool | None:
    verdict: bool | None = True
    for part in parts:
        held = holds(part, signals)
        if held is False:
            return False
        if held is None:
            verdict = None
    return verdict


def _some(parts: tuple[When, ...], signals: Signals) -> bool | None:
    verdict: bool | None = False
    for part in parts:
        held = holds(part, signals)
        if held:
            return True
        if held is None:
            verdict = None
    return verdict


def _both(one: bool | None, other: bool | None) -> bool | None:
    return other if one else (False if other is False else one)


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value
