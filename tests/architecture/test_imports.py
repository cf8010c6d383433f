"""Who may import whom: the contracts of pyproject.toml hold, and each of them can be broken."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import PRODUCT, ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def linted(root: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the packages that lie in a folder."""
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--no-logo"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of our packages that a test may spoil."""
    for package in PRODUCT:
        skipped = shutil.ignore_patterns("__pycache__", "*.npz", "*.json", "*.md")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=skipped)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_every_contract_is_kept() -> None:
    run = linted(ROOT)

    assert run.returncode == 0, run.stdout


def test_an_unspoiled_copy_keeps_every_contract(copy: Path) -> None:
    run = linted(copy)

    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("planted", "line", "contract"),
    [
        ("router/core/gate.py", "from router.ports import Clock", "Imports point down the house"),
        ("router/errors.py", "import router.core.limits", "Imports point down the house"),
        ("router/stores/memory.py", "import router.signals.size", "Imports point down the house"),
        ("router/brand_new.py", "", "Imports point down the house"),
        ("router/core/limits.py", "import router.core.policy", "No two neighbours"),
        ("router/core/stats.py", "import time", "The core is pure"),
        ("router/core/decide.py", "from random import random", "The core is pure"),
        ("router/core/tokens.py", "import numpy", "The core is pure"),
        ("router/gateway.py", "def late() -> None:\n    import litellm", "litellm is known in one"),
        ("router/gateway.py", "import prometheus_client", "prometheus_client is known"),
        ("router/telemetry/logs.py", "import opentelemetry", "OpenTelemetry is known"),
        ("router/exchange.py", "from starlette.responses import Response", "The HTTP framework"),
        ("classifiers/base.py", "from router.errors import RouterError", "The ML library"),
        (
            "router/signals/learned.py",
            "from classifiers.base import Head",
            "Only classifier, identifier and cli",
        ),
    ],
)
def test_a_planted_violation_breaks_its_contract(
    copy: Path, planted: str, line: str, contract: str
) -> None:
    with (copy / planted).open("a", encoding="utf-8") as file:
        file.write(f"\n\n{line}\n")

    run = linted(copy)

    broken = [said for said in run.stdout.splitlines() if " BROKEN" in said]
    # An import may break several contracts at once: its own must be among them.
    assert [said for said in broken if said.startswith(contract)] or (
        "brand_new" in planted and "brand_new" in run.stdout + run.stderr
    ), run.stdout + run.stderr
    assert run.returncode != 0
