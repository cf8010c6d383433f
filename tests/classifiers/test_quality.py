"""Chances per model of a whole classifier, learned from made-up tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.prompt_classifier import PromptClassifier
from classifiers.targets import LARGE_MODELS, SMALL_MODELS

TEXTS = ["physics question 400: which of these?", "hello friend", ""]
WEAK, STRONG = SMALL_MODELS["mmlu_pro"][0], LARGE_MODELS["mmlu_pro"][0]


@pytest.fixture(scope="module")
def taught(whole_artifact: Path) -> PromptClassifier:
    return PromptClassifier.load(whole_artifact)


def test_it_names_every_model_of_the_scores(taught: PromptClassifier) -> None:
    everyone = {m for sizes in (SMALL_MODELS, LARGE_MODELS) for m in sizes["mmlu_pro"]}

    assert everyone <= set(taught.models)
    assert list(taught.models) == sorted(taught.models)


def test_quality_has_a_row_per_text_and_a_column_per_model(taught: PromptClassifier) -> None:
    found = taught.quality(TEXTS, [STRONG, WEAK])

    assert found.shape == (3, 2) and found.dtype == np.float32
    assert np.all((found > 0) & (found < 1))
    assert found[0, 0] > found[0, 1] + 0.1
    np.testing.assert_allclose(taught.quality(TEXTS, [WEAK])[:, 0], found[:, 1], atol=1e-6)


def test_an_unknown_model_is_a_key_error_even_without_texts(taught: PromptClassifier) -> None:
    for texts in (TEXTS, []):
        with pytest.raises(KeyError, match="nobody"):
            taught.quality(texts, [WEAK, "nobody"])


def test_no_texts_and_no_models_give_empty_tables(taught: PromptClassifier) -> None:
    assert taught.quality([], [WEAK]).shape == (0, 1)
    assert taught.quality(TEXTS, []).shape == (3, 0)
    assert taught.latents([]).shape == (0, taught.latents(TEXTS).shape[1])


def test_judging_with_quality_says_what_both_say(taught: PromptClassifier) -> None:
    judged, quality = taught.judge_with_quality(TEXTS, [WEAK])

    assert judged == taught.judge(TEXTS)
    assert np.array_equal(quality, taught.quality(TEXTS, [WEAK]))


def test_a_model_never_measured_has_its_prior_and_learns_from_labels(
    taught: PromptClassifier,
) -> None:
    latents = taught.latents(TEXTS)
    weak, strong = (taught.ability(prior).quality(latents) for prior in (0.3, 0.8))
    failing = taught.ability(0.8, TEXTS * 7, [0.0] * 21).quality(latents)

    assert np.all(weak < strong) and np.all(failing < strong)


def test_without_scores_per_model_there_are_no_models(small: PromptClassifier) -> None:
    assert small.models == ()
    with pytest.raises(KeyError):
        small.quality(["hello"], ["gpt-4"])
    with pytest.raises(ValueError, match="without scores"):
        small.ability(0.5)
