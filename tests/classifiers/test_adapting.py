"""Adapting: from a table of labels to a classifier that serves what was learned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.adaptation import Labels, Start, adapt
from classifiers.adaptation_basis import Basis
from classifiers.adapted_artifact import facts_of, save_adapted, write_card
from classifiers.adapted_figures import Foreseen, figures, pair_of, trials
from classifiers.adapting import Candidate, adapted_from, encoded, extended
from classifiers.errors import DataError
from classifiers.prompt_classifier import PRETRAINED, PromptClassifier
from classifiers.replacement import compare
from classifiers.results import Results
from classifiers.sample import sample_prompts
from tests.classifiers.labelled import MODELS, labelled

FOLDS = 3


@pytest.fixture(scope="module")
def candidate(shipped: PromptClassifier) -> Candidate:
    return adapted_from(shipped, labelled(), FOLDS, 0)


@pytest.fixture(scope="module")
def adapted(candidate: Candidate, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapted")
    save_adapted(folder, PRETRAINED, candidate, facts_of(candidate, "made.csv", (FOLDS, 0), {}))
    return folder


def test_routing_is_better_than_before_on_held_back_prompts(
    shipped: PromptClassifier, candidate: Candidate
) -> None:
    table = candidate.table
    before = Foreseen.by(shipped, table)
    after = Foreseen(candidate.held_out.recalled(table.texts, MODELS), before.complexity)

    (routing,) = compare(trials(candidate, before, after, pair_of(table, None, None)), 200, 0)

    assert routing.better and routing.gain.value > 0.1, str(routing)


def test_the_artifact_serves_what_was_learned(
    shipped: PromptClassifier, candidate: Candidate, adapted: Path
) -> None:
    model = shipped.extras.responses
    assert model is not None
    table = candidate.table
    traits, latents = encoded(shipped, model, table.texts)
    basis = Basis.of(traits, 0)
    taught = Labels(latents, basis.rows, table.scores, candidate.groups)
    expected = adapt(Start(model.abilities, (None, None)), taught, FOLDS, 0).chances(taught)

    served = PromptClassifier.load(adapted).quality(table.texts, MODELS)

    np.testing.assert_allclose(served, expected, atol=0.01)


def test_other_models_and_judgements_stay_as_they_were(
    shipped: PromptClassifier, adapted: Path
) -> None:
    after = PromptClassifier.load(adapted)
    texts, others = ["Prove it.", "Hello there", "¿Qué hora es?"], shipped.models[::20]

    np.testing.assert_array_equal(after.quality(texts, others), shipped.quality(texts, others))
    for said in (texts, sample_prompts()[:60]):
        assert after.judge(said) == shipped.judge(said)
    assert set(after.models) == {*shipped.models, *MODELS}


def test_the_manifest_names_the_adapted_models_and_what_they_started_from(
    shipped: PromptClassifier, adapted: Path
) -> None:
    body = PromptClassifier.load(adapted).manifest.body

    assert body["adapted"] == [*MODELS]
    assert body["started_from"]["version"] == shipped.manifest.version
    assert body["adaptation"]["labels"] == dict.fromkeys(MODELS, 300)


def test_the_card_tells_data_seed_and_every_figure(
    shipped: PromptClassifier, candidate: Candidate, tmp_path: Path
) -> None:
    pair = pair_of(candidate.table, None, None)
    found = figures(candidate, shipped, (FOLDS, 0, 20), pair)
    facts = facts_of(candidate, "made.csv", (FOLDS, 0), found)
    save_adapted(tmp_path, PRETRAINED, candidate, facts)

    card = write_card(tmp_path, {})

    assert "`made.csv`: 300 prompts" in card and "seed 0" in card and "numpy" in card
    (routing,) = (name for name in found if name.startswith("routing"))
    names = ("adapted", "before", "prompt length", "category mean", "kNN", "TF-IDF + ridge")
    for name in names:
        assert f"| {routing} | APGR {name} |" in card
    for model in MODELS:
        assert f"| chances of {model} | ECE |" in card


def test_prompts_that_taught_are_measured_as_they_were_foreseen(
    candidate: Candidate, adapted: Path
) -> None:
    after = Foreseen.by(PromptClassifier.load(adapted), candidate.table)

    held = candidate.held_out.recalled(candidate.table.texts, MODELS)
    np.testing.assert_array_equal(after.chances, held)


def test_a_measured_model_is_replaced_under_its_own_name(shipped: PromptClassifier) -> None:
    known = next(name for name in shipped.models if name.startswith("gpt-4o"))
    table = replace(labelled(60), models=("house-7b", f"provider/{known}"))

    found = adapted_from(shipped, table, FOLDS, 0)

    assert found.names == ("house-7b", known)
    assert found.responses.abilities.names.count(known) == 1


def test_two_models_of_one_name_are_refused(shipped: PromptClassifier) -> None:
    known = next(name for name in shipped.models if name.startswith("gpt-4o"))
    table = replace(labelled(60), models=(f"a/{known}", f"b/{known}"))

    with pytest.raises(DataError, match=f"both known as {known}"):
        adapted_from(shipped, table, FOLDS, 0)


def test_labels_of_a_model_that_are_all_near_duplicates_are_learned_all_the_same(
    shipped: PromptClassifier,
) -> None:
    """A fold may then hold every label of that model."""
    table = labelled(60)
    texts = ("What is the capital of Peru, please?",) * 25 + table.texts[25:]
    scores = table.scores.copy()
    scores[25:, 0] = np.nan

    found = adapted_from(shipped, replace(table, texts=texts, scores=scores), FOLDS, 0)

    assert np.isfinite(found.held_out.chances).all()


def test_many_models_share_few_latents(shipped: PromptClassifier) -> None:
    model = shipped.extras.responses
    assert model is not None
    texts = labelled(40).texts
    traits, latents = encoded(shipped, model, texts)
    basis = Basis.of(traits, 0)
    scores = np.random.default_rng(0).integers(0, 2, (40, 12)).astype(float)
    taught = Labels(latents, basis.rows, scores, np.arange(40))
    found = adapt(Start(model.abilities, (None,) * 12), taught, FOLDS, 0)

    names = [f"model-{number}" for number in range(12)]
    wide = extended(model, names, found, basis)

    assert wide.latents.coef.shape[1] == model.latents.coef.shape[1] + 8


def test_an_adapted_classifier_is_not_adapted_again(adapted: Path) -> None:
    with pytest.raises(DataError, match="itself adapted"):
        adapted_from(PromptClassifier.load(adapted), labelled(60), FOLDS, 0)


def test_a_classifier_without_models_cannot_be_adapted(small: PromptClassifier) -> None:
    with pytest.raises(DataError, match="--start-from pretrained"):
        adapted_from(small, labelled(60), FOLDS, 0)


def test_only_train_is_learned_from_where_the_table_names_splits(shipped: PromptClassifier) -> None:
    table = replace(labelled(80), splits=("train", "val") * 40, drawn=False)

    assert len(adapted_from(shipped, table, FOLDS, 0).table) == 40


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (labelled(12), r"house-7b has 12, hired-70b has 12"),
        (replace(labelled(30), splits=("val",) * 30, drawn=False), "split 'train'"),
        (
            replace(labelled(30), texts=("What is the capital of Peru?",) * 30),
            "near-duplicates of 1",
        ),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    shipped: PromptClassifier, table: Results, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        adapted_from(shipped, table, FOLDS, 0)


def test_each_step_is_told_before_it_is_taken(shipped: PromptClassifier) -> None:
    heard: list[str] = []

    adapted_from(shipped, labelled(40), FOLDS, 0, heard.append)

    assert len(heard) == FOLDS + 3 and heard[-1] == "learning from all labels"


def test_a_pair_is_named_or_the_worst_and_the_best() -> None:
    table = labelled(60)

    pair = pair_of(table, None, None)

    assert pair is not None and (pair.small, pair.large) == (0, 1)
    assert pair_of(table, "hired-70b", "house-7b") is None
    with pytest.raises(DataError, match="no label is of model 'strange'"):
        pair_of(table, "strange", None)
