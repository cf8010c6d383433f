"""What is imported is what is declared: nothing is had through another package's needs."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions

from tests.architecture.tree import PRODUCT, ROOT, nodes, sources


def imported() -> Iterator[str]:
    """The first names of all that the product imports."""
    for path in sources(*PRODUCT):
        for node in nodes(path):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


def declared() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return {_plain(re.split(r"[^\w.-]", need, maxsplit=1)[0]) for group in groups for need in group}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_that_is_imported_is_declared() -> None:
    known, givers = declared(), packages_distributions()
    others = set(imported()) - sys.stdlib_module_names - {"router", "classifiers"}

    assert others
    assert [
        name for name in sorted(others) if known.isdisjoint(map(_plain, givers.get(name, [name])))
    ] == []
