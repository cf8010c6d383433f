"""Certificates of `slm-router calibrate`: how they are written, shown and doubted."""

import difflib
import os
from pathlib import Path

import pytest

from router.cli import main
from tests.cli.calibration_home import POLICY, TARGET, calibrated
from tests.fakes.classifier import FakeClassifier


def test_a_read_only_file_is_left_and_the_change_is_shown(
    labelled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    code, told = calibrated(capsys, *TARGET)

    assert code == 0
    assert "is read-only. Apply this change yourself" in told and "+certificate:" in told
    assert (labelled / "slm-router.yaml").read_text() == POLICY


def test_validate_shows_the_certificate_and_warns_once_it_is_void(
    labelled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from router import classifier

    monkeypatch.setattr(classifier, "stated_version", lambda folder: "0123456789ab")
    assert calibrated(capsys, *TARGET)[0] == 0
    assert main(["policy", "validate"]) == 0
    told = capsys.readouterr().out
    assert "certified: quality >= 0.97 of large with 0.95 confidence" in told
    assert "warning" not in told

    file = labelled / "slm-router.yaml"
    file.write_text(file.read_text().replace("complexity: 0.205}", "complexity: 0.9}"))
    monkeypatch.setattr(classifier, "stated_version", lambda folder: "ffffffffffff")
    assert main(["policy", "validate"]) == 0
    told = capsys.readouterr().out
    assert "policy or catalog are not what was certified" in told
    assert "the classifier in force (ffffffffffff) is not the one certified (0123456789ab)" in told


def test_explain_shows_the_certificate_with_what_speaks_against_it(
    labelled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from router import classifier

    monkeypatch.setattr(classifier, "load_classifier", lambda path: FakeClassifier())
    assert calibrated(capsys, *TARGET)[0] == 0
    main(["policy", "explain", "Hello"])
    told = capsys.readouterr().out

    assert "Certified: quality >= 0.97 of large with 0.95 confidence" in told
    assert "Warning: the classifier in force (none) is not the one certified" in told


def test_a_policy_that_would_not_read_back_is_left_as_it_was(
    labelled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from router.cli import calibrate_report

    monkeypatch.setattr(calibrate_report, "with_block", lambda text, *_: text + "oops: [")
    code, told = calibrated(capsys, *TARGET)

    assert code == 1
    assert "cannot be changed" in told
    assert (labelled / "slm-router.yaml").read_text() == POLICY
    assert [path.name for path in labelled.iterdir() if path.name.startswith(".")] == []


def test_the_patch_that_is_shown_makes_the_file_that_would_be_written(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, shown = calibrated(capsys, *TARGET, "--dry-run")
    assert calibrated(capsys, *TARGET)[0] == 0
    new = (labelled / "slm-router.yaml").read_text()
    patch = difflib.unified_diff(
        POLICY.splitlines(keepends=True), new.splitlines(keepends=True),
        "a/slm-router.yaml", "b/slm-router.yaml",
    )  # fmt: skip

    assert shown.endswith("".join(patch))
