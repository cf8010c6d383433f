"""What is imported is paid for at every start: the heavy things load on first use only."""

import subprocess
import sys

import pytest

from tests.architecture.tree import ROOT


def loaded_by(module: str) -> set[str]:
    """The top-level packages that are in memory once a fresh process has imported a module."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        (
            "router.cli",
            {"litellm", "torch", "sklearn", "fastapi", "starlette", "numpy", "pydantic", "rich"},
        ),
        (
            "router.core.decide",
            {"litellm", "torch", "sklearn", "fastapi", "starlette", "numpy", "asyncio", "logging"},
        ),
        (
            "router.app",
            {"litellm", "torch", "transformers", "sklearn", "scipy", "spacy", "pandas", "openai"},
        ),
    ],
)
def test_importing_a_module_loads_nothing_heavy(module: str, heavy: set[str]) -> None:
    loaded = loaded_by(module)

    assert "router" in loaded
    assert loaded & heavy == set()


def test_traces_are_not_loaded_unless_they_are_switched_on() -> None:
    """FastAPI loads OpenTelemetry's interfaces where they are; what would send traces is ours."""
    code = "import sys, router.app; print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split())

    assert "router.app" in loaded
    assert {"router.telemetry.tracing", "opentelemetry.sdk", "opentelemetry.exporter"} & loaded == (
        set()
    )


def test_help_is_shown_without_loading_a_command() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "router.cli", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
    assert "slm-router" in run.stdout
    assert "serve" in run.stdout
