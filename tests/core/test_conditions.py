"""Conditions in Kleene's three values, held against an oracle that tries every completion."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.conditions import holds
from router.core.policy import Comparison, Condition, comparisons
from router.core.signals import Signals, SignalValue
from tests.core.drawn import conditions_of
from tests.core.made import when

A, B = {"signal": "a", "is": True}, {"signal": "b", "is": True}
HELD: Signals = {"a": True, "b": True}

FLAGS = "abcd"


def about(flag: str, is_true: bool) -> Comparison:
    return Comparison.model_validate({"signal": flag, "is": is_true})


FORMULAS = conditions_of(st.builds(about, st.sampled_from(FLAGS), st.booleans()))
PARTLY_KNOWN = st.fixed_dictionaries({}, optional={flag: st.booleans() for flag in FLAGS})


def truth(formula: Condition | Comparison, signals: Signals) -> bool:
    """Two-valued logic, where every signal is known."""
    if isinstance(formula, Comparison):
        return signals[formula.signal] is formula.operand
    return (
        all(truth(part, signals) for part in formula.all_ or ())
        and (formula.any_ is None or any(truth(part, signals) for part in formula.any_))
        and not any(truth(part, signals) for part in formula.none_ or ())
    )


def completions(formula: Condition | Comparison, known: Signals) -> set[bool]:
    """What the formula comes to, whatever the missing signals turn out to be."""
    missing = sorted({c.signal for c in comparisons(formula)} - known.keys())
    return {
        truth(formula, {**known, **dict(zip(missing, values, strict=True))})
        for values in product((False, True), repeat=len(missing))
    }


def read_once(formula: Condition | Comparison) -> bool:
    signals = [comparison.signal for comparison in comparisons(formula)]
    return len(signals) == len(set(signals))


@given(FORMULAS, PARTLY_KNOWN)
def test_a_verdict_stands_whatever_the_missing_signals_are(
    formula: Condition | Comparison, known: Signals
) -> None:
    verdict = holds(formula, known)

    assert verdict is None or completions(formula, known) == {verdict}


@given(FORMULAS.filter(read_once), PARTLY_KNOWN)
def test_it_is_open_only_where_the_missing_signals_decide(
    formula: Condition | Comparison, known: Signals
) -> None:
    possible = completions(formula, known)

    # A formula that reads a signal twice ("a, or not a") may stay open although it is settled.
    assert holds(formula, known) is (possible.pop() if len(possible) == 1 else None)


@pytest.mark.parametrize("group", ["all", "any", "none"])
@pytest.mark.parametrize("known", list(product((True, False, None), repeat=3)))
def test_a_group_of_three_is_settled_as_soon_as_it_can_be(
    group: str, known: tuple[bool | None, ...]
) -> None:
    formula = when({group: [{"signal": flag, "is": True} for flag in "abc"]})
    signals = {flag: value for flag, value in zip("abc", known, strict=True) if value is not None}
    possible = completions(formula, signals)

    assert holds(formula, signals) is (possible.pop() if len(possible) == 1 else None)


@given(FORMULAS, PARTLY_KNOWN, st.sampled_from(FLAGS))
def test_knowing_more_never_overturns_a_verdict(
    formula: Condition | Comparison, known: Signals, flag: str
) -> None:
    verdict = holds(formula, {name: value for name, value in known.items() if name != flag})

    assert verdict is None or holds(formula, known) is verdict


@pytest.mark.parametrize(
    ("formula", "signals", "verdict"),
    [
        ({"all": [A, B]}, HELD, True),
        ({"all": [A, B]}, {"a": True}, None),
        ({"all": [A, B]}, {"a": False}, False),
        ({"any": [A, B]}, {"a": True}, True),
        ({"any": [A, B]}, {"a": False}, None),
        ({"any": [A, B]}, {"a": False, "b": False}, False),
        ({"none": [A, B]}, {"a": True}, False),
        ({"none": [A, B]}, {"a": False}, None),
        ({"none": [A, B]}, {"a": False, "b": False}, True),
        ({"all": [A], "any": [B]}, HELD, True),
        ({"all": [A], "any": [B]}, {"b": False}, False),
        ({"all": [A], "any": [B]}, {"b": True}, None),
        ({"any": [A], "none": [B]}, {"a": True}, None),
        ({"any": [A], "none": [B]}, {"b": True}, False),
        ({"all": [A], "any": [A], "none": [B]}, {"a": False}, False),
        ({"all": [{"none": [A]}]}, {}, None),
    ],
)
def test_unknown_spreads_as_in_kleenes_strong_logic(
    formula: Any, signals: Signals, verdict: bool | None
) -> None:
    assert holds(when(formula), signals) is verdict


@pytest.mark.parametrize(
    ("operator", "operand", "holding", "failing"),
    [
        ("is", "law", "law", "math"),
        ("is", True, True, False),
        ("is_not", "law", "math", "law"),
        ("in", ["law", "math"], "math", "physics"),
        ("not_in", ["law", "math"], "physics", "law"),
        ("at_least", 2, 2.0, 1.9),
        ("above", 2, 2.1, 2.0),
        ("at_most", 2, 2.0, 2.1),
        ("below", 2, 1.9, 2.0),
    ],
)
def test_each_operator(
    operator: str, operand: Any, holding: SignalValue, failing: SignalValue
) -> None:
    comparison = when({"signal": "x", operator: operand})

    assert holds(comparison, {"x": holding}) is True
    assert holds(comparison, {"x": failing}) is False
    assert holds(comparison, {}) is None
