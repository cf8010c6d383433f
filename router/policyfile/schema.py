"""What a pydantic model expects at a place of a file, in words, read from its JSON schema."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from router.core.tags import LONGEST, METADATA_KEY

Shape = dict[str, Any]
Shapes = tuple[Shape, ...]
"""The alternatives that may stand at one place."""

_PATTERNS = {
    r"^\d+(\.\d+)?(ms|s|m|h)$": "a duration with its unit, such as 500ms, 30s or 2m",
    r"^https?://[^/\s]+": "an address that begins with http:// or https://",
    r"^[a-z0-9][a-z0-9_-]*$": "a name of lower-case letters, digits, dashes and underscores",
    r"^[a-z0-9][a-z0-9._-]*$": "a name of lower-case letters, digits, dots, dashes and underscores",
    METADATA_KEY: f"a key of metadata, of at most {LONGEST - 2} letters of A to Z, digits and"
    " . _ : / -",
}
_TYPES = {
    "boolean": "true or false",
    "string": "a text",
    "array": "a list",
    "object": "a mapping (key: value)",
    "null": "nothing",
}


class Schema:
    """The JSON schema of one model, to be walked down along a path."""

    def __init__(self, model: type[BaseModel]) -> None:
        root = model.model_json_schema()
        self._definitions: dict[str, Shape] = root.get("$defs", {})
        self.top: Shapes = self._alternatives(root)

    def under(self, shapes: Shapes, step: str | int) -> Shapes:
        """What may stand under a key or at an index; nothing where that is unknown."""
        found: list[Shape] = []
        for shape in shapes:
            inner = shape.get("items") if isinstance(step, int) else _entry(shape, step)
            if isinstance(inner, dict):
                found.extend(self._alternatives(inner))
        return tuple(found)

    def narrowed(self, shapes: Shapes, tag: str) -> Shapes:
        """Only the alternatives that a union's tag stands for; all where none is."""
        chosen = tuple(
            shape
            for shape in shapes
            if shape.get("title", "").lower() == tag
            or shape.get("properties", {}).get("kind", {}).get("const") == tag
        )
        return chosen or shapes

    def _alternatives(self, shape: Shape) -> Shapes:
        if "$ref" in shape:
            return self._alternatives(self._definitions[shape["$ref"].rpartition("/")[2]])
        either = shape.get("anyOf") or shape.get("oneOf")
        if either:
            return tuple(inner for part in either for inner in self._alternatives(part))
        return (shape,)


@cache
def schema_of(model: type[BaseModel]) -> Schema:
    """The schema of a model, made once."""
    return Schema(model)


def keys(shapes: Shapes) -> tuple[str, ...]:
    """Every key that a mapping may have there."""
    return tuple(dict.fromkeys(key for shape in shapes for key in shape.get("properties", {})))


def tags(shapes: Shapes) -> tuple[str, ...]:
    """Every `kind` that may stand there."""
    found = (shape.get("properties", {}).get("kind", {}).get("const") for shape in shapes)
    return tuple(str(tag) for tag in found if tag is not None)


def described(shapes: Shapes) -> str:
    """What may stand there, in plain words: "a number from 0 to 1"."""
    words = dict.fromkeys(_word(shape) for shape in shapes if shape.get("type") != "null")
    return listed(tuple(words)) or "a value"


def described_key(pattern: str | None) -> str:
    """What a key must look like, in plain words."""
    return _PATTERNS.get(pattern or "", f"a key of the form {pattern}" if pattern else "a key")


def listed(words: Sequence[str], last: str = "or") -> str:
    """Words with commas and one "or"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def _entry(shape: Shape, key: str) -> Any:
    """What a mapping holds under a key of its own, of a pattern, or of any name."""
    patterns = shape.get("patternProperties", {}).values()
    anything = next(iter(patterns), shape.get("additionalProperties"))
    return shape.get("properties", {}).get(key, anything)


def _word(shape: Shape) -> str:
    if "const" in shape or "enum" in shape:
        return listed([str(value) for value in shape.get("enum", [shape.get("const")])])
    kind = shape.get("type", "")
    if kind in ("number", "integer"):
        return f"a {'whole ' if kind == 'integer' else ''}number{_bounds(shape)}"
    if kind == "string" and "pattern" in shape:
        return _PATTERNS.get(shape["pattern"], f"a text of the form {shape['pattern']}")
    if kind == "array" and shape.get("minItems"):
        return f"a list of at least {_counted(shape['minItems'], ('entry', 'entries'))}"
    if kind == "array" and shape.get("maxItems"):
        return f"a list of at most {_counted(shape['maxItems'], ('entry', 'entries'))}"
    return _TYPES.get(kind, "a value")


def _bounds(shape: Shape) -> str:
    low, high = shape.get("minimum"), shape.get("maximum")
    if low is not None and high is not None:
        return f" from {low:g} to {high:g}"
    parts: Iterable[tuple[str, str]] = (
        ("minimum", "of at least"),
        ("exclusiveMinimum", "above"),
        ("maximum", "of at most"),
        ("exclusiveMaximum", "below"),
    )
    return "".join(f" {words} {shape[key]:g}" for key, words in parts if key in shape)


def _counted(number: int, words: tuple[str, str]) -> str:
    return f"{number} {words[number != 1]}"
