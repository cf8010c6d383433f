"""Problems of the policy file as a whole, by their place, key and words."""

from pathlib import Path

import pytest

from tests.policyfile.reading import DEFAULT, HEAD, MODELS, RULE, one_problem, problems


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("explore: 2", "3:10: explore: expected a number from 0 to 1, not 2"),
        ("explore: -0.1", "3:10: explore: expected a number from 0 to 1, not -0.1"),
        ("explore: a lot", "3:10: explore: expected a number from 0 to 1, without quotes or unit"),
        ("explore: 10%", "3:10: explore: expected a number from 0 to 1, without quotes or unit"),
        (
            "limits: {local_only: yes}",
            "3:22: limits.local_only: expected true or false; did you mean true?",
        ),
        (
            "limits: {local_only: Off}",
            "3:22: limits.local_only: expected true or false; did you mean false?",
        ),
        ("limits: {local_only: 1}", "3:22: limits.local_only: expected true or false"),
        (
            "limits: {max_latency: 3}",
            "3:23: limits.max_latency: expected a duration with its unit, such as 500ms, 30s or 2m",
        ),
        (
            "limits: {max_latency: 3 seconds}",
            "3:23: limits.max_latency: expected a duration with its unit, such as 500ms, 30s or 2m",
        ),
        (
            "limits: {max_cost_usd: $0.05}",
            "3:24: limits.max_cost_usd: expected a number above 0, without a currency;"
            " did you mean 0.05?",
        ),
        (
            "limits: {max_cost_usd: 3 USD}",
            "3:24: limits.max_cost_usd: expected a number above 0, without a currency;"
            " did you mean 3?",
        ),
        (
            "limits: {min_quality: 80}",
            "3:23: limits.min_quality: expected a number from 0 to 1, not 80",
        ),
        (
            "limits: {min_qality: 0.8}",
            "3:10: limits.min_qality: unknown key; did you mean min_quality?",
        ),
        ("limits: nothing", "3:9: limits: expected a mapping (key: value)"),
        ("description: 3", '3:14: description: expected a text; put it in quotes: "3"'),
        ("descripton: x", "3:1: descripton: unknown key; did you mean description?"),
        (
            "zzz: x",
            "3:1: zzz: unknown key; expected one of name, description, baseline, explore, control,"
            " limits, sessions, signals, rules, default, certificate, tags_from, judging,"
            " catalog, upstreams, models",
        ),
        ("rules: {}", "3:8: rules: expected a list"),
        ("tags_from: team", "3:12: tags_from: expected a list of at most 8 entries"),
        (
            "tags_from: [a, b, c, d, e, f, g, h, i]",
            "3:12: tags_from: expected a list of at most 8 entries",
        ),
        (
            "tags_from: [team, two words]",
            "3:19: tags_from[1]: expected a key of metadata, of at most 62 letters of A to Z,"
            " digits and . _ : / -",
        ),
        ("judging: large", "3:10: judging: expected a mapping (key: value)"),
        (
            "judging: {model: lrge, share: 0.1}",
            "3:18: judging.model: unknown model lrge; did you mean large?",
        ),
        ("judging: {share: 0.1}", "3:10: judging.model: required, expected a text"),
        ("judging: {model: large}", "3:10: judging.share: required, expected a number from 0 to 1"),
        (
            "judging: {model: large, share: 5}",
            "3:32: judging.share: expected a number from 0 to 1, not 5",
        ),
        (
            "judging: {model: large, share: 0.1, shadow: 0.2}",
            "3:1: judging: expected shadow to be at most share, for both answers are judged",
        ),
        (
            "judging: {model: large, share: 0.1, usd_per_day: $1}",
            "3:50: judging.usd_per_day: expected a number above 0, without a currency;"
            " did you mean 1?",
        ),
        (
            "judging: {model: large, share: 0.1, shadows: 0.1}",
            "3:37: judging.shadows: unknown key; did you mean shadow?",
        ),
        ("baseline: lrge", "3:11: baseline: unknown model lrge; did you mean large?"),
        ("baseline: gpt", "3:11: baseline: unknown model gpt; the catalog has large, small"),
        (
            "limits: {allowed_models: [small, larg]}",
            "3:34: limits.allowed_models[1]: unknown model larg; did you mean large?",
        ),
        ("signals: {timd: {}}", "3:11: signals.timd: unknown kind of signal; did you mean timed?"),
        ("signals: {xx: {}}", "3:11: signals.xx: unknown kind of signal; expected timed, named"),
        (
            "signals: {timed: {timeout: 5}}",
            "3:28: signals.timed.timeout: expected a duration with its unit,"
            " such as 500ms, 30s or 2m",
        ),
        (
            "signals: {timed: {depth: 2.5}}",
            "3:26: signals.timed.depth: expected a whole number",
        ),
        (
            "signals: {timed: {dept: 2}}",
            "3:19: signals.timed.dept: unknown key; did you mean depth?",
        ),
        ("signals: {named: {}}", "3:18: signals.named.names: required, expected a list"),
    ],
)
def test_a_key_of_the_policy(tmp_path: Path, line: str, expected: str) -> None:
    assert one_problem(tmp_path, f"{HEAD}{line}\n{DEFAULT}") == f"test.yaml:{expected}"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "strategy: {kind: cheapest}",
            "4:20: default.strategy.kind: expected cheapest_good_enough, threshold, fastest,"
            " best_quality or weighted",
        ),
        (
            "strategy: {kind: fastst}",
            "4:20: default.strategy.kind: expected cheapest_good_enough, threshold, fastest,"
            " best_quality or weighted; did you mean fastest?",
        ),
        (
            "strategy: {min_quality: 0.5}",
            "4:13: default.strategy.kind: required, expected cheapest_good_enough, threshold,"
            " fastest, best_quality or weighted",
        ),
        (
            "strategy: {kind: threshold}",
            "4:13: default.strategy.complexity: required, expected a number from 0 to 1",
        ),
        (
            "strategy: {kind: threshold, complexity: 0.5, min_quality: 0.5}",
            "4:48: default.strategy.min_quality: unknown key; expected one of kind, complexity",
        ),
        (
            "strategy: {kind: weighted, quality: 0}",
            "4:3: default.strategy: expected at least one weight above 0",
        ),
        ("strategy:", "4:12: default.strategy: expected a mapping (key: value)"),
        ("candidates: all", "4:3: default.strategy: required, expected a mapping (key: value)"),
    ],
)
def test_a_key_of_the_default(tmp_path: Path, line: str, expected: str) -> None:
    assert one_problem(tmp_path, f"{HEAD}default:\n  {line}\n") == f"test.yaml:{expected}"


def test_the_tag_of_a_union_is_not_taken_for_a_key_of_the_same_name(tmp_path: Path) -> None:
    policy = f"{HEAD}default:\n  strategy: {{kind: threshold, threshold: 0.5}}\n"
    assert problems(tmp_path, policy) == [
        "test.yaml:4:13: default.strategy.complexity: required, expected a number from 0 to 1",
        "test.yaml:4:31: default.strategy.threshold: unknown key; expected one of kind, complexity",
    ]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            "name: test\n" + DEFAULT,
            "1:1: catalog: required, expected the path of a catalog file"
            " (or upstreams and models here)",
        ),
        (
            "name: test\ncatalog:\n" + DEFAULT,
            "1:1: catalog: required, expected the path of a catalog file"
            " (or upstreams and models here)",
        ),
        (
            "name: test\nupstreams:\nmodels: {}\n" + DEFAULT,
            "2:11: upstreams: expected a mapping (key: value)",
        ),
        (
            "name: test\ncatalog: modles.yaml\n" + DEFAULT,
            "2:10: catalog: expected a file that exists, not modles.yaml",
        ),
        (
            HEAD + "models: {}\n" + DEFAULT,
            "2:1: catalog: expected either catalog or upstreams and models, not both",
        ),
        (
            "name: test\nmodels: {}\n" + DEFAULT,
            "1:1: upstreams: required, expected a mapping (key: value)",
        ),
        (
            "name: test\nupstreams: {}\nmodels: {}\n" + DEFAULT,
            "3:9: models: expected at least one model",
        ),
        (
            "name: A b\ncatalog: models.yaml\n" + DEFAULT,
            "1:7: name: expected a name of lower-case"
            " letters, digits, dots, dashes and underscores",
        ),
        (
            "catalog: models.yaml\n" + DEFAULT,
            "1:1: name: required, expected a name of lower-case"
            " letters, digits, dots, dashes and underscores",
        ),
        (HEAD, "1:1: default: required, expected a mapping (key: value)"),
    ],
)
def test_the_file_as_a_whole(tmp_path: Path, policy: str, expected: str) -> None:
    found = [problem.replace(f"{tmp_path}/", "") for problem in problems(tmp_path, policy)]
    assert f"test.yaml:{expected}" in found


def test_all_problems_of_both_files_are_told_at_once_in_file_order(tmp_path: Path) -> None:
    policy = (
        "name: test\n"
        "name: again\n"
        "catalog: models.yaml\n"
        "baseline: lage\n"
        "explore: 3\n"
        "rules:\n"
        "  - {name: a, when: {signal: taks, is: code}, strateg: {kind: best_quality}}\n"
        "  - {name: b, when: {signal: private, is: no}, strategy: {kind: best}}\n"
        "default: {strategy: {kind: best_quality}, candidates: [smal]}\n"
    )
    models = MODELS.replace("location: local", "locaton: local").replace("0.9", "9")
    assert [problem.split(": ")[0] for problem in problems(tmp_path, policy, models)] == [
        "test.yaml:2:1",
        "test.yaml:4:11",
        "test.yaml:5:10",
        "test.yaml:7:5",
        "test.yaml:7:30",
        "test.yaml:7:47",
        "test.yaml:8:43",
        "test.yaml:8:65",
        "test.yaml:9:56",
        "models.yaml:5:10",
        "models.yaml:5:27",
        "models.yaml:6:54",
    ]


def test_a_problem_of_one_kinds_options_makes_no_signal_unknown(tmp_path: Path) -> None:
    # `named` would yield `vip`, had its options been read.
    rule = f"{RULE}when: {{signal: vip, is: true}}\n"
    policy = f"{HEAD}signals: {{named: {{names: vip}}}}\n{rule}{DEFAULT}"
    assert problems(tmp_path, policy) == ["test.yaml:3:26: signals.named.names: expected a list"]


def test_half_a_surrogate_pair_is_told(tmp_path: Path) -> None:
    policy = f'name: "\\ud800"\ncatalog: models.yaml\n{DEFAULT}'
    assert problems(tmp_path, policy) == [
        "test.yaml:1:1: file: expected texts in Unicode, without lone surrogates"
    ]


@pytest.mark.parametrize("speaks", ["[embeddings]", "[responses]"])
def test_a_judge_must_be_one_that_can_be_asked(tmp_path: Path, speaks: str) -> None:
    large = f"quality: 0.9, speaks: {speaks}}}"
    models = MODELS.replace("upstream: there", "upstream: here").replace("quality: 0.9}", large)
    policy = f"{HEAD}judging: {{model: large, share: 0.1}}\nbaseline: small\n{DEFAULT}"

    told = "3:18: judging.model: expected a model that is asked through chat, which large is not"
    assert one_problem(tmp_path, policy, models) == f"test.yaml:{told}"


EMBEDDER = (
    f"{MODELS}  e5: {{upstream: here, location: local, quality: 0.5, speaks: [embeddings]}}\n"
)


@pytest.mark.parametrize(
    ("policy", "place"),
    [
        (f"{HEAD}baseline: e5\n{DEFAULT}", "3:11: baseline"),
        (
            f"{HEAD}default: {{candidates: [small, e5], strategy: {{kind: best_quality}}}}\n",
            "3:31: default.candidates[1]",
        ),
    ],
)
def test_what_is_asked_for_by_name_alone_cannot_be_chosen(
    tmp_path: Path, policy: str, place: str
) -> None:
    told = "expected a model that can be chosen, e5 is asked for by name alone"
    assert one_problem(tmp_path, policy, EMBEDDER) == f"test.yaml:{place}: {told}"


def test_a_limit_may_name_what_is_asked_for_by_name(tmp_path: Path) -> None:
    policy = f"{HEAD}limits: {{allowed_models: [small, e5]}}\n{DEFAULT}"
    assert problems(tmp_path, policy, EMBEDDER) == []
