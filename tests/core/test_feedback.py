"""Feedback: what its words count as."""

from dataclasses import replace

import pytest

from router.core.feedback import SCORES, WORDS, Feedback, Judged, Word

SAID = Feedback("d1", "user", 1.0, 1.0)
JUDGED = Judged(
    "d1",
    1.0,
    "p",
    "1a2b3c4d",
    "default",
    "threshold",
    None,
    None,
    None,
    {},
    {},
    (),
    None,
    False,
    (),
)


def test_every_word_has_a_score() -> None:
    assert tuple(SCORES) == ("good_fit", "overprovisioned", "underpowered", "failed")
    assert set(SCORES) == set(WORDS)
    assert set(SCORES.values()) == {0.0, 1.0}


@pytest.mark.parametrize("word", WORDS)
def test_only_overprovisioned_says_that_a_cheaper_model_would_do(word: Word) -> None:
    assert replace(SAID, word=word).cheaper_would_do == (word == "overprovisioned")
    assert not SAID.cheaper_would_do


def test_the_score_of_a_decision_is_the_mean_of_its_sources() -> None:
    said = (SAID, replace(SAID, source="judge", score=0.25), replace(SAID, source="check", score=0))

    assert replace(JUDGED, feedback=said).score == pytest.approx(1.25 / 3)
