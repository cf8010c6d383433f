"""Prometheus and its promtool, where they are installed."""

import shutil
import subprocess
from pathlib import Path

import pytest


def needed(name: str) -> str:
    """The path of a program of Prometheus; skips where there is none."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"no {name} here: as root, make test installs Debian's package prometheus")
    return found


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """What promtool says."""
    command = [needed("promtool"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
