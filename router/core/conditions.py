"""Whether a condition holds, in Kleene's three values: True, False, and None for "not known".

A signal may be missing (a classifier failed, or abstained). "none of: private data" must not hold
just because nobody looked. So a comparison on a missing signal is unknown, and unknown spreads as
in Kleene's strong logic (Introduction to Metamathematics, 1952, section 64).
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from router.core.policy import Comparison, Operator, When
from router.core.signals import Signals

Check = Callable[[Signals], bool | None]
"""A condition made ready: its verdict on the signals of one request."""

_OPERATORS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    "is": operator.eq,
    "is_not": operator.ne,
    "in": lambda value, operand: value in operand,
    "not_in": lambda value, operand: value not in operand,
    "at_least": operator.ge,
    "above": operator.gt,
    "at_most": operator.le,
    "below": operator.lt,
}


def holds(when: When, signals: Signals) -> bool | None:
    """Whether `when` holds for `signals`; None where a missing signal leaves it open."""
    return check_of(when)(signals)


def check_of(when: When) -> Check:
    """`holds` of one condition, with all that does not depend on the signals done beforehand."""
    # By type, not isinstance: pydantic's own isinstance takes longer than the whole comparison.
    if type(when) is Comparison:
        return _comparison(when)
    # Of one part nothing is to be put together.
    checks = [check_of(part) for part in when.all_ or ()]
    if when.any_ is not None:
        checks.append(_some(when.any_))
    if when.none_ is not None:
        checks.append(_not(_some(when.none_)))
    return checks[0] if len(checks) == 1 else _every(tuple(checks))


def _comparison(it: Comparison) -> Check:
    name, (operation, operand) = it.signal, it.operation
    compare = _OPERATORS[operation]

    def check(signals: Signals) -> bool | None:
        value = signals.get(name)
        return None if value is None else compare(value, operand)

    return check


def _every(checks: tuple[Check, ...]) -> Check:
    def check(signals: Signals) -> bool | None:
        verdict: bool | None = True
        for part in checks:
            held = part(signals)
            if held is None:
                verdict = None
            elif not held:
                return False
        return verdict

    return check


def _some(parts: tuple[When, ...]) -> Check:
    checks = tuple(map(check_of, parts))
    if len(checks) == 1:
        return checks[0]

    def check(signals: Signals) -> bool | None:
        verdict: bool | None = False
        for part in checks:
            held = part(signals)
            if held:
                return True
            if held is None:
                verdict = None
        return verdict

    return check


def _not(part: Check) -> Check:
    def check(signals: Signals) -> bool | None:
        held = part(signals)
        return None if held is None else not held

    return check
