"""A YAML file as a tree of nodes that know where they stand. Read strictly, so that what an
operator wrote is what is meant.

Only `true` and `false` are booleans; `yes`, `on`, dates, `1:30` and `010` are texts. Duplicate
keys, anchors, aliases and tags are refused: each makes a file mean something other than it shows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import yaml

from router.errors import Problem

MOST_BYTES = 1_000_000
MOST_NESTED = 40

Scalar = str | int | float | bool | None

_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file. Lines and columns count from 1.

    `key` is the dotted path from the top. The key's place is the value's own where the value is
    an entry of a list. `plain` says that a scalar was written without quotes.
    """

    file: str
    key: str
    line: int
    column: int
    key_line: int
    key_column: int
    value: "Scalar | dict[str, Node] | list[Node]"
    plain: bool = False

    @property
    def entries(self) -> "dict[str, Node]":
        """The entries of a mapping; none for any other value."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> "list[Node]":
        """The items of a list; none for any other value."""
        return self.value if isinstance(self.value, list) else []

    @property
    def data(self) -> Any:
        """The value as plain dictionaries, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: node.data for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.data for node in self.value]
        return self.value

    def get(self, *path: str) -> "Node | None":
        """The node under a path of keys, None where there is none."""
        node: Node | None = self
        for key in path:
            node = node.entries.get(key) if node else None
        return node

    def only(self, keys: frozenset[str]) -> "Node":
        """The same mapping with no other entries than `keys`."""
        kept: dict[str, Node] = {k: v for k, v in self.entries.items() if k in keys}
        place = (self.line, self.column, self.key_line, self.key_column)
        return Node(self.file, self.key, *place, kept)

    def problem(self, expected: str, under: str = "") -> Problem:
        """What is wrong with the value; `under` names a key that the mapping should have."""
        key = ".".join(part for part in (self.key, under) if part) or "file"
        return Problem(self.file, self.line, self.column, key, expected)

    def key_problem(self, expected: str) -> Problem:
        """What is wrong with the key."""
        return Problem(self.file, self.key_line, self.key_column, self.key or "file", expected)


@dataclass(frozen=True, slots=True)
class Document:
    """A file as read. Without a `root` nothing further can be said about it."""

    root: Node | None
    problems: tuple[Problem, ...]


def read(path: Path) -> Document:
    """The file as a tree, with every problem of form found in it. Never raises for its content."""
    file = str(path)
    try:
        if not path.is_file():
            return _refused(file, "expected a file that exists")
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    except OSError as error:
        return _refused(file, f"expected a file that can be read ({error.strerror})")
    if len(content) > MOST_BYTES:
        return _refused(file, "expected at most 1 MB")
    try:
        return parse(content.decode("utf-8-sig"), file)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        return _refused(file, "expected text in UTF-8", line, column)


def parse(text: str, file: str) -> Document:
    """`read` for a text at hand."""
    try:
        composer = _Composer(text)
        top = composer.get_single_node()
    except yaml.YAMLError as error:
        return Document(None, (_syntax_problem(error, text, file),))
    refused = tuple(
        Problem(file, mark.line + 1, mark.column + 1, "file", words)
        for mark, words in composer.refused
    )
    if top is None:
        return _refused(file, "expected a mapping (key: value), the file is empty")
    if composer.gave_up:
        return Document(None, refused)
    builder = _Builder(file)
    root = builder.node(top, "", top)
    problems = tuple(sorted((*refused, *builder.problems), key=lambda p: (p.line, p.column)))
    if not isinstance(root.value, dict):
        return Document(None, (*problems, root.problem("expected a mapping (key: value)")))
    return Document(root, problems)


def _refused(file: str, expected: str, line: int = 1, column: int = 1) -> Document:
    return Document(None, (Problem(file, line, column, "file", expected),))


def _syntax_problem(error: yaml.YAMLError, text: str, file: str) -> Problem:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        if "flow" in said or "mapping values" in said:
            said += "; a text with punctuation needs quotes"
        return Problem(file, mark.line + 1, mark.column + 1, "file", f"expected valid YAML: {said}")
    at = getattr(error, "position", 0)
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return Problem(file, line, column, "file", "expected text without control characters")


class _Composer(yaml.SafeLoader):
    """PyYAML's composer, refusing what a strict file does not have."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.refused: list[tuple[yaml.Mark, str]] = []
        self.gave_up = False
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]
            self._refuse(event, "expected the value itself, aliases (*name) are not read")
            self.gave_up = True
            return yaml.ScalarNode("", "")
        if event.anchor is not None:
            self._refuse(event, "expected no anchor, anchors (&name) are not read")
            event.anchor = None
        if event.tag is not None:
            self._refuse(event, "expected no tag, tags (!name) are not read")
            event.tag = None
        self._depth += 1
        if self._depth > MOST_NESTED:
            raise yaml.MarkedYAMLError(
                problem=f"nested more than {MOST_NESTED} levels deep", problem_mark=event.start_mark
            )
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def _refuse(self, event: Any, words: str) -> None:
        self.refused.append((event.start_mark, words))


class _Builder:
    """Makes the tree from PyYAML's nodes, and collects what is wrong on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def node(self, source: yaml.Node, key: str, at: yaml.Node) -> Node:
        """The tree under `source`, whose key stands where `at` does."""
        mark, key_mark = source.start_mark, at.start_mark
        value: Any
        plain = False
        if isinstance(source, yaml.MappingNode):
            value = dict(self._entries(source, key))
        elif isinstance(source, yaml.SequenceNode):
            value = [self.node(item, f"{key}[{i}]", item) for i, item in enumerate(source.value)]
        else:
            plain = getattr(source, "style", None) is None
            value = _scalar(source.value) if plain else source.value
        return Node(
            file=self.file,
            key=key,
            line=mark.line + 1,
            column=mark.column + 1,
            key_line=key_mark.line + 1,
            key_column=key_mark.column + 1,
            value=value,
            plain=plain,
        )

    def _entries(self, source: yaml.MappingNode, path: str) -> Iterator[tuple[str, Node]]:
        first: dict[str, int] = {}
        for key, value in source.value:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            if not isinstance(key, yaml.ScalarNode):
                words = "expected a text as key"
                self.problems.append(Problem(self.file, line, column, path or "file", words))
                continue
            inner = f"{path}.{key.value}" if path else key.value
            if key.value in first:
                words = f"expected each key once, first given in line {first[key.value]}"
                self.problems.append(Problem(self.file, line, column, inner, words))
                continue
            first[key.value] = line
            yield key.value, self.node(value, inner, key)


def _scalar(text: str) -> Scalar:
    """What an unquoted scalar means: YAML 1.2's core, without octal, hexadecimal and infinity."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text) and len(text) < 20:
        return int(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        return number if isfinite(number) else text
    return text
