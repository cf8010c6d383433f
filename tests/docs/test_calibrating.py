"""The commands of docs/calibrating.md run as they stand there, on the shipped classifier."""

import csv
import json
import random
import re
import shlex
from pathlib import Path

import pytest

from classifiers.sample import sample_prompts
from router.cli import main
from tests.cli.policy_home import MODELS
from tests.docs.pages import DOCS
from tests.docs.test_commands import indented

PAGE = (DOCS / "calibrating.md").read_text("utf-8")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page's policy, and answers of two models that are both right four times out of five."""
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "slm-router.yaml").write_text(block)
    models = MODELS.replace(
        "{usd_per_hour: 0.02}", "{input_usd_per_mtok: 1, output_usd_per_mtok: 1}"
    )
    (tmp_path / "models.yaml").write_text(models)
    chance = random.Random(1)
    with (tmp_path / "answers.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["prompt", "model", "score"])
        for number, prompt in enumerate(sample_prompts() * 3):
            for model in ("small", "large"):
                row = [f"{prompt} ({number})", model, int(chance.random() < 0.8)]
                table.writerow(row)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path / "state"))
    return tmp_path


def test_the_commands_on_labelled_prompts_run(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (block,) = indented(PAGE, "slm-router calibrate --data")
    commands = block.splitlines()
    assert len(commands) == 5

    for command in commands:
        assert main(shlex.split(command)[1:]) == 0, command
        told = capsys.readouterr().out
        assert "certified complexity" in told
    assert main(["policy", "validate"]) == 0
    told = capsys.readouterr().out
    assert "certified: quality >= 0.9 of large" in told and "warning" not in told


def test_the_command_on_the_log_asks_for_one(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (command,) = indented(PAGE, "slm-router calibrate --target")

    assert main(shlex.split(command)[1:]) == 1
    assert "There is no decision log" in capsys.readouterr().err


def test_every_option_and_every_key_of_a_certificate_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    from router.core.certificate import Certificate

    with pytest.raises(SystemExit):
        main(["calibrate", "--help"])
    options = set(re.findall(r"--[a-z0-9-]+", capsys.readouterr().out)) - {"--help"}

    assert {option for option in options if option not in PAGE} == set()
    assert [key for key in Certificate.model_fields if f"`{key}`" not in PAGE] == []


def test_links_lead_somewhere() -> None:
    for name in ("calibrating.md", "feedback.md", "decision-log.md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)", (DOCS / name).read_text("utf-8"))
        assert links and [link for link in links if not (DOCS / link).exists()] == []


def test_the_certificate_is_in_the_schema() -> None:
    schema = json.loads((DOCS.parent / "policies" / "schema.json").read_text("utf-8"))

    assert "certificate" in schema["properties"] and "Certificate" in schema["$defs"]
