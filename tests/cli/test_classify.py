"""`slm-router classify`: a file of prompts in, one judgement a line out, in the same order."""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.prompt_classifier import PromptClassifier
from router.cli import classified, classify, main
from router.errors import RouterError
from router.signals.language import LANGUAGES, UNDETERMINED
from tests.cli.policy_home import MODELS, POLICY

LETTER = "Please write to ann.lee@example.com about the meeting tomorrow afternoon in the office."
PROOF = "Prove rigorously that the square root of two is irrational and state every lemma you use."


class Knowing:
    """The shipped classifier with a made-up knowledge of two models."""

    models = ("small", "large-2024")

    def __init__(self) -> None:
        self._shipped = PromptClassifier.load()
        self.encoder = self._shipped.encoder

    def judge_with_quality(self, texts: Sequence[str], models: Sequence[str]) -> Any:
        chances = {"small": 0.25, "large-2024": 0.75}
        rows = np.array([[chances[model] for model in models] for _ in texts])
        return self._shipped.judge(texts), rows


@pytest.fixture
def knowing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classify, "open_classifier", lambda artifact, embedder: Knowing())


def written(folder: Path, *lines: object) -> str:
    file = folder / "prompts.jsonl"
    said = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    file.write_text("\n".join(said) + "\n", encoding="utf-8")
    return str(file)


def judged(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[Any], str]:
    code = main(["classify", *arguments])
    told = capsys.readouterr()
    return code, [json.loads(line) for line in told.out.splitlines()], told.err


def test_every_line_gets_every_signal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, {"prompt": PROOF}, {"prompt": LETTER})

    code, (proof, letter), errors = judged(capsys, file)

    assert (code, errors) == (0, "")
    assert proof["domain"] == "math" and proof["task"] == "maths"
    assert proof["difficulty"] > letter["difficulty"]
    for found in (proof, letter):
        assert 0 <= found["complexity"] <= 1 and 0 <= found["complexity_confidence"] <= 1
        assert found["domain"] == max(found["domain_scores"], key=found["domain_scores"].get)
        assert sum(found["domain_scores"].values()) == pytest.approx(1, abs=1e-4)
        assert sum(found["task_scores"].values()) == pytest.approx(1, abs=1e-4)
        assert found["language"] in (*LANGUAGES, UNDETERMINED)
        assert found["abstain"] is False
        assert "quality" not in found
    assert proof["pii"] == []
    (span,) = letter["pii"]
    assert (span["type"], LETTER[span["start"] : span["end"]]) == ("email", "ann.lee@example.com")


def test_half_an_emoji_and_a_boundless_number_are_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text('{"prompt": "cut off \\ud83d"}\n{"prompt": "whole", "x": 1e400}\n')

    assert main(["classify", str(path), "--no-language"]) == 0
    assert capsys.readouterr().out.count('"complexity"') == 2


def test_a_line_that_cannot_be_read_keeps_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = ["{nope", "[]", {"text": "a"}, {"prompt": 3}, {"messages": []}, {"messages": [{}]}]
    file = written(tmp_path, {"prompt": PROOF}, *bad, "", {"prompt": LETTER})

    code, found, errors = judged(capsys, file, "--batch", "2")

    assert code == 1
    assert [list(line) == ["error"] for line in found] == [False, *[True] * len(bad), False]
    places = [line.split(": ")[1].removeprefix(f"{file}:") for line in errors.splitlines()]
    assert places == ["2", "3", "4", "5", "6", "7"]
    assert "prompt" in found[2]["error"] and "messages" in found[6]["error"]


@pytest.mark.parametrize("batch", ["1", "3", "500"])
def test_the_size_of_batches_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], batch: str
) -> None:
    prompts = [{"prompt": f"{PROOF} Case {number}."} for number in range(7)]
    file = written(tmp_path, *prompts)

    _, whole, _ = judged(capsys, file)
    _, parts, _ = judged(capsys, file, "--batch", batch)

    for one, other in zip(whole, parts, strict=True):
        assert one["domain"] == other["domain"]
        assert one["complexity"] == pytest.approx(other["complexity"], abs=1e-5)


def test_a_conversation_is_judged_as_the_gateway_judges_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = [
        {"role": "user", "content": PROOF},
        {"role": "assistant", "content": "Shall I use infinite descent?"},
        {"role": "user", "content": "Yes. Send it to ann.lee@example.com"},
    ]
    file = written(tmp_path, {"messages": turns}, {"prompt": PROOF})

    _, (talk, alone), _ = judged(capsys, file)

    assert talk["complexity"] >= alone["complexity"] - 1e-6
    assert [(span["type"], span["message"]) for span in talk["pii"]] == [("email", 2)]


def test_standard_input_is_read_for_a_dash(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped = io.TextIOWrapper(io.BytesIO(b'\xef\xbb\xbf{"prompt": "Hello there"}'))
    monkeypatch.setattr(sys, "stdin", piped)

    code, found, _ = judged(capsys, "-")

    assert code == 0 and found[0]["task"] == "chat"


def test_what_takes_time_can_be_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, (found,), _ = judged(
        capsys, written(tmp_path, {"prompt": LETTER}), "--no-language", "--no-pii"
    )

    assert not found.keys() & {"language", "language_confidence", "pii"}


def test_private_data_that_cannot_be_looked_for_is_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gives_up(text: str) -> None:
        raise RouterError("too long")

    monkeypatch.setattr(classified, "find", gives_up)

    code, (found,), _ = judged(capsys, written(tmp_path, {"prompt": LETTER}))

    assert code == 0 and found["pii"] is None and found["language"] == "en"


@pytest.mark.usefixtures("knowing")
def test_models_get_their_chance_and_strangers_are_named_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, {"prompt": PROOF}, {"prompt": LETTER})

    code, found, errors = judged(capsys, file, "--models", "lab/large-2024, small,stranger")

    assert code == 0
    assert [line["quality"] for line in found] == [{"lab/large-2024": 0.75, "small": 0.25}] * 2
    assert errors == "slm-router: the classifier knows nothing of model stranger\n"


@pytest.mark.usefixtures("knowing")
def test_a_policy_names_the_models_of_its_catalog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    embedder = "  e5: {upstream: sim, location: local, quality: 0.5, speaks: [embeddings]}\n"
    (tmp_path / "models.yaml").write_text(MODELS + embedder)
    (tmp_path / "home.yaml").write_text(POLICY)
    policy = str(tmp_path / "home.yaml")

    _, (found,), errors = judged(capsys, written(tmp_path, {"prompt": PROOF}), "--policy", policy)

    assert found["quality"] == {"small": 0.25}
    assert "model large" in errors
    # Of an embedder nobody asks how well it answers.
    assert "e5" not in errors


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl cannot be read"),
        (["-", "--artifact", "nowhere"], "nowhere/manifest.json"),
        (["-", "--embedder", "hashing"], "slm-router train --embedder hashing"),
        (["-", "--embedder", "elmo"], "no embedder elmo; there are static"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, found, errors = judged(capsys, *arguments)

    assert (code, found) == (1, [])
    assert told in errors
