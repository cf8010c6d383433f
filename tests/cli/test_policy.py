"""slm-router policy: validate, explain, test and schema, as a person at a terminal meets them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from router import app
from router.cli import main
from router.cli.policy_schema import catalog_schema, policy_schema
from router.errors import PolicyFileError
from router.policyfile import load_directory, policy_files, shipped_policies
from router.policyfile.tree import read
from router.prices import bundled
from router.signals import SIGNALS, vocabulary
from router.signals.learned import Judgement
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
    monkeypatch.setattr(app, "load_classifier", lambda path: FakeClassifier())
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["policy", *words])
    return code, capsys.readouterr().out


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
        assert "request: min-qality: Expected one of allowed-models, " in out
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

    def test_no_cases_are_a_failure(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (home / "home.cases.yaml").unlink()
        code, out = said(capsys, "test", ".")
        assert code == 1
        assert "No cases found" in out


class TestExplain:
    """slm-router policy explain."""

    def explained(
        self, capsys: pytest.CaptureFixture[str], *words: str
    ) -> tuple[int, dict[str, Any]]:
        code, out = said(capsys, "explain", "--json", "--policy", "home.yaml", *words)
        return code, json.loads(out)

    def test_tables_show_signals_rules_candidates_and_the_decision(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, out = said(
            capsys, "explain", "def f(): pass", "--policy", "home.yaml",
            "--header", "local-only=true",
        )  # fmt: skip
        assert code == 0
        assert "Policy home@" in out
        assert "tokens*" in out
        assert "(* read by this policy)" in out
        assert "task is code: it is" in out
        assert "must_stay_local" in out
        assert out.rstrip().splitlines()[-1].startswith("small by rule ")

    def test_every_signal_is_shown_even_where_the_policy_reads_none(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, out = said(capsys, "explain", "Hi", "--policy", "home.yaml")
        options = {name: kind.options() for name, kind in SIGNALS.items()}
        assert [name for name in vocabulary(options) if name not in out] == []

    def test_json_holds_rules_with_their_comparisons(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, told = self.explained(capsys, "Tell me about the sea, at some length")
        assert code == 0
        assert told["model"] == "large"
        assert told["rule"] == "long"
        assert [rule["verdict"] for rule in told["rules"]] == [
            "does not hold",
            "decides",
            "holds, after the deciding one",
        ]
        assert told["rules"][1]["comparisons"][0] == {
            "signal": "tokens",
            "operator": "above",
            "operand": 10.0,
            "value": told["signals"]["tokens"],
            "holds": True,
        }
        assert {candidate["model"] for candidate in told["candidates"]} == {"small", "large"}

    def test_a_classifier_that_fails_is_shown_and_its_rules_are_not_known(
        self,
        home: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        class Broken:
            def judge(self, texts: Sequence[str], /) -> Sequence[Judgement]:
                raise RuntimeError("no artifact")

        monkeypatch.setattr(app, "load_classifier", lambda path: Broken())
        code, told = self.explained(capsys, "Hi")
        assert code == 0
        assert told["failed_signals"] == {"learned": "RuntimeError"}
        assert told["rules"][0]["verdict"] == "not known"
        _, out = said(capsys, "explain", "Hi", "--policy", "home.yaml")
        assert "not known (RuntimeError)" in out
        assert "task is code: it is not known" in out

    @pytest.mark.parametrize("whole", [True, False])
    def test_messages_come_from_a_file(
        self, home: Path, capsys: pytest.CaptureFixture[str], whole: bool
    ) -> None:
        messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yes?"}]
        body = {"messages": messages, "max_tokens": 7} if whole else messages
        (home / "m.json").write_text(json.dumps(body))
        code, told = self.explained(capsys, "--messages", "m.json")
        assert code == 0
        assert told["signals"]["messages"] == 2
        assert told["signals"].get("max_output_tokens") == (7 if whole else None)

    def test_a_model_named_by_the_caller_is_explained_too(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, told = self.explained(capsys, "Hi", "--model", "large")
        assert (code, told["model"], told["strategy"]) == (0, "large", "named")
        assert "Rules" not in said(capsys, "explain", "Hi", "--policy", ".", "--model", "large")[1]

    def test_a_policy_of_a_folder_is_chosen_as_a_request_would(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (home / "other.yaml").write_text(POLICY.replace("name: home", "name: other"))
        code, out = said(
            capsys, "explain", "Hi", "--policy", ".", "--model", "auto:other", "--json"
        )
        assert code == 0
        assert json.loads(out)["policy"].startswith("other@")

    def test_a_request_that_no_model_may_serve_ends_with_1(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code, told = self.explained(capsys, "Hi", "--header", "allowed-models=nobody")
        assert (code, told["model"]) == (1, None)
        code, out = said(
            capsys, "explain", "Hi", "--policy", ".", "--header", "allowed-models=nobody"
        )
        assert (code, "no model by rule default" in out) == (1, True)

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ((), "Expected a prompt or --messages FILE.json"),
            (("Hi", "--messages", "m.json"), "Expected a prompt or --messages FILE.json"),
            (("--messages", "absent.json"), "absent.json cannot be read as JSON"),
            (("Hi", "--header", "local-only"), "Expected NAME=VALUE"),
            (("Hi", "--header", "locl-only=true"), "Expected one of allowed-models"),
            (("Hi", "--header", "local-only=yes"), "Expected true or false"),
            (("Hi", "--model", "nobody"), "The model 'nobody' does not exist"),
            (("Hi", "--model", "auto:nobody"), "There is no policy 'nobody'"),
        ],
    )
    def test_what_cannot_be_explained_is_told_plainly(
        self,
        home: Path,
        capsys: pytest.CaptureFixture[str],
        words: Sequence[str],
        expected: str,
    ) -> None:
        assert main(["policy", "explain", "--policy", "home.yaml", *words]) == 1
        assert expected in capsys.readouterr().err


class TestSchema:
    """slm-router policy schema, and the schemas that are shipped."""

    def test_the_shipped_schemas_are_those_of_the_code(self) -> None:
        hint = "run: slm-router policy schema --write policies"
        assert (SHIPPED / "schema.json").read_text() == policy_schema(), hint
        assert (SHIPPED / "catalog.schema.json").read_text() == catalog_schema(), hint

    def test_schemas_are_printed_or_written(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert said(capsys, "schema") == (0, policy_schema())
        assert said(capsys, "schema", "--catalog") == (0, catalog_schema())
        assert said(capsys, "schema", "--write", str(tmp_path))[0] == 0
        assert (tmp_path / "schema.json").read_text() == policy_schema()
        assert (tmp_path / "catalog.schema.json").read_text() == catalog_schema()

    @pytest.mark.parametrize("name", NAMES)
    def test_an_editor_finds_nothing_wrong_in_a_shipped_policy(self, name: str) -> None:
        schema = json.loads(policy_schema())
        Draft202012Validator.check_schema(schema)
        root = read(SHIPPED / f"{name}.yaml").root
        assert root is not None
        Draft202012Validator(schema).validate(root.data)

    def test_an_editor_finds_nothing_wrong_in_the_shipped_catalog(self) -> None:
        schema = json.loads(catalog_schema())
        root = read(SHIPPED / "models.yaml").root
        assert root is not None
        Draft202012Validator(schema).validate(root.data)

    def test_an_editor_points_at_unknown_keys_of_signal_options(self) -> None:
        validator = Draft202012Validator(json.loads(policy_schema()))
        policy = {"name": "x", "default": {"strategy": {"kind": "fastest"}}}
        assert not list(validator.iter_errors({**policy, "signals": {"learned": {}}}))
        assert list(validator.iter_errors({**policy, "signals": {"learned": {"tmeout": 1}}}))
        assert list(validator.iter_errors({**policy, "signals": {"learnt": {}}}))


class TestShipped:
    """The policies that come with slm-router."""

    def test_they_load_and_all_their_cases_pass(self, capsys: pytest.CaptureFixture[str]) -> None:
        code, out = said(capsys, "test", str(SHIPPED))
        assert code == 0, out
        assert all((SHIPPED / f"{name}.cases.yaml").is_file() for name in NAMES)

    def test_they_name_no_model_so_that_any_catalog_will_do(self) -> None:
        models = read(SHIPPED / "models.yaml").root
        assert models is not None
        names = models.entries["models"].entries
        for file in policy_files(SHIPPED):
            lines = [line.split("#")[0] for line in file.read_text().splitlines()]
            assert not [name for name in names if any(name in line for line in lines)], file

    def test_every_cloud_model_of_the_shipped_catalog_has_a_price(self) -> None:
        for loaded in load_directory(SHIPPED, SIGNALS, vocabulary, bundled()).values():
            for name, card in loaded.catalog.models.items():
                assert card.price is not None, name
                assert card.capabilities, name
                assert card.context_window, name

    def test_they_tell_editors_where_their_schema_is(self) -> None:
        for name in NAMES:
            first = (SHIPPED / f"{name}.yaml").read_text().splitlines()[0]
            assert first == "# yaml-language-server: $schema=schema.json"

    def test_they_are_told_from_catalogs_and_cases(self) -> None:
        assert {file.stem for file in policy_files(SHIPPED)} == set(NAMES)
        with pytest.raises(PolicyFileError):
            load_directory(SHIPPED / "absent", SIGNALS, vocabulary, bundled())
