"""Judging for a catalog: the same prompts, with chances per model and a gap of their own."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.catalog_classifier import CatalogClassifier
from classifiers.gap import Everyday
from classifiers.prompt_classifier import PromptClassifier
from classifiers.roster import Member, Roster
from classifiers.sample import sample_prompts
from tests.classifiers.test_roster import LARGE, SMALL, TEXTS


@pytest.fixture(scope="module")
def everyday(shipped: PromptClassifier) -> Everyday:
    return Everyday.of(shipped)


def judge_for(classifier: PromptClassifier, everyday: Everyday, *names: str) -> CatalogClassifier:
    priors = (0.65, 0.92)
    members = tuple(Member(name, prior) for name, prior in zip(names, priors, strict=True))
    pair = (names[0], names[1])
    return CatalogClassifier(classifier, Roster.of(classifier, members, pair, everyday))


def test_every_model_of_the_catalog_has_a_chance_by_the_catalogs_name(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    found = judge_for(shipped, everyday, "mine", LARGE).judge(TEXTS)

    assert [list(one.quality) for one in found] == [["mine", LARGE]] * len(TEXTS)
    assert all(0 < chance < 1 for one in found for chance in one.quality.values())


def test_between_models_not_known_all_else_is_as_the_classifier_says(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    found = judge_for(shipped, everyday, "mine", "yours").judge(TEXTS)

    for one, plain in zip(found, shipped.judge(TEXTS), strict=True):
        assert (one.complexity, one.difficulty) == (plain.complexity, plain.difficulty)
        assert (one.task, one.domain, one.abstain) == (plain.task, plain.domain, plain.abstain)


def test_between_known_models_complexity_is_their_own_gap(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    texts = sample_prompts()
    found = judge_for(shipped, everyday, SMALL, LARGE).judge(texts)
    small, large = shipped.quality(texts, [SMALL, LARGE]).T
    complexity = np.array([one.complexity for one in found])

    assert np.all(complexity <= (1 - small) * large + 1e-5)
    assert np.all(complexity >= np.maximum(large - small, 0) - 1e-5)


def test_difficulty_is_the_gap_in_log_odds_above_an_average_request(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    classifier = judge_for(shipped, everyday, SMALL, LARGE)
    gap = classifier.roster.gap
    assert gap is not None

    for one in classifier.judge(TEXTS):
        odds = np.log(one.complexity / (1 - one.complexity))
        average = np.log(gap.average / (1 - gap.average))
        assert one.difficulty == pytest.approx(odds - average, abs=0.02)


def test_confidence_in_the_gap_is_scaled_by_familiarity_as_ever(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    texts = [*TEXTS, "Welcher Baum wächst am schnellsten, und warum gerade er?"]
    found = judge_for(shipped, everyday, SMALL, LARGE).judge(texts)

    for one, plain in zip(found, shipped.judge(texts), strict=True):
        assert one.familiarity == pytest.approx(plain.familiarity, abs=1e-6)
        assert one.complexity_confidence <= max(one.complexity, 1 - one.complexity) + 1e-9


def test_a_prompt_is_foreseen_alike_alone_and_in_company(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    classifier = judge_for(shipped, everyday, "mine", LARGE)
    together = classifier.judge(TEXTS)

    for text, one in zip(TEXTS, together, strict=True):
        (alone,) = classifier.judge([text])
        assert alone.quality == pytest.approx(one.quality, abs=1e-5)


@pytest.mark.parametrize("text", ["", "\ud800", "a" * 200_000, "你好" * 5_000])
def test_any_text_at_all_gets_sound_chances(
    shipped: PromptClassifier, everyday: Everyday, text: str
) -> None:
    for names in ((SMALL, LARGE), ("mine", LARGE), ("mine", "yours")):
        (found,) = judge_for(shipped, everyday, *names).judge([text])
        assert all(0 <= chance <= 1 for chance in found.quality.values())
        assert 0 <= found.complexity <= 1 and np.isfinite(found.difficulty)


def test_no_texts_get_no_judgement(shipped: PromptClassifier, everyday: Everyday) -> None:
    assert judge_for(shipped, everyday, "mine", LARGE).judge([]) == []


def test_the_sources_are_by_the_catalogs_names(
    shipped: PromptClassifier, everyday: Everyday
) -> None:
    sources = judge_for(shipped, everyday, "mine", LARGE).sources

    assert sources == {"mine": "prior", LARGE: f"measured as {LARGE}"}
