"""Explicit registries forget nothing: what lies in a folder is registered."""

import inspect
from pathlib import Path

import pytest

from classifiers import targets
from router import errors
from router.api.errors import STATUS
from router.core import signals
from router.core.strategies import STRATEGIES
from router.signals import SIGNALS
from tests.architecture.tree import ROOT

FOLDERS = {
    "router/core/strategies": STRATEGIES,
    "router/signals": SIGNALS,
}
NOT_KINDS = {"router/core/strategies/base"}


@pytest.mark.parametrize("folder", sorted(FOLDERS))
def test_every_file_of_a_registrys_folder_is_registered_under_its_name(folder: str) -> None:
    files = {path.stem for path in (ROOT / folder).glob("*.py") if _is_kind(path)}

    assert files == set(FOLDERS[folder])


def _is_kind(path: Path) -> bool:
    name = str(path.with_suffix("").relative_to(ROOT))
    return path.stem != "__init__" and name not in NOT_KINDS


@pytest.mark.parametrize("name", ["DOMAINS", "TASKS"])
def test_the_classifiers_labels_are_those_that_policies_may_name(name: str) -> None:
    assert set(getattr(targets, name)) == set(getattr(signals, name))


def test_every_error_has_a_row_of_its_own_in_the_table_of_answers() -> None:
    ours = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.RouterError)
    }

    assert set(STATUS) == ours


def test_every_error_is_drawn_in_the_tree_at_the_top_of_its_file() -> None:
    drawn = errors.__doc__ or ""

    assert [kind.__name__ for kind in STATUS if kind.__name__ not in drawn] == []
