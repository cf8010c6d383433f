"""A working directory with a policy, its catalog and its cases, for tests of `policy`."""

from pathlib import Path

import pytest

from router import classifier
from router.cli import main
from router.policyfile import shipped_policies
from tests.fakes.classifier import FakeClassifier

SHIPPED = shipped_policies()
NAMES = ("default", "cost-saver", "quality-first", "private-by-default")
MODELS = """\
upstreams: {sim: {kind: simulated}}
models:
  small: {upstream: sim, location: local, quality: 0.6, price: {usd_per_hour: 0.02},
          capabilities: [tools]}
  large: {upstream: sim, location: cloud, quality: 0.9, capabilities: [tools, vision],
          price: {input_usd_per_mtok: 2.5, output_usd_per_mtok: 10}}
"""
POLICY = """\
name: home
catalog: models.yaml
rules:
  - name: code
    when: {any: [{signal: code, is: true}, {signal: task, is: code}]}
    strategy: {kind: best_quality}
  - name: long
    when: {signal: tokens, above: 10}
    strategy: {kind: best_quality}
default: {strategy: {kind: cheapest_good_enough, min_quality: 0.5}}
"""
CASES = """\
cases:
  - {name: short stays here, request: {prompt: Hi}, signals: {difficulty: 0},
     expect: {model: small, rule: default}}
  - {name: code goes far, request: {prompt: Hi}, signals: {task: code}, expect: {rule: code}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a policy, its catalog and its cases; wide enough for tables."""
    (tmp_path / "models.yaml").write_text(MODELS)
    (tmp_path / "home.yaml").write_text(POLICY)
    (tmp_path / "home.cases.yaml").write_text(CASES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(classifier, "load_classifier", lambda path: FakeClassifier())
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["policy", *words])
    return code, capsys.readouterr().out
