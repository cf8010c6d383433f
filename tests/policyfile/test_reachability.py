"""Rules that can never decide, and none besides."""

import json
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from router.core.conditions import holds
from router.core.policy import Comparison, Condition, When
from router.core.signals import SignalSpec, SignalValue, Vocabulary
from router.policyfile.reachability import Blocked, blocked

WHEN: TypeAdapter[Condition | Comparison] = TypeAdapter(When)
VOCABULARY: Vocabulary = {
    "complexity": SignalSpec("number", "how hard", low=0, high=1),
    "turns": SignalSpec("number", "how many", low=0),
    "difficulty": SignalSpec("number", "in logits"),
    "private": SignalSpec("flag", "whether private"),
    "task": SignalSpec("text", "what to do", values=("chat", "code", "maths")),
    "language": SignalSpec("text", "which language"),
}


def condition(data: Any) -> Condition | Comparison:
    return WHEN.validate_json(json.dumps(data))


def verdicts(*conditions: Any) -> list[Blocked]:
    return list(blocked([condition(data) for data in conditions], VOCABULARY))


def c(signal: str, **operation: Any) -> dict[str, Any]:
    return {"signal": signal, **{key.rstrip("_"): value for key, value in operation.items()}}


@pytest.mark.parametrize(
    "conditions",
    [
        [c("complexity", at_least=0.5), c("complexity", at_least=0.5)],
        [c("complexity", at_least=0.5), c("complexity", above=0.5)],
        [c("complexity", at_least=0.5), c("complexity", is_=0.7)],
        [c("complexity", at_least=0.5), c("complexity", in_=[0.5, 0.6])],
        [c("complexity", above=0.2), {"all": [c("complexity", above=0.4), c("private", is_=True)]}],
        [c("private", is_=True), c("private", is_not=False)],
        [c("task", in_=["code", "maths"]), c("task", is_="code")],
        [c("task", in_=["code", "maths"]), c("task", is_not="chat")],
        [c("task", is_not="chat"), c("task", not_in=["chat", "code"])],
        [c("language", is_not="en"), c("language", is_="de")],
        [c("language", not_in=["en"]), c("language", not_in=["en", "de"])],
        [{"any": [c("private", is_=True), c("turns", above=3)]}, c("turns", above=5)],
        [{"none": [c("private", is_=True)]}, c("private", is_=False)],
        [{"all": [c("turns", above=3)]}, {"all": [{"any": [c("turns", above=3)]}]}],
        [
            {"all": [c("private", is_=True), c("turns", above=3)]},
            {"all": [c("turns", above=4), c("private", is_=True), c("task", is_="chat")]},
        ],
        [
            c("turns", above=3),
            {"none": [{"any": [c("turns", at_most=3), c("private", is_=True)]}]},
        ],
    ],
)
def test_a_rule_behind_one_that_always_holds_first_is_unreachable(conditions: Any) -> None:
    assert verdicts(*conditions) == [Blocked(1, (0,))]


def test_several_rules_together_may_leave_nothing() -> None:
    assert verdicts(
        c("private", is_=True),
        c("complexity", at_least=0.6),
        c("complexity", below=0.6),
        {"all": [c("complexity", above=0.3), c("task", is_="code")]},
    ) == [Blocked(3, (1, 2))]


@pytest.mark.parametrize(
    "data",
    [
        {"all": [c("complexity", at_least=0.5), c("complexity", below=0.5)]},
        {"all": [c("private", is_=True), c("private", is_=False)]},
        {"all": [c("task", is_="code"), c("task", is_="chat")]},
        {"all": [c("task", is_="code")], "none": [c("task", in_=["code", "maths"])]},
        {"all": [c("turns", is_=2), c("turns", above=2)]},
        c("complexity", above=1),
        c("complexity", below=0),
        c("turns", below=0),
        c("task", not_in=["chat", "code", "maths"]),
        {"none": [c("complexity", at_least=0)]},
    ],
)
def test_a_condition_that_contradicts_itself_never_holds(data: Any) -> None:
    assert verdicts(data) == [Blocked(0, ())]


@pytest.mark.parametrize(
    "conditions",
    [
        [c("complexity", above=0.5), c("complexity", at_least=0.5)],
        [c("complexity", at_least=0.5), c("complexity", at_least=0.4)],
        [c("complexity", below=0.5), c("complexity", at_least=0.5)],
        [{"all": [c("complexity", above=0.2), c("private", is_=True)]}, c("complexity", above=0.2)],
        [{"all": [c("complexity", above=0.2), c("private", is_=True)]}, c("private", is_=True)],
        [c("task", is_="code"), c("task", in_=["code", "maths"])],
        [c("language", is_="en"), c("language", is_not="de")],
        [c("turns", above=3), c("complexity", above=0.3)],
        [{"none": [c("private", is_=True)]}, c("turns", above=3)],
        # What holds for either value does not hold where the value is not known.
        [c("private", is_=True), c("private", is_=False), c("turns", above=3)],
        [c("complexity", above=0.5), c("difficulty", above=0.5)],
        [c("difficulty", below=0), c("difficulty", below=1)],
    ],
)
def test_a_rule_that_can_decide_is_not_accused(conditions: Any) -> None:
    assert verdicts(*conditions) == []


def test_a_rule_that_is_not_known_accuses_nobody() -> None:
    rules = [None, condition(c("turns", above=3)), None, condition(c("turns", above=4))]
    assert list(blocked(rules, VOCABULARY)) == [Blocked(3, (1,))]


def test_a_condition_too_large_to_say_counts_as_reachable() -> None:
    pairs = [{"any": [c("turns", is_not=i), c("difficulty", is_not=i)]} for i in range(12)]
    assert verdicts(c("turns", at_least=0), {"all": pairs}) == []


_SIGNALS = ("complexity", "private", "task")
_COMPARISONS: st.SearchStrategy[Any] = st.one_of(
    st.builds(
        lambda operator, operand: c("complexity", **{operator: operand}),
        st.sampled_from(["at_least", "above", "at_most", "below", "is_", "is_not"]),
        st.sampled_from([0, 0.25, 0.5, 1]),
    ),
    st.builds(lambda value: c("private", is_=value), st.booleans()),
    st.builds(
        lambda operator, operand: c("task", **{operator: operand}),
        st.sampled_from(["in_", "not_in"]),
        st.lists(st.sampled_from(["chat", "code", "maths"]), min_size=1, unique=True),
    ),
)
_CONDITIONS = st.recursive(
    _COMPARISONS,
    lambda parts: st.dictionaries(
        st.sampled_from(["all", "any", "none"]),
        st.lists(parts, min_size=1, max_size=3),
        min_size=1,
        max_size=2,
    ),
    max_leaves=5,
)
_VALUES: Sequence[Sequence[SignalValue | None]] = (
    (None, 0, 0.125, 0.25, 0.375, 0.5, 0.75, 1),
    (None, True, False),
    (None, "chat", "code", "maths"),
)


@given(st.lists(_CONDITIONS, min_size=1, max_size=5))
def test_exactly_the_rules_that_decide_for_no_request_are_named(data: list[Any]) -> None:
    rules = [condition(one) for one in data]
    deciding: set[int] = set()
    for values in product(*_VALUES):
        facts = {s: v for s, v in zip(_SIGNALS, values, strict=True) if v is not None}
        deciding.update([place for place, when in enumerate(rules) if holds(when, facts)][:1])
    named = {found.place for found in blocked(rules, VOCABULARY)}
    assert named == set(range(len(rules))) - deciding
