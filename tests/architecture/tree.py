"""The source tree as the architecture tests read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("router", "classifiers", "deploy", "tests")
PRODUCT = ("router", "classifiers")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*rooms: str) -> list[Path]:
    """Every Python file of the rooms."""
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def told(path: Path, line: int) -> str:
    """A place, as editors open it."""
    return f"{path.relative_to(ROOT)}:{line}"


def nodes(path: Path) -> Iterator[ast.AST]:
    """Everything in a file's syntax tree."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path)))
