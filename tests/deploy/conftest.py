"""The demo script as a module: it is a script beside the code, not part of a package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

DEMO = Path(__file__).parents[2] / "deploy" / "demo" / "demo.py"


@pytest.fixture(scope="session")
def demo() -> ModuleType:
    """The demo script as a module."""
    spec = importlib.util.spec_from_file_location("slm_router_demo", DEMO)
    assert spec is not None
    assert spec.loader is not None
    sys.path.insert(0, str(DEMO.parent))  # as for a script, whose neighbours it imports
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module
