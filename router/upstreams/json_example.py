"""json_example: the smallest JSON value that a JSON Schema accepts, for simulated answers.

Pure. Covers the schemas that OpenAI's structured output and tool definitions use; patterns and
conditional keywords are not solved for.
"""

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

Schema = Mapping[str, Any]

MAX_DEPTH = 32
"""A recursive schema ends here with null: by then its author gave no way to end it."""

MAX_ITEMS = 1_000
MAX_CHARACTERS = 10_000
"""Bounds on what a hostile schema can make us build."""

_FORMATS = {
    "date": "2024-01-31",
    "date-time": "2024-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def json_example(schema: object, text: str = "simulated") -> Any:
    """A value for `schema`; free strings hold `text`."""
    root = schema if isinstance(schema, Mapping) else {}
    return _value(root, root, text, MAX_DEPTH)


def _value(schema: object, root: Schema, text: str, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth <= 0:
        return None
    schema = _resolved(schema, root)
    for keyword in ("const", "default"):
        if keyword in schema:
            return schema[keyword]
    if schema.get("enum"):
        return schema["enum"][0]
    for keyword in ("anyOf", "oneOf"):
        if schema.get(keyword):
            options = [_merged([schema, _resolved(o, root)], keyword) for o in schema[keyword]]
            return _value(min(options, key=_depth_hint), root, text, depth - 1)
    return _typed(schema, root, text, depth)


def _typed(schema: Schema, root: Schema, text: str, depth: int) -> Any:
    match _type(schema):
        case "object":
            properties = schema.get("properties") or {}
            return {
                name: _value(properties.get(name, {"type": "string"}), root, text, depth - 1)
                for name in schema.get("required") or ()
            }
        case "array":
            items = [_value(s, root, text, depth - 1) for s in schema.get("prefixItems") or ()]
            missing = min(int(schema.get("minItems") or 0), MAX_ITEMS) - len(items)
            item = _value(schema.get("items", {"type": "string"}), root, text, depth - 1)
            return items + [item] * missing
        case "integer" | "number" as kind:
            return _number(schema, kind)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return _string(schema, text)


def _type(schema: Schema) -> str:
    kind = schema.get("type")
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        kind = next((k for k in kind if k != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "required" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _number(schema: Schema, kind: str) -> float | int:
    step = schema.get("multipleOf") or 1
    low, high = schema.get("minimum"), schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = floor(schema["exclusiveMinimum"] / step) * step + step
    if low is None and "exclusiveMaximum" in schema:
        high = ceil(schema["exclusiveMaximum"] / step) * step - step
    if low is not None and low > 0:
        value = ceil(low / step) * step
    elif high is not None and high < 0:
        value = floor(high / step) * step
    else:
        value = 0
    return int(value) if kind == "integer" else value


def _string(schema: Schema, text: str) -> str:
    value = _FORMATS.get(str(schema.get("format")), text)
    value += "." * (min(int(schema.get("minLength") or 0), MAX_CHARACTERS) - len(value))
    most = schema.get("maxLength")
    return value if most is None else value[: int(most)]


def _resolved(schema: object, root: Schema) -> Schema:
    """`schema` with its reference followed and its `allOf` merged in."""
    for _ in range(MAX_DEPTH):
        if not isinstance(schema, Mapping):
            return {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        schema = _pointed(reference, root)
    assert isinstance(schema, Mapping)
    parts = schema.get("allOf")
    return _merged([schema, *(_resolved(p, root) for p in parts)], "allOf") if parts else schema


def _pointed(reference: str, root: Schema) -> object:
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        found = found.get(step.replace("~1", "/").replace("~0", "~"), {})
        if not isinstance(found, Mapping):
            return {}
    return found


def _merged(schemas: Sequence[Schema], without: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for schema in schemas:
        required = [*merged.get("required", ()), *(schema.get("required") or ())]
        properties = {**merged.get("properties", {}), **(schema.get("properties") or {})}
        merged.update(schema)
        if required:
            merged["required"] = list(dict.fromkeys(required))
        if properties:
            merged["properties"] = properties
    merged.pop(without, None)
    return merged


def _depth_hint(option: Schema) -> int:
    """Options that end at once come first, so that recursive schemas end."""
    return 1 if _type(option) in ("object", "array") else 0
