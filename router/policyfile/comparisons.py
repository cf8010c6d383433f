"""Comparisons held against what is known of their signals: name, operator, type and range."""

from collections.abc import Iterator

from router.core.signals import SignalSpec, SignalType, Vocabulary
from router.errors import Problem
from router.policyfile.schema import listed
from router.policyfile.tree import Node
from router.policyfile.validation import BOOLEANS, did_you_mean

ORDERS = ("at_least", "above", "at_most", "below")
OPERATORS: dict[SignalType, tuple[str, ...]] = {
    "number": (*ORDERS, "is", "is_not", "in", "not_in"),
    "text": ("is", "is_not", "in", "not_in"),
    "flag": ("is", "is_not"),
}


def comparison_nodes(when: Node) -> Iterator[Node]:
    """Every comparison under a condition, in file order."""
    if "signal" in when.entries:
        yield when
        return
    for group in ("all", "any", "none"):
        parts = when.get(group)
        for part in parts.items if parts else ():
            yield from comparison_nodes(part)


def comparison_problems(when: Node, vocabulary: Vocabulary) -> Iterator[Problem]:
    """What is wrong with the comparisons of a condition."""
    for node in comparison_nodes(when):
        signal = node.entries["signal"]
        if not isinstance(signal.value, str):
            continue
        spec = vocabulary.get(signal.value)
        if spec is None:
            near = did_you_mean(signal.value, vocabulary)
            more = near or "; see `slm-router policy explain` for all signals"
            yield signal.problem(f"unknown signal {signal.value}{more}")
        else:
            yield from _operation_problems(node, signal.value, spec)


def _operation_problems(node: Node, signal: str, spec: SignalSpec) -> Iterator[Problem]:
    for operator, operand in node.entries.items():
        if operator not in OPERATORS["number"]:
            continue
        if operator not in OPERATORS[spec.type]:
            allowed = listed(OPERATORS[spec.type])
            yield operand.key_problem(f"expected {allowed}, {signal} is a {spec.type}")
        elif operator in ("in", "not_in"):
            for item in operand.items:
                yield from operand_problems(item, signal, spec)
        else:
            yield from operand_problems(operand, signal, spec)


def operand_problems(node: Node, signal: str, spec: SignalSpec) -> Iterator[Problem]:
    """What is wrong with a constant as a value of the signal; null is never wrong."""
    value = node.value
    if value is None or isinstance(value, list | dict):
        return  # told by the schema
    if spec.type == "flag" and not isinstance(value, bool):
        meant = BOOLEANS.get(str(value).lower())
        hint = f"; did you mean {meant}?" if meant else ""
        yield node.problem(f"expected true or false, {signal} is a flag{hint}")
    elif spec.type == "text":
        yield from _text_problems(node, signal, spec)
    elif spec.type == "number":
        yield from _number_problems(node, signal, spec)


def _text_problems(node: Node, signal: str, spec: SignalSpec) -> Iterator[Problem]:
    value = node.value
    if not isinstance(value, str):
        yield node.problem(f"expected a text, {signal} is a text; put it in quotes")
    elif spec.values is not None and value not in spec.values:
        near = did_you_mean(value, spec.values) or f"; expected {listed(spec.values)}"
        yield node.problem(f"{signal} is never {value}{near}")


def _number_problems(node: Node, signal: str, spec: SignalSpec) -> Iterator[Problem]:
    value = node.value
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield node.problem(f"expected a number, {signal} is a number")
        return
    too_low = spec.low is not None and value < spec.low
    too_high = spec.high is not None and value > spec.high
    if too_low or too_high:
        if spec.low is not None and spec.high is not None:
            bounds = f"from {spec.low:g} to {spec.high:g}"
        else:
            bounds = f"of at least {spec.low:g}" if too_low else f"of at most {spec.high:g}"
        yield node.problem(f"expected a number {bounds}, {signal} is never {value:g}")
