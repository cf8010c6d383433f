"""Every problem of a policy file by its place, its key, and words that say what to write."""

from pathlib import Path

import pytest

from tests.policyfile.reading import DEFAULT, HEAD, MODELS, problems

RULE = "rules:\n  - name: a\n    strategy: {kind: best_quality}\n    "
"""A rule up to its next key; that key stands in line 6, column 5."""


def one(folder: Path, policy: str, models: str = MODELS) -> str:
    (problem,) = problems(folder, policy, models)
    return problem


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
            "3:1: zzz: unknown key; expected one of name, description, baseline, explore, limits,"
            " signals, rules, default, catalog, upstreams, models",
        ),
        ("rules: {}", "3:8: rules: expected a list"),
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
    assert one(tmp_path, f"{HEAD}{line}\n{DEFAULT}") == f"test.yaml:{expected}"


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
    assert one(tmp_path, f"{HEAD}default:\n  {line}\n") == f"test.yaml:{expected}"


def test_the_tag_of_a_union_is_not_taken_for_a_key_of_the_same_name(tmp_path: Path) -> None:
    policy = f"{HEAD}default:\n  strategy: {{kind: threshold, threshold: 0.5}}\n"
    assert problems(tmp_path, policy) == [
        "test.yaml:4:13: default.strategy.complexity: required, expected a number from 0 to 1",
        "test.yaml:4:31: default.strategy.threshold: unknown key; expected one of kind, complexity",
    ]


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
            "{signal: complexity, above: 1}",
            "6:5: rules[0].when: can never hold, its comparisons contradict each other",
        ),
    ],
)
def test_a_condition(tmp_path: Path, when: str, expected: str) -> None:
    assert one(tmp_path, f"{HEAD}{RULE}when: {when}\n{DEFAULT}") == f"test.yaml:{expected}"


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
    assert one(tmp_path, policy) == f"test.yaml:{expected}"


@pytest.mark.parametrize("bound", ["{local_only: true}", "{allowed_models: [small]}"])
@pytest.mark.parametrize("whose", ["policy", "rule"])
def test_candidates_that_the_limits_never_permit(tmp_path: Path, bound: str, whose: str) -> None:
    policy = (
        f"{HEAD}{RULE}when: {{signal: private, is: true}}\n    candidates: [large]\n"
        f"    limits: {bound if whose == 'rule' else '{}'}\n"
        f"limits: {bound if whose == 'policy' else '{}'}\n{DEFAULT}"
    )
    assert one(tmp_path, policy) == (
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


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("upstream: here", "upstream: her", "5:21: models.small.upstream: unknown upstream her;"
         " did you mean here?"),
        ("upstream: here", "upstream: 3", '5:21: models.small.upstream: expected a text;'
         ' put it in quotes: "3"'),
        ("kind: openai_http", "kind: openai", "2:16: upstreams.here.kind: expected openai_http,"
         " litellm or simulated; did you mean openai_http?"),
        ('"http://127.0.0.1:11434/v1"', "localhost:11434", "2:39: upstreams.here.base_url:"
         " expected an address that begins with http:// or https://"),
        ('"http://127', '"http://me:secret@127', "2:39: upstreams.here.base_url: expected an"
         " address without a password; put it in api_key_env"),
        ("ANTHROPIC_API_KEY", "sk-ant-0123", "3:60: upstreams.there.api_key_env: expected the"
         " name of an environment variable such as OPENAI_API_KEY, not the key"),
        ("location: local", "location: here", "5:37: models.small.location:"
         " expected local or cloud"),
        ("quality: 0.6", "quality: 60", "5:53: models.small.quality: expected a number"
         " from 0 to 1, not 60"),
        ("quality: 0.6", "quality: good", "5:53: models.small.quality: expected a mapping"
         " (key: value) or a number"),
        ("quality: 0.6", "quality: {tasks: {code: 0.5}}", "5:53: models.small.quality.overall:"
         " required, expected a number from 0 to 1"),
        ("quality: 0.6", "quality: {overall: 1, tasks: {coding: 0.5}}", "5:74:"
         " models.small.quality.tasks.coding: unknown task coding; did you mean code?"),
        ("usd_per_hour: 0.02", "usd_per_hour: $0.02", "5:80: models.small.price.usd_per_hour:"
         " expected a number above 0, without a currency; did you mean 0.02?"),
        ("usd_per_hour: 0.02", "input_usd_per_mtok: 1", "5:58: models.small.price: expected"
         " input_usd_per_mtok and output_usd_per_mtok together, or usd_per_hour"),
        ("quality: 0.9", "quality: 0.9, context_window: 8k", "6:75: models.large.context_window:"
         " expected a whole number above 0, without a suffix; did you mean 8000?"),
        ("quality: 0.9", "quality: 0.9, capabilities: [tool]", "6:74:"
         " models.large.capabilities[0]: expected tools, vision, json_schema, audio or files;"
         " did you mean tools?"),
        ("quality: 0.9", "quality: 0.9, specialises_in: {domains: [maths]}", "6:86:"
         " models.large.specialises_in.domains[0]: unknown domain maths; did you mean math?"),
    ],
)  # fmt: skip
def test_a_key_of_the_catalog(tmp_path: Path, before: str, after: str, expected: str) -> None:
    assert before in MODELS
    found = one(tmp_path, HEAD + DEFAULT, MODELS.replace(before, after, 1))
    assert found == f"models.yaml:{expected}"


def test_a_key_written_into_the_file_is_not_repeated(tmp_path: Path) -> None:
    models = MODELS.replace("ANTHROPIC_API_KEY", "sk-ant-0123456789")
    assert "sk-ant" not in one(tmp_path, HEAD + DEFAULT, models)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (
            "name: test\n" + DEFAULT,
            "1:1: catalog: required, expected the path of a catalog file"
            " (or upstreams and models here)",
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


def test_no_in_norwegian_is_a_language(tmp_path: Path) -> None:
    policy = f"{HEAD}{RULE}when: {{signal: language, in: [no, nb]}}\n{DEFAULT}"
    assert problems(tmp_path, policy) == []
