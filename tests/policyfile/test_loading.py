"""What a sound policy file becomes: policy, catalog, options, version, files."""

from pathlib import Path

import pytest

from router.core.catalog import Catalog, ModelCard, Price, UpstreamSpec
from router.core.conditions import holds
from router.core.decide import decide
from router.core.policy import Selector
from router.core.request import RoutedRequest, Turn
from router.core.stats import StatsSnapshot
from router.errors import PolicyFileError
from router.policyfile import load, load_catalog, load_directory, policy_files
from router.policyfile.loaded import version_of
from tests.policyfile.reading import (
    DEFAULT,
    HEAD,
    KINDS,
    MODELS,
    RULE,
    NamedOptions,
    NoPrices,
    TimedOptions,
    loaded,
    vocabulary,
    write,
)


class Prices:
    """Satisfies PriceCatalogue: every cloud model costs the same."""

    def __init__(self, dollars: float) -> None:
        self._price = Price(input_usd_per_mtok=dollars, output_usd_per_mtok=dollars)

    def resolve(self, name: str, card: ModelCard, upstream: UpstreamSpec) -> ModelCard:
        return card if card.location == "local" else card.model_copy(update={"price": self._price})


def test_a_policy_file_becomes_policy_catalog_and_options(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        f"{HEAD}signals: {{timed: {{timeout: 250ms}}}}\nrules:\n"
        "  - name: many\n    when: {all: [{signal: turns, above: 3}]}\n"
        "    candidates: {location: local}\n    strategy: {kind: fastest}\n"
        f"    limits: {{max_latency: 2m}}\n{DEFAULT}",
    )
    (rule,) = found.policy.rules
    assert rule.candidates == Selector(location="local")
    assert rule.limits.max_latency == 120.0
    assert list(found.catalog.models) == ["small", "large"]
    assert found.options == {"timed": TimedOptions(timeout="250ms")}  # type: ignore[arg-type]
    assert found.path == tmp_path / "test.yaml"
    assert found.files == (tmp_path / "test.yaml", tmp_path / "models.yaml")


def test_a_kind_that_needs_options_is_there_once_they_are_given(tmp_path: Path) -> None:
    policy = (
        f"{HEAD}signals: {{named: {{names: [vip]}}}}\nrules:\n"
        "  - {name: a, when: {signal: vip, is: true}, strategy: {kind: best_quality}}\n"
        f"{DEFAULT}"
    )
    assert loaded(tmp_path, policy).options["named"] == NamedOptions(names=("vip",))


def test_a_left_out_baseline_is_the_best_model(tmp_path: Path) -> None:
    assert loaded(tmp_path, HEAD + DEFAULT).policy.baseline == "large"
    assert loaded(tmp_path, f"{HEAD}baseline: small\n{DEFAULT}").policy.baseline == "small"


def test_what_makes_embeddings_alone_is_no_baseline(tmp_path: Path) -> None:
    vectors = "  e5: {upstream: here, location: local, quality: 0.99, speaks: [embeddings]}\n"
    file = write(tmp_path, HEAD + DEFAULT, MODELS + vectors)

    assert load(file, KINDS, vocabulary, NoPrices()).policy.baseline == "large"


def test_among_equally_good_models_the_baseline_is_one_with_a_price(tmp_path: Path) -> None:
    models = MODELS.replace("0.9", "0.6").replace("price: {usd_per_hour: 0.02}", "price: null")
    file = write(tmp_path, HEAD + DEFAULT, models)
    assert load(file, KINDS, vocabulary, NoPrices()).policy.baseline == "small"
    assert load(file, KINDS, vocabulary, Prices(1.0)).policy.baseline == "large"


def test_the_catalog_may_stand_in_the_policy_file(tmp_path: Path) -> None:
    found = loaded(tmp_path, f"name: test\n{MODELS}{DEFAULT}", models=None)
    assert list(found.catalog.models) == ["small", "large"]
    assert found.files == (tmp_path / "test.yaml",)


def test_a_catalog_given_by_code_stands_in_for_the_files(tmp_path: Path) -> None:
    given = Catalog.model_validate_json(
        '{"upstreams": {"x": {"kind": "simulated"}}, "models":'
        ' {"only": {"upstream": "x", "location": "cloud", "quality": 0.5}}}'
    )
    policy = (
        f"{HEAD}rules:\n  - name: private\n    when: {{signal: private, is: true}}\n"
        f"    candidates: {{location: local}}\n    strategy: {{kind: fastest}}\n{DEFAULT}"
    )
    # models.yaml is not even there, and that no model is local is not the policy's mistake.
    found = load(write(tmp_path, policy, None), KINDS, vocabulary, NoPrices(), given)
    assert list(found.catalog.models) == ["only"]
    assert found.policy.baseline == "only"
    assert found.files == (tmp_path / "test.yaml",)


def test_the_version_is_that_of_the_meaning_not_of_the_writing(tmp_path: Path) -> None:
    first = loaded(tmp_path, HEAD + DEFAULT).version
    assert len(first) == 8
    int(first, 16)
    rewritten = f"# new\n{DEFAULT}catalog: models.yaml\nname: 'test'\n"
    assert loaded(tmp_path, rewritten).version == first
    lines = MODELS.splitlines()
    swapped = "\n".join([*lines[:4], lines[5], lines[4]])
    assert loaded(tmp_path, HEAD + DEFAULT, swapped).version == first


@pytest.mark.parametrize(
    ("policy", "models"),
    [
        (HEAD + DEFAULT.replace("best_quality", "fastest"), MODELS),
        (f"{HEAD}explore: 0.1\n{DEFAULT}", MODELS),
        (f"{HEAD}baseline: small\n{DEFAULT}", MODELS),
        (f"{HEAD}signals: {{timed: {{depth: 4}}}}\n{DEFAULT}", MODELS),
        (HEAD + DEFAULT, MODELS.replace("0.6", "0.61")),
        (HEAD + DEFAULT, MODELS.replace("11434", "11435")),
    ],
)
def test_the_version_changes_with_whatever_a_decision_may_depend_on(
    tmp_path: Path, policy: str, models: str
) -> None:
    assert loaded(tmp_path, policy, models).version != loaded(tmp_path, HEAD + DEFAULT).version


def test_what_tags_a_request_changes_the_version_only_where_it_is_said(tmp_path: Path) -> None:
    """So that a policy of before there were tags is no other one after an upgrade."""
    first = loaded(tmp_path, HEAD + DEFAULT).version

    assert loaded(tmp_path, f"{HEAD}tags_from: []\n{DEFAULT}").version == first
    assert loaded(tmp_path, f"{HEAD}tags_from: [team]\n{DEFAULT}").version != first


def test_what_is_judged_is_no_part_of_the_version(tmp_path: Path) -> None:
    """It changes no decision: what a version saved does not begin anew with it."""
    judging = "judging: {model: large, share: 0.1, shadow: 0.05, usd_per_day: 1}\n"

    found = loaded(tmp_path, f"{HEAD}{judging}{DEFAULT}")

    assert found.version == loaded(tmp_path, HEAD + DEFAULT).version
    assert found.policy.judging is not None and found.policy.judging.usd_per_day == 1.0


def test_the_version_changes_with_the_prices_taken_from_the_catalogue(tmp_path: Path) -> None:
    file = write(tmp_path, HEAD + DEFAULT)
    versions = {load(file, KINDS, vocabulary, Prices(price)).version for price in (1.0, 2.0)}
    assert len(versions) == 2


def test_the_version_stays_when_the_policy_has_decided(tmp_path: Path) -> None:
    when = """
      all: [{signal: private, is: true}, {signal: turns, is: 1}, {signal: task, in: [code, chat]}]
      none: [{signal: turns, at_least: 3}]"""
    rule = f"rules:\n  - name: a\n    strategy: {{kind: best_quality}}\n    when: {when}\n"
    read = loaded(tmp_path, f"{HEAD}{rule}{DEFAULT}")
    request = RoutedRequest("auto", (Turn("user", "Hi"),))

    decided = decide(
        request,
        {"private": True, "turns": 1.0, "task": "code"},
        read.policy,
        read.catalog,
        StatsSnapshot(0.0, {}),
        0.5,
    )

    assert decided.unknown_rules == ()
    assert version_of(read.policy, read.catalog, read.options) == read.version


def test_a_comparison_is_written_as_it_was_given(tmp_path: Path) -> None:
    rule = "rules:\n  - name: a\n    strategy: {kind: best_quality}\n    when: "
    read = loaded(tmp_path, f"{HEAD}{rule}{{all: [{{signal: private, is: true}}]}}\n{DEFAULT}")
    when = read.policy.rules[0].when

    for _ in range(2):
        assert when.model_dump(mode="json", by_alias=True)["all"] == [
            {"signal": "private", "is": True}
        ]
        holds(when, {"private": True})


def test_the_order_of_rules_is_part_of_the_version(tmp_path: Path) -> None:
    rules = [
        f"  - {{name: {name}, when: {{signal: {signal}}}, strategy: {{kind: fastest}}}}\n"
        for name, signal in (("a", "turns, above: 3"), ("b", "private, is: true"))
    ]
    versions = {
        loaded(tmp_path, f"{HEAD}rules:\n{''.join(order)}{DEFAULT}").version
        for order in (rules, rules[::-1])
    }
    assert len(versions) == 2


def test_a_catalog_is_read_by_itself(tmp_path: Path) -> None:
    write(tmp_path, "")
    catalog = load_catalog(tmp_path / "models.yaml", Prices(2.0))
    price = catalog.models["large"].price
    assert price is not None
    assert price.input_usd_per_mtok == 2.0


def test_a_broken_catalog_is_told_by_place(tmp_path: Path) -> None:
    write(tmp_path, "", MODELS.replace("upstream: here", "upstream: her"))
    with pytest.raises(PolicyFileError, match=r"models\.yaml:5:21: models\.small\.upstream: "):
        load_catalog(tmp_path / "models.yaml", NoPrices())


class TestDirectory:
    """A folder of policies."""

    def policy(self, folder: Path, file: str, name: str) -> None:
        (folder / file).write_text(f"name: {name}\ncatalog: models.yaml\n{DEFAULT}")

    def test_it_yields_every_policy_by_name_and_no_catalog_or_cases(self, tmp_path: Path) -> None:
        write(tmp_path, HEAD + DEFAULT)
        self.policy(tmp_path, "b.yaml", "bee")
        (tmp_path / "b.cases.yaml").write_text("cases: []\n")
        (tmp_path / "notes.txt").write_text("nothing")
        assert [file.name for file in policy_files(tmp_path)] == ["b.yaml", "test.yaml"]
        found = load_directory(tmp_path, KINDS, vocabulary, NoPrices())
        assert {name: policy.path.name for name, policy in found.items()} == {
            "bee": "b.yaml",
            "test": "test.yaml",
        }

    def test_two_policies_of_one_name_are_a_problem(self, tmp_path: Path) -> None:
        write(tmp_path, HEAD + DEFAULT)
        self.policy(tmp_path, "a.yaml", "test")
        with pytest.raises(PolicyFileError) as caught:
            load_directory(tmp_path, KINDS, vocabulary, NoPrices())
        (problem,) = caught.value.problems
        assert str(problem) == (
            f"{tmp_path}/test.yaml:1:7: name: expected a name of its own, a.yaml has test too"
        )

    def test_a_problem_of_a_shared_catalog_is_told_once(self, tmp_path: Path) -> None:
        write(tmp_path, HEAD + DEFAULT, MODELS.replace("0.9", "9"))
        self.policy(tmp_path, "a.yaml", "a")
        with pytest.raises(PolicyFileError) as caught:
            load_directory(tmp_path, KINDS, vocabulary, NoPrices())
        assert len(caught.value.problems) == 1

    def test_a_broken_file_is_not_passed_over(self, tmp_path: Path) -> None:
        write(tmp_path, HEAD + DEFAULT)
        (tmp_path / "a.yaml").write_text("- not a policy\n")
        with pytest.raises(PolicyFileError, match=r"a\.yaml:1:1: file: expected a mapping"):
            load_directory(tmp_path, KINDS, vocabulary, NoPrices())

    @pytest.mark.parametrize("exists", [True, False])
    def test_a_folder_without_policies_is_a_problem(self, tmp_path: Path, exists: bool) -> None:
        folder = tmp_path if exists else tmp_path / "absent"
        with pytest.raises(PolicyFileError, match="expected a folder with a policy"):
            load_directory(folder, KINDS, vocabulary, NoPrices())


def test_a_rule_may_ask_for_the_quality_foreseen_of_a_model_of_the_catalog(tmp_path: Path) -> None:
    when = "when: {all: [{signal: quality.small, at_least: 0.6}]}\n"

    assert loaded(tmp_path, f"{HEAD}{RULE}{when}{DEFAULT}").policy.rules[0].name == "a"
