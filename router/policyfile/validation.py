"""A tree held against a pydantic model, and each thing wrong as a place in the file and words.

pydantic says where an error is by a path that also holds the tags of unions; the tree says which
parts of that path are keys of the file.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from router.errors import Problem
from router.policyfile.schema import (
    Schema,
    Shapes,
    described,
    described_key,
    keys,
    listed,
    schema_of,
    tags,
)
from router.policyfile.tree import Node

Model = TypeVar("Model", bound=BaseModel)
Step = str | int
KEY = "[key]"
"""Where pydantic says that the key itself is wrong."""

BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_AMOUNT = re.compile(r"[$€£]\s*([0-9.]+).*|([0-9.]+)\s*([$€£]|usd|dollars?).*", re.IGNORECASE)
_THOUSANDS = re.compile(r"([0-9]+)([km])", re.IGNORECASE)


def validated(node: Node, model: type[Model]) -> tuple[Model | None, list[Problem]]:
    """The model made from a node's data, or None and every problem that pydantic finds in it."""
    try:
        found = model.model_validate_json(json.dumps(node.data), by_alias=True, by_name=False)
    except ValidationError as error:
        return None, list(_problems(node, schema_of(model), error))
    return found, []


def sound(node: Node | None, model: type[Model]) -> Model | None:
    """The model made from a node's data, None if anything is wrong in it (told elsewhere)."""
    return None if node is None else validated(node, model)[0]


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """`; did you mean x?` for the nearest known word, "" where none is near."""
    names = {name.lower(): name for name in known}
    near = get_close_matches(str(word).lower(), list(names), n=1, cutoff=0.6)
    return f"; did you mean {names[near[0]]}?" if near else ""


@dataclass(frozen=True, slots=True)
class _Fault:
    """One pydantic error, with the place of the tree it is about.

    `missing` is the key that should be there. `shapes` is what the place may hold, `around` what
    the mapping or list around it may hold.
    """

    node: Node
    parent: Node
    missing: str | None
    shapes: Shapes
    around: Shapes
    error: Any


def _problems(root: Node, schema: Schema, error: ValidationError) -> Iterator[Problem]:
    told: set[tuple[int, int, str]] = set()
    for one in error.errors(include_url=False):
        fault = _fault(root, schema, one)
        if _is_echo(fault):
            continue
        problem = _WORDS.get(one["type"], _mistyped)(fault)
        # A value of a union fails once for each member: one place is told once.
        place = (problem.line, problem.column, problem.key)
        if place not in told:
            told.add(place)
            yield problem


def _is_echo(fault: _Fault) -> bool:
    """Whether the error is there only because of another one."""
    kind = fault.error["type"]
    if kind == "too_short":
        # pydantic calls a list too short also when its entries failed.
        return len(fault.node.items) >= int(fault.error["ctx"]["min_length"])
    if kind == "extra_forbidden" and _is_operator(fault):
        # With `signal` misspelt a comparison is taken for a condition.
        return any(did_you_mean(key, ["signal"]) for key in fault.parent.entries)
    return False


def _is_operator(fault: _Fault) -> bool:
    return fault.error["loc"][-1] in _COMPARISON_KEYS and "any" in keys(fault.around)


def _fault(root: Node, schema: Schema, error: Any) -> _Fault:
    loc: Sequence[Step] = error["loc"]
    missing = str(loc[-1]) if error["type"] == "missing" else None
    path = loc[:-1] if missing is not None else loc
    taken = _taken(root, path, missing)[1]
    node = parent = root
    shapes = around = schema.top
    for step, is_key in zip(path, taken, strict=True):
        inner = _child(node, step)
        if is_key and inner is not None:
            parent, node = node, inner
            around, shapes = shapes, schema.under(shapes, step)
        else:
            narrowed = schema.narrowed(shapes, str(step))
            shapes = narrowed if narrowed != shapes else schema.under(shapes, step) or shapes
    if missing is not None:
        shapes = schema.under(shapes, missing)
    return _Fault(node, parent, missing, shapes, around, error)


def _taken(node: Node, path: Sequence[Step], missing: str | None) -> tuple[int, tuple[bool, ...]]:
    """Which steps of a pydantic path are keys of the tree, leaving out as few as possible.

    The others are tags of unions. What lacks a key must be a mapping without that key.
    """
    if not path:
        fits = missing is None or (isinstance(node.value, dict) and missing not in node.value)
        return (0 if fits else len(path) + 100), ()
    left_out, rest = _taken(node, path[1:], missing)
    best = (left_out + 1, (False, *rest))
    inner = _child(node, path[0])
    if inner is not None:
        left_out, rest = _taken(inner, path[1:], missing)
        best = min(best, (left_out, (True, *rest)), key=lambda found: found[0])
    return best


def _child(node: Node, step: Step) -> Node | None:
    if isinstance(step, int):
        return node.items[step] if step < len(node.items) else None
    return node.entries.get(step)


def _mistyped(fault: _Fault) -> Problem:
    if fault.error["loc"] and fault.error["loc"][-1] == KEY:
        pattern = fault.error.get("ctx", {}).get("pattern")
        return fault.node.key_problem(f"expected {described_key(pattern)}")
    return fault.node.problem(f"expected {described(fault.shapes)}{_hint(fault)}")


def _hint(fault: _Fault) -> str:
    value, kind = fault.node.value, fault.error["type"]
    if kind == "bool_type" and isinstance(value, str):
        meant = BOOLEANS.get(value.lower(), value.lower())
        return f"; did you mean {meant}?" if meant in ("true", "false") else ""
    if kind in ("float_type", "int_type") and isinstance(value, str):
        return _number_hint(value)
    if kind == "string_type" and isinstance(value, int | float):
        return f'; put it in quotes: "{json.dumps(value)}"'
    is_bound = kind.startswith(("less_than", "greater_than"))
    return f", not {value:g}" if is_bound and isinstance(value, int | float) else ""


def _number_hint(text: str) -> str:
    amount = _AMOUNT.fullmatch(text.strip())
    if amount:
        return f", without a currency; did you mean {amount[1] or amount[2]}?"
    thousands = _THOUSANDS.fullmatch(text.strip())
    if thousands:
        zeros = "000" if thousands[2].lower() == "k" else "000000"
        return f", without a suffix; did you mean {thousands[1]}{zeros}?"
    return ", without quotes or unit"


def _absent(fault: _Fault) -> Problem:
    words = f"required, expected {described(fault.shapes)}"
    return fault.node.problem(words, under=fault.missing or "")


def _unknown_key(fault: _Fault) -> Problem:
    word = fault.node.key.rpartition(".")[2]
    known = keys(fault.around)
    near = did_you_mean(fault.error["loc"][-1], known)
    if _is_operator(fault):
        return fault.node.key_problem(f"expected {word} only beside signal")
    if not near and "any" in known:
        near = did_you_mean(fault.error["loc"][-1], _COMPARISON_KEYS)
    words = near or f"; expected one of {', '.join(known)}"
    return fault.node.key_problem(f"unknown key{words}")


_COMPARISON_KEYS = (
    "signal", "is", "is_not", "in", "not_in", "at_least", "above", "at_most", "below",
)  # fmt: skip


def _wrong_literal(fault: _Fault) -> Problem:
    known = re.findall(r"'([^']*)'", fault.error["ctx"]["expected"])
    if known == ["all"]:
        given = fault.node.value
        return fault.node.problem(
            f"expected all, a list of models such as [{given}], or a selector such as"
            " {location: local}"
        )
    near = did_you_mean(fault.node.value, known)
    return fault.node.problem(f"expected {listed(known)}{near}")


def _wrong_tag(fault: _Fault) -> Problem:
    known = re.findall(r"'([^']*)'", fault.error["ctx"]["expected_tags"])
    node = fault.node.get("kind") or fault.node
    near = did_you_mean(fault.error["ctx"]["tag"], known)
    return node.problem(f"expected {listed(known)}{near}")


def _no_tag(fault: _Fault) -> Problem:
    return fault.node.problem(f"required, expected {listed(tags(fault.shapes))}", under="kind")


def _said(fault: _Fault) -> Problem:
    words = str(fault.error["msg"]).removeprefix("Value error, ")
    is_mapping = isinstance(fault.node.value, dict)
    return (fault.node.key_problem if is_mapping else fault.node.problem)(words)


def _not_unicode(fault: _Fault) -> Problem:
    # A JSON text cannot hold half of a surrogate pair, which YAML can write as "\\ud800".
    return fault.node.problem("expected texts in Unicode, without lone surrogates")


_WORDS: dict[str, Callable[[_Fault], Problem]] = {
    "json_invalid": _not_unicode,
    "missing": _absent,
    "extra_forbidden": _unknown_key,
    "literal_error": _wrong_literal,
    "union_tag_invalid": _wrong_tag,
    "union_tag_not_found": _no_tag,
    "value_error": _said,
}
