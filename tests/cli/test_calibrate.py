"""`slm-router calibrate` on labelled prompts: what it certifies and refuses."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from classifiers.held_out import HeldOut
from router.cli import main
from tests.cli.calibration_home import POLICY, TARGET, Certified, answers, calibrated, loaded


def test_the_cheapest_threshold_that_keeps_the_promise_is_written_with_its_certificate(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = calibrated(capsys, *TARGET)

    assert code == 0, told
    assert "800 prompts of answers.csv" in told
    assert "certified complexity 0.205" in told and "50.0 % to large" in told
    found = loaded(labelled)
    certificate = found.policy.certificate
    assert certificate is not None
    assert (certificate.n, certificate.bound, certificate.confidence) == (800, 0.97, 0.95)
    assert (certificate.rule, certificate.key, certificate.value) == (
        "default",
        "complexity",
        0.205,
    )
    assert (certificate.artifact, certificate.scope) == ("0123456789ab", "policy")
    assert certificate.policy == found.version
    assert certificate.observed > 0.97


def test_nothing_else_of_the_file_changes(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrated(capsys, *TARGET)[0] == 0
    first = (labelled / "slm-router.yaml").read_text()
    head, _, certificate = first.partition("\ncertificate:")

    assert head == POLICY.replace("complexity: 0.5", "complexity: 0.205")
    assert certificate.count("\n") == 15
    assert calibrated(capsys, "--target", "quality >= 0.9 of large")[0] == 0
    again = (labelled / "slm-router.yaml").read_text()
    assert again.startswith(head) and again.count("certificate:") == 1
    assert "quality >= 0.9 of large" in again and "0.97" not in again
    assert [path.name for path in labelled.iterdir() if path.name.startswith(".")] == []


def test_a_dry_run_shows_the_change_and_makes_none(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = calibrated(capsys, *TARGET, "--dry-run")

    assert code == 0
    assert "-  strategy: {kind: threshold, complexity: 0.5}  # the threshold\n" in told
    assert "+  strategy: {kind: threshold, complexity: 0.205}  # the threshold\n" in told
    assert (labelled / "slm-router.yaml").read_text() == POLICY


def test_too_few_labels_are_told_with_how_many_more_and_change_nothing(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(labelled / "answers.csv", 40)
    code, told = calibrated(capsys, *TARGET)

    assert code == 1
    assert "Not enough labels: about " in told and "(n=40, about " in told
    assert "is unchanged" in told
    assert (labelled / "slm-router.yaml").read_text() == POLICY


def test_a_promise_that_the_data_break_asks_for_no_more_labels(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = calibrated(capsys, "--target", "quality >= 0.98")

    assert code == 1
    assert "is not kept on these data" in told and "would not help" in told
    assert (labelled / "slm-router.yaml").read_text() == POLICY


def test_a_share_and_a_budget_leave_as_much_of_the_large_model_as_they_allow(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = calibrated(capsys, "--large-share", "0.6", "--dry-run")
    assert code == 0
    assert "certified complexity 0.205 share 0.5000, 50.0 % to large" in told
    assert "exact binomial" in told
    code, told = calibrated(capsys, "--large-share", "0.4", "--dry-run")
    assert "certified complexity 0.905 share 0.0000" in told
    code, told = calibrated(capsys, "--budget-usd-per-1k", "2", "--dry-run")
    assert code == 0
    assert "costs are as expected by the router" in told
    # 300 tokens of answer: 0.0003 USD by small and 0.003 by large, half of each, and some input.
    (spent,) = re.findall(r"certified complexity 0\.205 ([0-9.]+) USD per 1,000", told)
    assert 1.65 < float(spent) < 1.8


def test_only_what_no_classifier_learned_from_counts_unless_asked(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["calibrate", "--data", "answers.csv", *TARGET, "--dry-run"])
    told = capsys.readouterr().out

    (n,) = [int(line.split()[1]) for line in told.splitlines() if line.startswith("Labels")]
    assert 300 < n < 500


def test_prompts_that_taught_the_classifier_never_vouch_for_it(
    labelled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taught = [f"an easy one, number {number}" for number in range(0, 800, 2)]
    held_out = HeldOut.of((), taught, np.zeros((400, 0)))
    monkeypatch.setattr(Certified, "extras", SimpleNamespace(held_out=held_out))
    told = calibrated(capsys, "--large-share", "0.9", "--dry-run")[1]
    assert "400 prompts left out: they taught this classifier" in told

    hard = [f"a hard one, number {number}" for number in range(1, 800, 2)]
    held_out = HeldOut.of((), [*taught, *hard], np.zeros((800, 0)))
    monkeypatch.setattr(Certified, "extras", SimpleNamespace(held_out=held_out))
    code, told = calibrated(capsys, *TARGET)

    assert code == 1
    assert "All 800 prompts of answers.csv taught this classifier" in told
    assert "column split" in told and "Traceback" not in told
    assert (labelled / "slm-router.yaml").read_text() == POLICY


def test_min_quality_of_a_rule_is_calibrated_too(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = "{name: easy, when: {signal: turns, at_least: 1}, strategy: {kind: X, min_quality: 0.1}}"
    changed = POLICY.replace(
        "rules:\n", f"rules:\n  - {rule.replace('X', 'cheapest_good_enough')}\n"
    )
    (labelled / "slm-router.yaml").write_text(changed.replace("easy, when", "all, when"))
    code, told = calibrated(capsys, *TARGET, "--rule", "all")

    assert code == 0, told
    certificate = loaded(labelled).policy.certificate
    assert certificate is not None
    assert (certificate.rule, certificate.key) == ("all", "min_quality")
    assert 0.1 < certificate.value <= 0.71


def test_models_under_other_names_in_the_data_are_told_so(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(labelled / "answers.csv", 800, "phi-3", "openai/gpt-4o")
    code, told = calibrated(capsys, *TARGET)
    assert code == 1
    assert "has no score" in told and "=NAME" in told
    names = ("--small", "small=phi-3", "--large", "large=gpt-4o")
    code, told = calibrated(capsys, *TARGET, *names, "--dry-run")
    assert code == 0, told
    assert "certified complexity 0.205" in told


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((*TARGET, "--rule", "nobody"), "no rule 'nobody'; there are pictures, default"),
        ((*TARGET, "--rule", "pictures"), "best_quality, which has no threshold"),
        (("--target", "be good"), 'such as "quality >= 0.97 of large"'),
        (("--target", "quality >= 0.9 of gpt-9"), "no model 'gpt-9'; it has small, large"),
        ((*TARGET, "--large", "gpt-9"), "no model 'gpt-9'"),
        ((*TARGET, "--large", "large=gpt-9"), "The data has no model 'gpt-9'"),
        ((*TARGET, "--split", "test"), "no prompt of split 'test'; there are train, val"),
        ((*TARGET, "--dataset", "other"), "Choose a table with --dataset: prompts"),
        ((*TARGET, "--data", "nowhere.csv"), "nowhere.csv"),
        ((*TARGET, "--policy", "nowhere.yaml"), "nowhere.yaml"),
    ],
    ids=str,
)
def test_what_cannot_be_is_told_without_a_traceback(
    labelled: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str
) -> None:
    code, told = calibrated(capsys, *words)

    assert code == 1
    assert expected in told and "Traceback" not in told
    assert (labelled / "slm-router.yaml").read_text() == POLICY


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "one of the arguments --target --large-share --budget-usd-per-1k is required"),
        ((*TARGET, "--large-share", "0.3"), "not allowed with argument"),
        (("--large-share", "1.2"), "expected a share above 0 and below 1"),
        (("--budget-usd-per-1k", "-1"), "expected an amount above 0"),
        ((*TARGET, "--confidence", "0.4"), "expected a number above 0.5 and below 1"),
    ],
    ids=str,
)
def test_wrong_usage_is_told_with_what_was_expected(
    labelled: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], expected: str
) -> None:
    with pytest.raises(SystemExit):
        calibrated(capsys, *words)
    assert expected in capsys.readouterr().err
