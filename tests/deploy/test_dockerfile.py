"""The Dockerfile by a linter and by rules of our own; its commands run in tests/e2e."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from router.settings import Settings
from tests.deploy.dockerfile import DOCKERFILE, ROOT, environment, instructions, stages, the

README = DOCKERFILE.with_name("README.md")


def hadolint(file: Path) -> subprocess.CompletedProcess[str]:
    """What hadolint says of a Dockerfile, of warnings and errors."""
    beside = Path(sys.executable).with_name("hadolint")
    program = str(beside) if beside.exists() else shutil.which("hadolint")
    if program is None:
        pytest.skip("no hadolint here: its package has no wheel for this machine")
    command = [program, "--no-color", "--failure-threshold", "warning", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_linter_finds_nothing() -> None:
    linted = hadolint(DOCKERFILE)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_the_linter_would_find_something(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text(f"{DOCKERFILE.read_text()}\nRUN cd / && sudo pip install x\n")
    assert hadolint(file).returncode != 0


def test_it_runs_as_nobody_by_a_number() -> None:
    uid, gid = the("USER").value.split(":")
    assert int(uid) > 0 and int(gid) > 0
    owned = [one.value for stage in stages() for one in stage if "--chown" in one.value]
    assert owned and all(f"--chown={uid}:{gid}" in value for value in owned)


def test_no_command_needs_a_shell() -> None:
    commands = [it for it in instructions() if it.name in ("RUN", "ENTRYPOINT", "CMD")]
    assert all(command.words for command in [*commands, the("HEALTHCHECK")])
    assert not any(one.name in ("SHELL", "ADD") for one in instructions())


def test_its_python_is_one_that_the_package_supports() -> None:
    (image,) = (one.value for one in instructions() if one.name == "ARG")
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.1[123]-slim-[a-z]+", image)
    assert all(stage[0].value.startswith("${PYTHON_IMAGE}") for stage in stages())


def test_it_installs_nothing_that_brings_torch() -> None:
    installed = [
        word for stage in stages() for one in stage if one.name == "RUN" for word in one.words
    ]
    (package,) = (word for word in installed if word.startswith("."))
    assert package == ".[otel]"
    assert "constraints.txt" in installed


def test_what_is_copied_is_there_and_is_all_that_gets_into_the_context() -> None:
    copies = [one.value.split() for one in stages()[0] if one.name == "COPY"]
    copied = {name for words in copies for name in words[:-1]}
    assert [name for name in copied if not (ROOT / name).exists()] == []
    ignored = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in ignored if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {line.removeprefix("!") for line in rules if line.startswith("!")} == copied
    assert any(fnmatch("router/core/__pycache__", rule.replace("**", "*")) for rule in rules[1:])


def test_its_variables_are_settings_and_its_state_is_the_volume() -> None:
    env = environment()
    ours = {name.removeprefix("SLM_ROUTER_").lower() for name in env if name.startswith("SLM_")}
    assert ours <= Settings.model_fields.keys()
    assert the("VOLUME").words == [env["SLM_ROUTER_STATE_DIR"]] == [env["HOME"]]
    assert the("EXPOSE").value == env["SLM_ROUTER_PORT"]
    assert not any("KEY" in name for name in env)


def test_the_readme_shows_commands_that_fit_the_image() -> None:
    (block,) = re.findall(r"^```sh\n(.*?)^```", README.read_text("utf-8"), re.M | re.S)
    build, keys, serve = block.splitlines()
    assert str(DOCKERFILE.relative_to(ROOT)) in build
    for line in (keys, serve):
        assert f"slm-router-state:{environment()['SLM_ROUTER_STATE_DIR']} slm-router" in line
    assert "--read-only" in serve and f":{the('EXPOSE').value} " in serve
