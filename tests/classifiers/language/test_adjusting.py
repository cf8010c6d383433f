"""What is set after fitting."""

from dataclasses import replace

import numpy as np

from classifiers.base import softmax
from classifiers.language.adjusting import COMMON_ODDS, ENGLISH_ODDS, calibrated, with_odds
from classifiers.language.identifier import LanguageIdentifier, LowRank, bags, scores

identifier = LanguageIdentifier.load()
model = identifier.model
TEXTS = {
    "en": ["Where is the station?", "I do not know that man.", "an apple", "of the"],
    "de": ["Wo ist der Bahnhof?", "Ich kenne den Mann nicht.", "ein Apfel", "von den"],
    "ca": ["On és l'estació?", "No conec aquest home.", "una poma", "de les"],
}


def test_english_is_likeliest_beforehand_and_common_languages_come_next() -> None:
    shifts = with_odds(model, ["en", "nb", "la"] + ["xx"] * (len(model.bias) - 3)).bias - model.bias
    assert np.allclose(shifts[:4], [ENGLISH_ODDS, COMMON_ODDS, 0, 0], atol=1e-6)


def loss(candidate: LowRank, texts: list[str], truth: list[int]) -> float:
    likely = softmax(scores(candidate, bags(candidate, texts)))
    return float(-np.log(likely[np.arange(len(truth)), truth]).mean())


def test_one_that_is_too_sure_is_made_less_sure_and_no_less_right() -> None:
    texts = [text for some in TEXTS.values() for text in some]
    truth = [identifier.languages.index(code) for code, some in TEXTS.items() for _ in some]
    # A third of the labels are wrong, so no answer can be certain.
    truth[::3] = truth[::3][::-1]
    boastful = replace(model, sharpness=model.sharpness + np.array([0.4, 0.0], dtype=np.float32))
    found = calibrated(boastful, texts, np.array(truth))
    assert loss(found, texts, truth) < loss(boastful, texts, truth)
    assert found.sharpness[0] < boastful.sharpness[0] or found.sharpness[1] < boastful.sharpness[1]
    best = [scores(one, bags(one, texts)).argmax(axis=1).tolist() for one in (boastful, found)]
    assert np.mean(np.array(best[0]) == best[1]) > 0.9
