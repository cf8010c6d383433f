"""json_example: the smallest JSON value that a JSON Schema accepts, for simulated answers.

Pure. Covers the schemas that OpenAI's structured output and tool definitions use; patterns and
conditional keywords are not solved for.
"""

from collections.abc import Mapping, Sequence
from math import ceil, floor
from typing import Any

Schema = Mapping[str, Any]

MAX_DEPTH = 32
MAX_VALUES = 2_000
MAX_CHARACTERS = 10_000
"""Bounds on what a recursive or hostile schema can make us build; beyond them stands null."""

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
    return _Example(root, text).value(root, MAX_DEPTH)


class _Example:
    """One example under construction. `_left` bounds the whole of it, depth each branch."""

    def __init__(self, root: Schema, text: str) -> None:
        self._root = root
        self._text = text
        self._left = MAX_VALUES

    def value(self, schema: object, depth: int) -> Any:
        """A value that `schema` accepts, null where a bound is reached."""
        self._left -= 1
        if not isinstance(schema, Mapping) or depth <= 0 or self._left <= 0:
            return None
        schema = self._resolved(schema, depth)
        for keyword in ("const", "default"):
            if keyword in schema:
                return schema[keyword]
        if schema.get("enum"):
            return schema["enum"][0]
        for keyword in ("anyOf", "oneOf"):
            if schema.get(keyword):
                rest = {name: part for name, part in schema.items() if name != keyword}
                options = [_merged([rest, self._resolved(o, depth)]) for o in schema[keyword]]
                return self.value(min(options, key=_recurses), depth - 1)
        return self._typed(schema, depth - 1)

    def _typed(self, schema: Schema, depth: int) -> Any:
        match _type(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                items = [self.value(part, depth) for part in schema.get("prefixItems") or ()]
                item = schema.get("items", {"type": "string"})
                while len(items) < int(schema.get("minItems") or 0) and self._left > 0:
                    items.append(self.value(item, depth))
                return items
            case "integer" | "number" as kind:
                return _number(schema, kind)
            case "boolean":
                return True
            case "null":
                return None
        text = _string(schema, self._text)
        self._left -= len(text) // 16
        return text

    def _object(self, schema: Schema, depth: int) -> dict[str, Any]:
        properties = schema.get("properties") or {}
        anything = {"type": "string"}
        value: dict[str, Any] = {}
        for name in schema.get("required") or ():
            if self._left <= 0:
                break
            value[name] = self.value(properties.get(name, anything), depth)
        return value

    def _resolved(self, schema: object, depth: int) -> Schema:
        """`schema` with its reference followed and its `allOf` merged in."""
        for _ in range(MAX_DEPTH):
            if not isinstance(schema, Mapping):
                return {}
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                break
            schema = _pointed(reference, self._root)
        assert isinstance(schema, Mapping)
        parts = schema.get("allOf") or ()
        if not parts or depth <= 0 or self._left <= 0:
            return schema
        self._left -= len(parts)
        rest = {name: part for name, part in schema.items() if name != "allOf"}
        return _merged([rest, *(self._resolved(part, depth - 1) for part in parts)])


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


def _pointed(reference: str, root: Schema) -> object:
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        found = found.get(step.replace("~1", "/").replace("~0", "~"), {})
        if not isinstance(found, Mapping):
            return {}
    return found


def _merged(schemas: Sequence[Schema]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for schema in schemas:
        required = [*merged.get("required", ()), *(schema.get("required") or ())]
        properties = {**merged.get("properties", {}), **(schema.get("properties") or {})}
        merged.update(schema)
        if required:
            merged["required"] = list(dict.fromkeys(required))
        if properties:
            merged["properties"] = properties
    return merged


def _recurses(option: Schema) -> bool:
    """Options that end at once come first, so that recursive schemas end."""
    return _type(option) in ("object", "array")
