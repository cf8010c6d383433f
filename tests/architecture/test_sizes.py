"""What separates elegant from hard is the largest file, the largest function and broad excepts."""

import ast
from pathlib import Path

from tests.architecture.tree import PRODUCT, ROOMS, Function, nodes, sources, told

FILE_LINES = 300
FUNCTION_LINES = 40
BROAD_EXCEPTS = 7
"""At adapters' edges, where other people's code may raise anything. Before raising this figure,
find out what can be raised, and name it."""

NOT_NOUNS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        told(path, 1): lines
        for path in sources(*ROOMS)
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > FILE_LINES
    }

    assert long == {}


def test_no_function_is_longer_than_a_screen() -> None:
    long = {
        told(path, node.lineno): f"{node.name}: {lines}"
        for path in sources(*ROOMS)
        for node in nodes(path)
        if isinstance(node, Function) and (lines := _lines(node)) > FUNCTION_LINES
    }

    assert long == {}


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_every_module_is_called_by_a_noun_of_the_field() -> None:
    parts = {path: {*path.with_suffix("").parts} for path in sources(*ROOMS)}

    assert [told(path, 1) for path, names in parts.items() if names & NOT_NOUNS] == []


def broad_excepts(path: Path) -> list[int]:
    """The lines of a file on which anything at all is caught and kept."""
    return [
        node.lineno
        for node in nodes(path)
        if isinstance(node, ast.ExceptHandler) and _is_broad(node.type) and not _passes_on(node)
    ]


def _passes_on(handler: ast.ExceptHandler) -> bool:
    """Whether a handler only tidies up and raises again what it caught."""
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def _is_broad(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_is_broad(one) for one in caught.elts)
    return caught is None or (
        isinstance(caught, ast.Name) and caught.id in ("Exception", "BaseException")
    )


def test_broad_excepts_are_few() -> None:
    found = [told(path, line) for path in sources(*PRODUCT) for line in broad_excepts(path)]

    assert len(found) <= BROAD_EXCEPTS, found


def test_every_broad_except_says_why_it_is_one() -> None:
    silent = []
    for path in sources(*PRODUCT):
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in broad_excepts(path):
            said = [_comment(text) for text in lines[line - 2 : line + 1]]
            if not any(said):
                silent.append(told(path, line))

    assert silent == []


def _comment(line: str) -> str:
    """A line's comment without what it says to the linter."""
    _, _, comment = line.partition("#")
    return comment.replace("noqa: BLE001", "").replace("#", "").strip(" -")
