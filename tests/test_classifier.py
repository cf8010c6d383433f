"""Classifiers by artifact and catalog: what is looked up once, shared, and let go."""

import shutil
from pathlib import Path

import pytest

from classifiers import artifact
from classifiers.catalog_classifier import CatalogClassifier
from classifiers.targets import LARGE_MODELS, SMALL_MODELS
from router.classifier import (
    Classifiers,
    foreseeing,
    has_own_gap,
    load_classifier,
    member_of,
    sources_of,
    trained_domains,
)
from router.core.catalog import ModelCard
from router.policyfile import LoadedPolicy, load
from router.prices import bundled
from router.signals import SIGNALS, vocabulary
from tests.fakes.classifier import FakeClassifier

PRETRAINED = Path(artifact.__file__).parent / "pretrained"
SMALL, LARGE = SMALL_MODELS["mmlu_pro"][0], LARGE_MODELS["mmlu_pro"][0]
POLICY = """
name: {name}
signals: {{keywords: {{topic: {{any: [{word}]}}}}{more}}}
upstreams: {{sim: {{kind: simulated}}}}
models:
  small: {{upstream: sim, location: local, quality: {prior}, upstream_model: "lab/{small}"}}
  large: {{upstream: sim, location: cloud, quality: 0.9}}
default: {{strategy: {{kind: best_quality}}}}
"""


def loaded(folder: Path, name: str = "home", word: str = "a", more: str = "", prior: float = 0.6,
           small: str = SMALL) -> LoadedPolicy:  # fmt: skip
    file = folder / f"{name}.yaml"
    file.write_text(POLICY.format(name=name, word=word, more=more, prior=prior, small=small))
    return load(file, SIGNALS, vocabulary, bundled())


def test_every_model_of_the_catalog_is_foreseen_and_its_source_told(tmp_path: Path) -> None:
    found = Classifiers(None).of(loaded(tmp_path))

    (judged,) = found.judge(["What is the capital of France?"])
    assert set(judged.quality) == {"small", "large"}
    assert sources_of(found) == {"small": f"measured as {SMALL}", "large": "prior"}


def test_a_classifier_opened_elsewhere_foresees_the_same(tmp_path: Path) -> None:
    policy, plain = loaded(tmp_path), load_classifier(None)

    found = foreseeing(plain, policy)

    (ours,), (served,) = (it.judge(["Hi"]) for it in (found, Classifiers(None).of(policy)))
    assert ours.quality == served.quality
    assert isinstance(found, CatalogClassifier)
    assert found.manifest.version == artifact.load(PRETRAINED)[0].version


def test_policies_over_the_same_models_share_one_look_up(tmp_path: Path) -> None:
    classifiers = Classifiers(None)
    home, other = (loaded(tmp_path, name, word=name) for name in ("home", "other"))

    assert classifiers.of(home) is classifiers.of(other)
    assert classifiers.of(loaded(tmp_path, prior=0.7)) is not classifiers.of(home)


def test_another_pair_to_choose_between_is_another_look_up(tmp_path: Path) -> None:
    (tmp_path / "both.yaml").write_text(
        POLICY.format(name="both", word="a", more="", prior=0.6, small=SMALL).replace(
            "large: {", f'large: {{upstream_model: "{LARGE}", '
        )
    )
    both = load(tmp_path / "both.yaml", SIGNALS, vocabulary, bundled())
    (tmp_path / "both.yaml").write_text((tmp_path / "both.yaml").read_text().replace(
        "default: {", "default: {candidates: [small], "))  # fmt: skip
    one = load(tmp_path / "both.yaml", SIGNALS, vocabulary, bundled())
    classifiers = Classifiers(None)

    gaps = [found.roster.gap for found in map(classifiers.of, (both, one))
            if isinstance(found, CatalogClassifier)]  # fmt: skip

    assert [gap is not None for gap in gaps] == [True, False]
    assert [has_own_gap(classifiers.of(it)) for it in (both, one)] == [True, False]


def test_an_artifact_trained_again_is_looked_up_again(tmp_path: Path) -> None:
    shutil.copytree(PRETRAINED, tmp_path / "art")
    policy = loaded(tmp_path, more=", learned: {artifact: art}")
    classifiers = Classifiers(None)
    before = classifiers.of(policy)
    assert classifiers.of(policy) is before
    manifest, files = artifact.load(tmp_path / "art")
    body = {key: value for key, value in manifest.body.items() if key not in ("format", "files")}

    artifact.save(tmp_path / "art", {**body, "adapted": [SMALL]}, files)
    after = classifiers.of(policy)

    assert after is not before
    assert sources_of(after) == {"small": "your labels", "large": "prior"}


def test_a_classifier_that_no_policy_uses_is_let_go(tmp_path: Path) -> None:
    shutil.copytree(PRETRAINED, tmp_path / "art")
    policy = loaded(tmp_path, more=", learned: {artifact: art}")
    classifiers = Classifiers(None)
    before = classifiers.of(policy)

    classifiers.keep([loaded(tmp_path, "other")])

    assert classifiers.of(policy) is not before


def test_what_was_looked_up_for_models_that_are_gone_is_let_go(tmp_path: Path) -> None:
    classifiers = Classifiers(None)
    kept, gone = loaded(tmp_path), loaded(tmp_path, "gone", prior=0.5)
    before = classifiers.of(kept), classifiers.of(gone)

    classifiers.keep([kept])

    assert classifiers.of(kept) is before[0]
    assert classifiers.of(gone) is not before[1]


def test_a_classifier_of_another_kind_judges_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeClassifier()
    monkeypatch.setattr("router.classifier.load_classifier", lambda path: fake)

    assert Classifiers(None).of(loaded(tmp_path)) is fake
    assert sources_of(fake) == {} == sources_of(None)


def test_a_card_is_looked_up_under_all_its_names_with_all_its_priors() -> None:
    card = ModelCard.model_validate(
        {
            "upstream": "sim",
            "location": "local",
            "upstream_model": "qwen2.5:3b",
            "catalogue_name": "qwen/Qwen2.5-3B-Instruct",
            "quality": {"overall": 0.6, "tasks": {"code": 0.5}, "domains": {"law": 0.4}},
        }
    )

    member = member_of("small", card)

    assert (member.name, member.prior) == ("small", 0.6)
    assert member.aliases == ("qwen2.5:3b", "qwen/Qwen2.5-3B-Instruct")
    assert (member.domains, member.tasks) == ((("law", 0.4),), (("code", 0.5),))


def test_what_a_classifier_saw_in_training_is_told_where_its_artifact_holds_it() -> None:
    shipped = load_classifier(None)
    assert sum(trained_domains(shipped).values()) > 5000
    assert trained_domains(None) == {}
    assert trained_domains(load_classifier(Path("/no/such/artifact"))) == {}
