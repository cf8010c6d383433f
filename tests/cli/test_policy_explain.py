"""slm-router policy explain, as a person at a terminal meets it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from classifiers.prompt_classifier import PromptClassifier
from router import classifier
from router.cli import main
from router.signals import SIGNALS, vocabulary
from router.signals.learned import Judgement
from tests.cli.policy_home import POLICY, said


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

    def test_a_conversation_is_shown_with_what_a_change_would_lose(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        models = home / "models.yaml"
        cached = "output_usd_per_mtok: 10, cached_input_usd_per_mtok: 0.5"
        models.write_text(models.read_text().replace("output_usd_per_mtok: 10", cached))
        policy = home / "home.yaml"
        policy.write_text(policy.read_text() + "sessions: {min_cached_tokens: 10}\n")
        asked = ("Tell me about the sea " * 20, "--held", "large=50")

        _, told = self.explained(capsys, *asked)
        assert told["held"] == {"model": "large", "tokens": 50, "idle_s": 0.0, "draw": None}
        lost = {one["model"]: one["switch_cost_usd"] for one in told["candidates"]}
        assert lost == {"large": 0.0, "small": pytest.approx(50 * 2.0 / 1e6)}

        _, out = said(capsys, "explain", "--policy", "home.yaml", *asked)
        assert "The conversation is with large: 50 tokens of it in the cache, 0 s ago." in out
        assert "0.000100" in out

    @pytest.mark.parametrize("held", ["=5", "large=many", "large=-1"])
    def test_a_conversation_that_is_none_is_refused(
        self, home: Path, capsys: pytest.CaptureFixture[str], held: str
    ) -> None:
        assert main(["policy", "explain", "Hi", "--policy", "home.yaml", "--held", held]) != 0
        assert "Expected MODEL or MODEL=TOKENS" in capsys.readouterr().err

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

    def test_each_candidates_quality_is_told_with_where_it_comes_from(
        self,
        home: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        known = PromptClassifier.load()
        monkeypatch.setattr(classifier, "load_classifier", lambda path: known)
        name = known.models[0]
        models = (home / "models.yaml").read_text()
        named = models.replace("small: {", f'small: {{upstream_model: "lab/{name}", ')
        (home / "models.yaml").write_text(named)
        (home / "home.yaml").write_text(f"signals: {{learned: {{timeout: 10s}}}}\n{POLICY}")

        code, told = self.explained(capsys, "What is the capital of France?")
        _, out = said(capsys, "explain", "Hi", "--policy", "home.yaml")

        assert code == 0
        found = {one["model"]: one["quality_source"] for one in told["candidates"]}
        assert found == {"small": f"measured as {name}", "large": "prior"}
        for one in told["candidates"]:
            assert one["quality"] == told["signals"][f"quality.{one['model']}"]
        assert "quality.small*" in out
        assert f"measured as {name}" in out

    def test_a_quality_that_no_classifier_foresaw_says_so(
        self, home: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        _, told = self.explained(capsys, "Hi")

        assert {one["quality_source"] for one in told["candidates"]} == {"prior and difficulty"}

    def test_a_classifier_that_fails_is_shown_and_its_rules_are_not_known(
        self,
        home: Path,
        capsys: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        class Broken:
            def judge(self, texts: Sequence[str], /) -> Sequence[Judgement]:
                raise RuntimeError("no artifact")

        monkeypatch.setattr(classifier, "load_classifier", lambda path: Broken())
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
            (("Hi", "--header", "locl-only=true"), "Did you mean x-slm-router-local-only?"),
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
