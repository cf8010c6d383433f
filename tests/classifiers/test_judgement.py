from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.base import softmax
from classifiers.judgement import Scores

LABELS = ("code", "law", "maths")
ODDS = st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=3)


@given(ODDS)
def test_scores_are_the_softmax_of_log_odds_of_any_size(odds: list[float]) -> None:
    scores = Scores(LABELS, odds)

    assert list(scores) == list(LABELS)
    assert list(scores.values()) == pytest.approx(softmax(np.array([odds]))[0], abs=1e-6)


@given(ODDS)
def test_the_surest_is_the_label_of_the_highest_score(odds: list[float]) -> None:
    scores = Scores(LABELS, odds)
    label, score = scores.surest

    assert score == pytest.approx(max(scores.values()))
    assert score == pytest.approx(scores[label])


def test_scores_equal_whatever_mapping_says_the_same() -> None:
    scores = Scores(("yes", "no"), [2.0, 2.0])

    assert scores == {"yes": 0.5, "no": 0.5}
    assert len(scores) == 2
    assert repr(scores) == "{'yes': 0.5, 'no': 0.5}"
