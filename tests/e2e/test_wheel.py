"""The built wheel in an empty environment, where nothing but loopback can be reached."""

import os
import shutil
import subprocess
import sys
import venv
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.e2e.required import put_into, required_by

ROOT = Path(__file__).parents[2]
DRIVER = Path(__file__).with_name("isolated.py")
BUILT_FROM = (
    "router",
    "classifiers",
    "policies",
    "deploy",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "NOTICE",
)
NOT_SOURCE = shutil.ignore_patterns("__pycache__")

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's"),
]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and what it requires, nothing else."""
    directory = tmp_path_factory.mktemp("wheel")
    source = directory / "source"
    source.mkdir()
    for name in BUILT_FROM:  # elsewhere, for a build leaves things behind
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=NOT_SOURCE)
        else:
            shutil.copy2(ROOT / name, source / name)
    pip(sys.executable, "wheel", "--no-deps", "-w", str(directory), str(source))
    (wheel,) = directory.glob("slm_router-*.whl")
    shutil.rmtree(source)
    venv.create(directory / "venv")
    python = directory / "venv" / "bin" / "python"
    site = next((directory / "venv" / "lib").glob("python3.*")) / "site-packages"
    into = (sys.executable, "--python", str(python))
    pip(*into, "install", "--no-deps", "--no-compile", str(wheel))
    (made,) = distributions(name="slm-router", path=[str(site)])
    put_into(site, required_by(made))
    pip(*into, "check")
    return python


def pip(python: str, *arguments: str) -> None:
    """Have pip do something; `--python` first where it is to be done to another environment."""
    done = subprocess.run(
        [python, "-m", "pip", "-q", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def unshare() -> list[str]:
    """The command that runs another in a network namespace of its own."""
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", "--net", *as_root]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no network namespaces for this user: {tried.stderr.strip()}")
    return command


def test_it_routes_a_request_and_opens_no_connection_beyond_this_machine(
    installed: Path, unshare: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [*unshare, str(installed), str(DRIVER), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "routed to sim-small" in done.stdout
    assert "dashboard: Send 300 demo prompts" in done.stdout
    assert "packets without a route: 0" in done.stdout
    assert "lookups beyond this machine: 0" in done.stdout


def test_it_holds_no_torch_and_stays_small(installed: Path) -> None:
    site = next((installed.parents[1] / "lib").glob("python3.*/site-packages"))
    size = sum(file.stat().st_size for file in site.rglob("*") if file.is_file())

    assert not list(site.glob("torch*"))
    assert size < 700_000_000
