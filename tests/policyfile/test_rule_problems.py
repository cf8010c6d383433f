"""Problems of rules and their conditions, by their place, key and words."""

from pathlib import Path

import pytest

from tests.policyfile.reading import DEFAULT, HEAD, MODELS, RULE, one_problem, problems


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (
            "{signal: complexty, at_least: 0.5}",
            "6:20: rules[0].when.signal: unknown signal complexty; did you mean complexity?",
        ),
        (
            "{signal: zz, is: 1}",
            "6:20: rules[0].when.signal: unknown signal zz;"
            " see `slm-router policy explain` for all signals",
        ),
        (
            "{sgnal: complexity, at_least: 0.5}",
            "6:12: rules[0].when.sgnal: unknown key; did you mean signal?",
        ),
        (
            "{signal: complexity, atleast: 0.5}",
            "6:32: rules[0].when.atleast: unknown key; did you mean at_least?",
        ),
        (
            "{signal: complexity, is_: 0.5}",
            "6:32: rules[0].when.is_: unknown key; did you mean is?",
        ),
        (
            "{signal: complexity}",
            "6:5: rules[0].when: expected exactly one of is, is_not, in, not_in, at_least, above,"
            " at_most, below",
        ),
        (
            "{signal: complexity, above: 0.1, below: 0.2}",
            "6:5: rules[0].when: expected exactly one of is, is_not, in, not_in, at_least, above,"
            " at_most, below",
        ),
        (
            "{signal: complexity, is: [0.5]}",
            "6:36: rules[0].when.is: expected a number, true or false or a text",
        ),
        (
            "{signal: complexity, at_least: 50}",
            "6:42: rules[0].when.at_least: expected a number from 0 to 1, complexity is never 50",
        ),
        (
            "{signal: turns, above: -1}",
            "6:34: rules[0].when.above: expected a number of at least 0, turns is never -1",
        ),
        (
            "{signal: complexity, is: true}",
            "6:36: rules[0].when.is: expected a number, complexity is a number",
        ),
        (
            "{signal: private, is: yes}",
            "6:33: rules[0].when.is: expected true or false, private is a flag; did you mean true?",
        ),
        (
            "{signal: private, is: 1}",
            "6:33: rules[0].when.is: expected true or false, private is a flag",
        ),
        (
            "{signal: private, in: [true]}",
            "6:29: rules[0].when.in: expected is or is_not, private is a flag",
        ),
        (
            "{signal: task, is: coding}",
            "6:30: rules[0].when.is: task is never coding; did you mean code?",
        ),
        (
            "{signal: task, in: [code, true]}",
            "6:37: rules[0].when.in[1]: expected a text, task is a text; put it in quotes",
        ),
        (
            "{signal: language, above: 1}",
            "6:30: rules[0].when.above: expected is, is_not, in or not_in, language is a text",
        ),
        ("{signal: task, in: []}", "6:30: rules[0].when.in: expected a list of at least 1 entry"),
        ("{all: []}", "6:17: rules[0].when.all: expected a list of at least 1 entry"),
        ("{}", "6:5: rules[0].when: expected all, any or none with a list of comparisons"),
        (
            "{al: [{signal: private, is: true}]}",
            "6:12: rules[0].when.al: unknown key; did you mean all?",
        ),
        (
            "{any: [{signal: turns, above: 1}, complexity]}",
            "6:45: rules[0].when.any[1]: expected a mapping (key: value)",
        ),
        (
            "{all: [{any: [{signal: task, is: maths}, {signal: private, is: on}]}]}",
            "6:74: rules[0].when.all[0].any[1].is: expected true or false, private is a flag;"
            " did you mean true?",
        ),
        (
            "{all: [{signal: complexity, above: 0.5}, {signal: complexity, below: 0.5}]}",
            "6:5: rules[0].when: can never hold, its comparisons contradict each other",
        ),
        (
            "{signal: quality.smal, below: 0.5}",
            "6:20: rules[0].when.signal: unknown signal quality.smal; did you mean quality.small?",
        ),
        (
            "{signal: quality.large, below: 2}",
            "6:42: rules[0].when.below: expected a number from 0 to 1, quality.large is never 2",
        ),
        (
            "{signal: complexity, above: 1}",
            "6:5: rules[0].when: can never hold, its comparisons contradict each other",
        ),
    ],
)
def test_a_condition(tmp_path: Path, when: str, expected: str) -> None:
    assert one_problem(tmp_path, f"{HEAD}{RULE}when: {when}\n{DEFAULT}") == f"test.yaml:{expected}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "candidates: large",
            "7:17: rules[0].candidates: expected all, a list of models such as [large],"
            " or a selector such as {location: local}",
        ),
        (
            "candidates: []",
            "7:17: rules[0].candidates: expected all, a list of at least 1 entry or a mapping"
            " (key: value)",
        ),
        (
            "candidates: [smal]",
            "7:18: rules[0].candidates[0]: unknown model smal; did you mean small?",
        ),
        (
            "candidates: [small, 3]",
            '7:25: rules[0].candidates[1]: expected a text; put it in quotes: "3"',
        ),
        (
            "candidates: {locaton: local}",
            "7:18: rules[0].candidates.locaton: unknown key; did you mean location?",
        ),
        (
            "candidates: {location: lokal}",
            "7:28: rules[0].candidates.location: expected local or cloud; did you mean local?",
        ),
        (
            "candidates: {specialises_in_task: coding}",
            "7:39: rules[0].candidates.specialises_in_task: unknown task coding;"
            " did you mean code?",
        ),
        (
            "candidates: {specialises_in_domain: law}",
            "7:17: rules[0].candidates: expected at least one model, the catalog has none such",
        ),
        (
            "candidates: {without: [small, larg]}",
            "7:35: rules[0].candidates.without[1]: unknown model larg; did you mean large?",
        ),
        (
            "candidates: {location: local, without: [small]}",
            "7:17: rules[0].candidates: expected at least one model, the catalog has none such",
        ),
        (
            "prefer_specialists: no",
            "7:25: rules[0].prefer_specialists: expected true or false; did you mean false?",
        ),
    ],
)
def test_a_route(tmp_path: Path, line: str, expected: str) -> None:
    policy = f"{HEAD}{RULE}when: {{signal: private, is: true}}\n    {line}\n{DEFAULT}"
    assert one_problem(tmp_path, policy) == f"test.yaml:{expected}"


@pytest.mark.parametrize("bound", ["{local_only: true}", "{allowed_models: [small]}"])
@pytest.mark.parametrize("whose", ["policy", "rule"])
def test_candidates_that_the_limits_never_permit(tmp_path: Path, bound: str, whose: str) -> None:
    policy = (
        f"{HEAD}{RULE}when: {{signal: private, is: true}}\n    candidates: [large]\n"
        f"    limits: {bound if whose == 'rule' else '{}'}\n"
        f"limits: {bound if whose == 'policy' else '{}'}\n{DEFAULT}"
    )
    assert one_problem(tmp_path, policy) == (
        "test.yaml:7:17: rules[0].candidates: expected a model that the limits permit,"
        " large can never serve"
    )


def test_a_rule_for_all_models_may_refuse_what_no_model_may_see(tmp_path: Path) -> None:
    # Private data where every model is a cloud model: refused at run time, and rightly so.
    models = MODELS.replace("location: local", "location: cloud")
    policy = (
        f"{HEAD}{RULE}when: {{signal: private, is: true}}\n    limits: {{local_only: true}}\n"
        f"{DEFAULT}"
    )
    assert problems(tmp_path, policy, models) == []


def test_rules_have_names_of_their_own_and_none_is_called_default(tmp_path: Path) -> None:
    rules = "".join(
        f"  - {{name: {name}, when: {{signal: turns, above: {turns}}},"
        " strategy: {kind: best_quality}}\n"
        for name, turns in (("a", 9), ("default", 8), ("a", 7))
    )
    assert problems(tmp_path, f"{HEAD}rules:\n{rules}{DEFAULT}") == [
        "test.yaml:5:12: rules[1].name: expected another name, default is the route when no rule"
        " holds",
        "test.yaml:6:12: rules[2].name: expected a name of its own, rules[0] has it too",
    ]


def test_no_in_norwegian_is_a_language(tmp_path: Path) -> None:
    policy = f"{HEAD}{RULE}when: {{signal: language, in: [no, nb]}}\n{DEFAULT}"
    assert problems(tmp_path, policy) == []
