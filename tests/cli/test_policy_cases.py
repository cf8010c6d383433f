"""slm-router policy test, as a person at a terminal meets it."""

from pathlib import Path

import pytest

from router.cli import main
from tests.cli.policy_home import said


class TestTest:
    """slm-router policy test."""

    @pytest.mark.parametrize("path", [".", "home.yaml", "home.cases.yaml"])
    def test_cases_are_run_and_counted(
        self, home: Path, capsys: pytest.CaptureFixture[str], path: str
    ) -> None:
        code, out = said(capsys, "test", path)
        assert code == 0
        assert "pass  short stays here" in out
        assert "2 passed, 0 failed" in out

    def test_a_failure_names_what_was_expected_and_what_came_out(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "home.cases.yaml").write_text(
            "cases:\n"
            "  - name: wrong\n"
            "    request: {prompt: Hi}\n    signals: {difficulty: 0}\n"
            "    expect: {model: large, location: cloud, rule: code, served: false,\n"
            "             rejected: {small: lacks_vision}}\n"
        )
        code, out = said(capsys, "test", "home.yaml")
        assert code == 1
        assert "FAIL  wrong" in out
        assert "model: expected large, got small (" in out
        assert "location: expected cloud, got local (" in out
        assert "rule: expected code, got default (" in out
        assert "served: expected false, got true (" in out
        assert "rejected.small: expected lacks_vision, got a candidate" in out
        assert "0 passed, 1 failed" in out

    def test_a_request_that_the_gateway_would_refuse_fails_its_case(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "home.cases.yaml").write_text(
            "cases:\n  - {name: odd, request: {messages: []}, expect: {served: true}}\n"
            "  - {name: head, request: {prompt: a}, headers: {min-qality: '1'},"
            " expect: {served: true}}\n"
            "  - {name: who, request: {prompt: a, model: other}, expect: {served: true}}\n"
        )
        code, out = said(capsys, "test", "home.yaml")
        assert code == 1
        assert "request: messages: Expected a list of at least one message." in out
        assert "Did you mean x-slm-router-min-quality?" in out
        assert "request: model: The model 'other' does not exist." in out

    def test_broken_cases_are_told_by_place_and_the_other_files_still_run(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "a.cases.yaml").write_text("policy: home.yaml\ncases: 3\n")
        code, out = said(capsys, "test", ".")
        assert code == 1
        assert "a.cases.yaml:2:8: cases: expected a list of at least 1 entry" in out
        assert "2 passed, 1 failed" in out

    def test_headers_of_a_case_take_freedom_away(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "home.cases.yaml").write_text(
            "cases:\n  - {name: x, request: {prompt: Hi}, headers: {x-slm-router-local-only:"
            " 'true'},\n     signals: {task: code}, expect: {location: local, rejected:"
            " {large: must_stay_local}}}\n"
        )
        assert said(capsys, "test", "home.yaml")[0] == 0

    def test_a_file_that_is_not_there_is_told(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["policy", "test", "nowhere.yaml"]) == 1
        assert "nowhere.yaml does not exist" in capsys.readouterr().err

    def test_no_cases_are_a_failure(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (home / "home.cases.yaml").unlink()
        code, out = said(capsys, "test", ".")
        assert code == 1
        assert "No cases found" in out
