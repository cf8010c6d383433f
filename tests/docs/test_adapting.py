"""docs/adapting.md: its commands do what it promises, from a CSV of labels to a better router."""

import json
import re
import shlex
from pathlib import Path

import pytest

from classifiers.adapting import FEWEST, FEWEST_GROUPS
from classifiers.heads import HEADS
from classifiers.prompt_classifier import PromptClassifier
from classifiers.results import read_results
from router.cli import main
from tests.classifiers.labelled import MODELS, labelled, write_labels
from tests.docs.pages import DOCS
from tests.docs.test_commands import indented

PAGE = (DOCS / "adapting.md").read_text("utf-8")


def test_two_commands_lead_from_300_labels_to_a_better_router(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The labels are simulated: a small model that is good at what nobody would expect of it."""
    (block,) = indented(PAGE, "slm-router train labels.csv")
    train, evaluate = block.splitlines()
    monkeypatch.chdir(tmp_path)
    write_labels(tmp_path / "labels.csv", labelled(300))

    assert main(shlex.split(train)[1:]) == 0
    told = capsys.readouterr().out
    assert re.search(r"APGR .*: better by 0\.\d+ \[0\.\d+, .*\(beyond chance\)", told)

    assert main([*shlex.split(evaluate)[1:], "--bootstrap", "100"]) == 0
    (adapted,) = json.loads((tmp_path / "evaluation/report.json").read_text("utf-8"))["pairs"]
    assert main([*shlex.split(evaluate)[1:-2], "--bootstrap", "100"]) == 0
    (before,) = json.loads((tmp_path / "evaluation/report.json").read_text("utf-8"))["pairs"]
    after = adapted["figures"]["ours"]["APGR"]
    assert (adapted["small"], adapted["large"]) == MODELS
    assert after["low"] > before["figures"]["ours"]["APGR"]["value"]


def test_the_labels_shown_are_a_table_that_is_read(tmp_path: Path) -> None:
    (example,) = indented(PAGE, "prompt,model,score")
    (tmp_path / "labels.csv").write_text(example, "utf-8")

    (table,) = read_results(tmp_path / "labels.csv").values()

    assert table.models == ("gpt-4o", "llama-3.1-8b") and table.scores.shape == (2, 2)


def test_the_policy_shown_serves_with_the_adapted_classifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (signals,) = indented(PAGE, "signals:")
    (train,) = indented(PAGE, "slm-router train labels.csv")
    monkeypatch.chdir(tmp_path)
    write_labels(tmp_path / "labels.csv", labelled(60))
    words = shlex.split(train.splitlines()[0])[1:]
    assert main([*words, "--folds", "2", "--bootstrap", "20"]) == 0
    (tmp_path / "policy.yaml").write_text(
        f"name: mine\n{signals}upstreams: {{sim: {{kind: simulated}}}}\n"
        "models:\n  house-7b: {upstream: sim, location: local, quality: 0.7}\n"
        "rules:\n  - name: hard\n    when: {signal: complexity, at_least: 0.5}\n"
        "    strategy: {kind: best_quality}\ndefault:\n  strategy: {kind: best_quality}\n",
        "utf-8",
    )
    capsys.readouterr()

    assert main(["policy", "explain", "Prove it.", "--policy", "policy.yaml"]) == 0

    assert "complexity" in capsys.readouterr().out
    assert set(MODELS) <= set(PromptClassifier.load(tmp_path / "my-classifier").models)


def test_what_the_page_says_of_limits_and_names_is_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert f"At least {FEWEST} labels a model" in PAGE
    assert f"{FEWEST_GROUPS} prompts that differ" in PAGE
    assert [head for head in HEADS if f"`{head}`" not in PAGE] == []
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert {option for option in options if option not in PAGE} == set()


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", PAGE)

    assert links and [link for link in links if not (DOCS / link).exists()] == []
