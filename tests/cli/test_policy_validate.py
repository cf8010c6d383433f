"""slm-router policy validate, as a person at a terminal meets it."""

from pathlib import Path

import pytest

from tests.cli.policy_home import MODELS, NAMES, POLICY, said


class TestValidate:
    """slm-router policy validate."""

    def test_sound_files_are_named_with_what_they_hold_and_what_is_next(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out = said(capsys, "validate", ".")
        assert code == 0
        assert "ok  home.cases.yaml: 2 cases for home" in out
        assert "ok  home.yaml: policy home@" in out
        assert "2 rules, 2 models" in out
        assert "ok  models.yaml: catalog of 2 models" in out
        assert "Next: slm-router policy test" in out

    def test_every_problem_of_every_file_is_told_once(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "home.yaml").write_text(POLICY.replace("tokens", "tokns").replace("0.5", "5"))
        (home / "models.yaml").write_text(MODELS.replace("location: cloud", "location: sky"))
        code, out = said(capsys, "validate", ".")
        assert code == 1
        lines = [line for line in out.splitlines() if line.startswith(("home", "models"))]
        assert lines == [
            "home.yaml:8:20: rules[1].when.signal: unknown signal tokns; did you mean tokens?",
            "home.yaml:10:63: default.strategy.min_quality: expected a number from 0 to 1, not 5",
            "models.yaml:5:36: models.large.location: expected local or cloud",
        ]
        assert "3 problems" in out

    def test_two_policies_of_one_name_are_told(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "twin.yaml").write_text(POLICY)
        code, out = said(capsys, "validate", ".")
        assert code == 1
        assert "twin.yaml:1:7: name: expected a name of its own, home.yaml has home too" in out

    def test_without_a_path_the_policy_in_the_working_directory_is_meant(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "slm-router.yaml").write_text(POLICY)
        assert "ok  slm-router.yaml: policy home@" in said(capsys, "validate")[1]

    def test_without_anything_here_the_shipped_policies_are_meant(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out = said(capsys, "validate")
        assert code == 0
        assert all(f"policy {name}@" in out for name in NAMES)

    def test_a_model_without_a_known_price_is_mentioned(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "models.yaml").write_text(MODELS.replace("price: {usd_per_hour: 0.02}", "price: "))
        code, out = said(capsys, "validate", "models.yaml")
        assert code == 0
        assert "catalog of 2 models, no price known for small" in out

    def test_a_missing_file_is_a_problem(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out = said(capsys, "validate", "absent.yaml")
        assert code == 1
        assert "absent.yaml:1:1: file: expected a file that exists" in out
