"""Case files: what they say, and what is wrong in them by place."""

from pathlib import Path
from typing import Any

import pytest

from router.core.session import Held
from router.errors import PolicyFileError
from router.policyfile import LoadedCases, load_cases
from tests.policyfile.reading import DEFAULT, HEAD, KINDS, MODELS, NoPrices, vocabulary, write

CASE = "  - {name: x, request: {prompt: hi}, "


def cases(folder: Path, text: str, name: str = "test.cases.yaml") -> LoadedCases:
    write(folder, HEAD + DEFAULT)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return load_cases(file, KINDS, vocabulary, NoPrices())


def test_cases_are_about_the_policy_of_the_same_name(tmp_path: Path) -> None:
    found = cases(tmp_path, f"cases:\n{CASE}expect: {{model: large, rule: default}}}}\n")
    assert found.loaded.policy.name == "test"
    assert list(found.loaded.catalog.models) == ["small", "large"]
    assert [case.name for case in found.cases] == ["x"]


def test_cases_may_be_about_a_policy_and_a_catalog_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(MODELS.replace("small", "tiny"))
    text = f"policy: test.yaml\ncatalog: other.yaml\ncases:\n{CASE}expect: {{model: tiny}}}}\n"
    found = cases(tmp_path, text, "else.cases.yaml")
    assert list(found.loaded.catalog.models) == ["tiny", "large"]


def test_cases_may_hold_a_catalog_of_their_own(tmp_path: Path) -> None:
    models = MODELS.replace("small", "tiny")
    found = cases(tmp_path, f"{models}cases:\n{CASE}expect: {{model: tiny}}}}\n")
    assert list(found.loaded.catalog.models) == ["tiny", "large"]


def test_a_case_says_what_its_conversation_is_with(tmp_path: Path) -> None:
    held = "held: {model: large, tokens: 20000, idle: 2m}"
    (case,) = cases(tmp_path, f"cases:\n{CASE}{held}, expect: {{model: large}}}}\n").cases
    assert case.held is not None
    assert case.held.held == Held("large", 20_000, idle_s=120.0)

    with pytest.raises(PolicyFileError, match="unknown model largo; did you mean large"):
        cases(tmp_path, f"cases:\n{CASE}held: {{model: largo}}, expect: {{model: large}}}}\n")


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (
            "{prompt: hi}",
            {"model": "auto", "messages": [{"role": "user", "content": "hi"}]},
        ),
        (
            "{model: large, n: 2, messages: [{role: user, content: hi}]}",
            {"model": "large", "n": 2, "messages": [{"role": "user", "content": "hi"}]},
        ),
    ],
)
def test_a_case_is_sent_as_a_caller_would(
    tmp_path: Path, request_: str, body: dict[str, Any]
) -> None:
    text = f"cases:\n  - {{name: x, request: {request_}, expect: {{served: true}}}}\n"
    (case,) = cases(tmp_path, text).cases
    assert case.body == body


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cases: []\n", "1:8: cases: expected a list of at least 1 entry"),
        ("case: []\n", "1:1: case: unknown key; did you mean cases?"),
        (
            f"cases:\n{CASE}expect: {{}}}}\n",
            "2:38: cases[0].expect: expected model, location, rule, served or rejected",
        ),
        (
            f"cases:\n{CASE}expect: {{model: larg}}}}\n",
            "2:54: cases[0].expect.model: unknown model larg; did you mean large?",
        ),
        (
            f"cases:\n{CASE}expect: {{rule: private}}}}\n",
            "2:53: cases[0].expect.rule: unknown rule private; expected one of default",
        ),
        (
            f"cases:\n{CASE}expect: {{rejected: {{larg: not_allowed}}}}}}\n",
            "2:58: cases[0].expect.rejected.larg: unknown model larg; did you mean large?",
        ),
        (
            f"cases:\n{CASE}signals: {{taks: code}}, expect: {{served: true}}}}\n",
            "2:48: cases[0].signals.taks: unknown signal taks; did you mean task?",
        ),
        (
            f"cases:\n{CASE}signals: {{complexity: 80}}, expect: {{served: true}}}}\n",
            "2:60: cases[0].signals.complexity: expected a number from 0 to 1,"
            " complexity is never 80",
        ),
        (
            f"catalog: a.yaml\nmodels: {{}}\ncases:\n{CASE}expect: {{served: true}}}}\n",
            "1:1: catalog: expected either catalog or upstreams and models, not both",
        ),
        (
            f"upstreams: {{}}\ncases:\n{CASE}expect: {{served: true}}}}\n",
            "1:1: models: required, expected a mapping (key: value)",
        ),
        ("- x\n", "1:1: file: expected a mapping (key: value)"),
    ],
)
def test_what_is_wrong_in_cases_is_told_by_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(PolicyFileError) as caught:
        cases(tmp_path, text)
    told = [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
    assert f"test.cases.yaml:{expected}" in told


def test_a_rejection_is_named_by_one_of_the_gates_codes(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError, match="did you mean must_stay_local"):
        cases(tmp_path, f"cases:\n{CASE}expect: {{rejected: {{large: stay_local}}}}}}\n")


def test_null_stands_for_a_signal_that_is_not_known(tmp_path: Path) -> None:
    text = f"cases:\n{CASE}signals: {{private: null}}, expect: {{served: true}}}}\n"
    (case,) = cases(tmp_path, text).cases
    assert case.signals == {"private": None}
