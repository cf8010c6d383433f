"""Policies, rules and conditions, as read from a file."""

from typing import Any

import pytest
from pydantic import ValidationError

from router.core.policy import (
    Comparison,
    Condition,
    Policy,
    Selector,
    comparisons,
    signals_binding,
    signals_read,
)
from tests.core.made import BEST, policy, read, rule, when

CODE = {"signal": "code", "is": True}


@pytest.mark.parametrize(
    ("operator", "written", "operand"),
    [
        ("is", True, True),
        ("is", "law", "law"),
        ("is", 3, 3.0),
        ("is_not", False, False),
        ("in", ["law", "math"], ("law", "math")),
        ("not_in", [1], (1.0,)),
        ("at_least", 0.5, 0.5),
        ("above", 0, 0.0),
        ("at_most", 0.5, 0.5),
        ("below", 10, 10.0),
    ],
)
def test_a_comparison_has_one_operator_and_its_operand(
    operator: str, written: Any, operand: Any
) -> None:
    comparison = read(Comparison, {"signal": "x", operator: written})

    assert (comparison.operator, comparison.operand) == (operator, operand)
    assert comparison.operation == (operator, operand)


@pytest.mark.parametrize("given", [{}, {"is": 1, "is_not": 2}, {"above": 1, "below": 2}])
def test_a_comparison_with_no_operator_or_several_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="expected exactly one of is, is_not, in"):
        read(Comparison, {"signal": "x", **given})


@pytest.mark.parametrize(
    "given",
    [
        {"in": []},
        {"not_in": []},
        {"in": "law"},
        {"above": "10"},
        {"above": True},
        {"above": float("inf")},
        {"equals": 1},
    ],
)
def test_a_comparison_that_could_never_mean_anything_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(Comparison, {"signal": "x", **given})


@pytest.mark.parametrize("given", [{}, {"all": []}, {"all": [CODE], "any": []}, {"not": [CODE]}])
def test_a_condition_without_parts_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(Condition, given)


def test_comparisons_of_a_condition_come_in_file_order() -> None:
    nested = {
        "all": [{"signal": "a", "is": True}, {"any": [{"signal": "b", "is": True}]}],
        "none": [{"signal": "c", "is": True}],
    }

    assert [comparison.signal for comparison in comparisons(when(nested))] == ["a", "b", "c"]
    assert [comparison.signal for comparison in comparisons(when(CODE))] == ["code"]


def test_candidates_are_all_models_some_by_name_or_some_by_what_they_are() -> None:
    named = rule("r", CODE, candidates=["small"])
    selected = rule("r", CODE, candidates={"location": "local", "without": ["small"]})

    assert rule("r", CODE).candidates == "all"
    assert named.candidates == ("small",)
    assert selected.candidates == Selector(location="local", without=("small",))


@pytest.mark.parametrize("candidates", ["some", [], {"locality": "local"}, 3])
def test_candidates_of_no_known_form_are_refused(candidates: Any) -> None:
    with pytest.raises(ValidationError):
        rule("r", CODE, candidates=candidates)


@pytest.mark.parametrize("name", ["", "Upper", "-dash", "two words", "line\nbreak", "é", "x" * 65])
def test_a_name_that_does_not_fit_a_header_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        rule(name, CODE)


def test_a_policy_needs_a_default() -> None:
    with pytest.raises(ValidationError, match="default"):
        read(Policy, {"name": "test"})


@pytest.mark.parametrize("share", [-0.1, 1.1, "5%"])
def test_the_share_explored_is_a_share(share: Any) -> None:
    with pytest.raises(ValidationError):
        policy(explore=share)


def test_routes_are_the_rules_in_order_and_then_the_default() -> None:
    known = policy(rule("first", CODE), rule("second", CODE))

    assert list(known.routes) == [*known.rules, known.default]


def test_signals_read_are_those_of_conditions_and_of_strategies() -> None:
    easy = {"kind": "threshold", "complexity": 0.5}
    known = policy(rule("code", CODE, strategy=easy))

    assert signals_read(known) == {"code", "complexity", "difficulty", "domain", "task"}


def test_a_decision_rests_on_its_strategy_and_on_every_condition_up_to_its_own() -> None:
    quality = {"difficulty_confidence", "domain_confidence", "task_confidence"}
    language = {"signal": "language", "is": "de"}
    easy = {"kind": "threshold", "complexity": 0.5}
    known = policy(rule("code", CODE, strategy=easy), rule("german", language))

    assert list(known.confidences) == [
        {"code_confidence", "complexity_confidence", *quality},
        {"code_confidence", "language_confidence", *quality},
        {"code_confidence", "language_confidence", *quality},
    ]


def test_what_is_worked_out_once_is_no_part_of_the_value() -> None:
    one, other = policy(rule("code", CODE)), policy(rule("code", CODE))

    assert one.confidences
    assert one.rules[0].when == other.rules[0].when
    assert one == other
    assert one.model_dump() == other.model_dump()
    assert "confidences" not in one.model_dump()
    assert "operation" not in read(Comparison, CODE).model_dump()


def test_the_schema_for_editors_writes_keys_as_files_do() -> None:
    schema = Policy.model_json_schema(by_alias=True)

    assert {"all", "any", "none"} == set(schema["$defs"]["Condition"]["properties"])
    assert {"is", "in", "above"} <= set(schema["$defs"]["Comparison"]["properties"])
    assert schema["additionalProperties"] is False


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="strategie"):
        read(Policy, {"name": "test", "default": {"strategie": BEST}})


def test_the_signals_that_bind_are_those_that_limits_may_depend_on() -> None:
    local = {"limits": {"local_only": True}, "strategy": {"kind": "best_quality"}}
    order = {"strategy": {"kind": "cheapest_good_enough", "min_quality": 0.8}}
    rules = (
        {"name": "first", "when": {"signal": "has_tools", "is": True}, **order},
        {"name": "private", "when": {"signal": "pii", "is": True}, **local},
        {"name": "exacting", "when": {"signal": "task", "is": "code"}, **order},
    )
    written = {"name": "p", "rules": rules, "default": order}
    found = Policy.model_validate(written)
    assert signals_binding(found) == {"has_tools", "pii"}
    assert [rule.name for rule in found.binding.rules] == ["first", "private"]

    careful = Policy.model_validate({**written, "limits": {"min_quality": 0.5}})
    assert signals_binding(careful) >= {"has_tools", "pii", "task", "difficulty"}


def test_a_policy_whose_rules_only_order_binds_by_no_signal() -> None:
    order = {"strategy": {"kind": "best_quality"}}
    rules = ({"name": "a", "when": {"signal": "task", "is": "code"}, **order},)
    found = Policy.model_validate({"name": "p", "rules": rules, "default": order})
    assert (found.binding.rules, signals_binding(found)) == ((), frozenset())
