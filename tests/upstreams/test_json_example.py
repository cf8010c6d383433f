"""json_example: a value that the schema accepts, small, and never without end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from router.upstreams.json_example import MAX_CHARACTERS, MAX_VALUES, json_example

NODE = {
    "type": "object",
    "properties": {
        "value": {"type": "integer"},
        "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
    },
    "required": ["value", "next"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {"type": "string", "minLength": 20},
        {"type": "string", "maxLength": 3},
        {"type": "string", "format": "date-time"},
        {"type": ["null", "string"]},
        {"enum": ["b", "a"]},
        {"const": 7},
        {"type": "integer", "minimum": 3},
        {"type": "integer", "exclusiveMinimum": 3, "multipleOf": 5},
        {"type": "number", "maximum": -2.5},
        {"type": "number", "exclusiveMaximum": 0},
        {"type": "array", "items": {"type": "boolean"}, "minItems": 2},
        {"type": "array", "prefixItems": [{"type": "null"}, {"type": "integer"}]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"allOf": [{"required": ["a"]}, {"properties": {"a": {"type": "integer"}}}]},
        {"oneOf": [{"type": "object", "required": ["x"]}, {"type": "integer"}]},
        {"$defs": {"node": NODE}, "$ref": "#/$defs/node"},
        {"properties": {"a": {"default": 3}}, "required": ["a"]},
    ],
)
def test_the_schema_accepts_its_example(schema: dict[str, Any]) -> None:
    Draft202012Validator(schema).validate(json_example(schema))


SCALARS = st.one_of(
    st.builds(lambda low: {"type": "integer", "minimum": low}, st.integers(-99, 99)),
    st.builds(lambda high: {"type": "integer", "maximum": high}, st.integers(-99, 99)),
    st.builds(lambda n: {"type": "string", "minLength": n}, st.integers(0, 50)),
    st.builds(lambda values: {"enum": values}, st.lists(st.text(), min_size=1)),
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": "number"}]),
)


def _larger(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    fields = st.dictionaries(st.text(max_size=5), parts, max_size=4)
    return st.one_of(
        st.builds(lambda f: {"type": "object", "properties": f, "required": list(f)}, fields),
        st.builds(
            lambda item, n: {"type": "array", "items": item, "minItems": n},
            parts,
            st.integers(0, 3),
        ),
        st.builds(lambda options: {"anyOf": options}, st.lists(parts, min_size=1, max_size=3)),
    )


@given(st.recursive(SCALARS, _larger, max_leaves=12))
def test_any_schema_of_the_usual_parts_accepts_its_example(schema: dict[str, Any]) -> None:
    Draft202012Validator(schema).validate(json_example(schema))


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/nowhere/at/all"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "array", "items": {"$ref": "#"}, "minItems": 1},
        {"allOf": [{"$ref": "#"}]},
        "not a schema",
        None,
    ],
)
def test_a_schema_without_end_or_sense_still_ends(schema: object) -> None:
    json_example(schema)


def size_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(size_of, value.values()))
    return 1 + sum(map(size_of, value)) if isinstance(value, list) else 1


SELF = {"$ref": "#"}
MANY = {str(i): SELF for i in range(50)}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "minItems": 10**12},
        {"type": "array", "minItems": 10**6, "items": SELF},
        {"type": "object", "properties": MANY, "required": list(MANY)},
        {"allOf": [SELF] * 50},
        {"anyOf": [SELF] * 50},
        {"type": "object", "required": [str(i) for i in range(20_000)]},
    ],
)
def test_a_hostile_schema_builds_nothing_large(schema: dict[str, Any]) -> None:
    assert size_of(json_example(schema)) <= 2 * MAX_VALUES


def test_a_hostile_text_is_bounded() -> None:
    assert len(json_example({"type": "string", "minLength": 10**12})) == MAX_CHARACTERS
    texts = json_example({"type": "array", "minItems": 10**6, "items": {"minLength": 9_000}})
    assert len(texts) < MAX_VALUES / 100
