"""A working directory with labelled prompts, for tests of `calibrate`."""

import csv
import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from router.cli import calibrate_labels, main
from router.policyfile import LoadedPolicy, load
from router.prices import bundled
from router.signals import SIGNALS, vocabulary
from tests.cli.policy_home import MODELS
from tests.fakes.classifier import FakeClassifier

POLICY = """\
# Ours, with   odd spaces
name: home
catalog: models.yaml
rules:
  - {name: pictures, when: {signal: has_images, is: true}, strategy: {kind: best_quality}}
default:
  strategy: {kind: threshold, complexity: 0.5}  # the threshold
"""
TARGET = ("--target", "quality >= 0.97 of large")


class Certified(FakeClassifier):
    """A fake classifier of an artifact that has a version."""

    manifest = SimpleNamespace(version="0123456789ab")
    extras = SimpleNamespace(held_out=None)


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a policy, and answers to 800 prompts of which half are hard."""
    priced = MODELS.replace(
        "{usd_per_hour: 0.02}", "{input_usd_per_mtok: 1, output_usd_per_mtok: 1}"
    )
    (tmp_path / "models.yaml").write_text(priced)
    (tmp_path / "slm-router.yaml").write_text(POLICY)
    answers(tmp_path / "answers.csv", 800)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SLM_ROUTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(calibrate_labels, "open_classifier", lambda *_: Certified())
    return tmp_path


def answers(path: Path, n: int, small: str = "small", large: str = "large") -> None:
    """Easy prompts are right in 95 of 100 cases, hard ones in 10 by small and 90 by large."""
    chance = random.Random(1)
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["prompt", "model", "score"])
        for number in range(n):
            prompt = f"{'a hard' if number % 2 else 'an easy'} one, number {number}"
            right = {small: 0.1, large: 0.9} if number % 2 else {small: 0.95, large: 0.95}
            for model, share in right.items():
                table.writerow([prompt, model, int(chance.random() < share)])


def calibrated(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["calibrate", "--data", "answers.csv", "--split", "all", *words])
    told = capsys.readouterr()
    return code, told.out + told.err


def loaded(home: Path) -> LoadedPolicy:
    return load(home / "slm-router.yaml", SIGNALS, vocabulary, bundled())
