"""The command line itself: how a command ends that somebody or something breaks off."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from router import cli

FULL = Path("/dev/full")


def test_ctrl_c_ends_a_command_without_a_word_while_it_still_loads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importlib.import_module", interrupted)

    assert cli.main(["report"]) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_in_one_line() -> None:
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "router.cli", "policy", "schema"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            check=False,
        )

    told = "slm-router: the output cannot be written: No space left on device.\n"
    assert (done.returncode, done.stderr) == (1, told)
