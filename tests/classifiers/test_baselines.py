"""The simple routers, each fitted on train rows alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from classifiers.baselines import (
    CATEGORY,
    KNN,
    TFIDF,
    category_means,
    column_means,
    expected_scores,
    nearest_means,
    prompt_lengths,
    tfidf_ridge,
)
from classifiers.errors import MissingExtraError
from tests.classifiers.made import made

NOTHING = np.nan


def flat(texts: object) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.ones((len(list(texts)), 1))  # type: ignore[call-overload]


def test_means_leave_out_what_is_not_known() -> None:
    assert column_means(np.array([[1, NOTHING], [0, NOTHING]])).tolist() == [0.5, 0]


def test_a_category_expects_its_mean_and_a_new_one_the_overall_mean() -> None:
    table = made()
    train, judged = table.of_split("train"), table.of_split("val")
    strange = judged.rows(np.array([0]))
    strange = type(strange)(
        strange.dataset,
        strange.texts,
        ("never seen",),
        strange.splits,
        strange.models,
        strange.scores,
        strange.costs,
    )

    np.testing.assert_array_equal(category_means(train, judged), judged.scores)
    assert category_means(train, strange)[0] == pytest.approx(column_means(train.scores))


def test_the_nearest_decide() -> None:
    known = np.array([[1.0, 0], [0.9, 0.1], [0, 1.0]])
    scores = np.array([[1.0], [0.5], [0.0]])

    found = nearest_means(known, scores, np.array([[1.0, 0], [0, 1.0]]), neighbours=2)

    assert found.tolist() == [[0.75], [0.25]]


def test_fewer_rows_than_neighbours_are_all_neighbours() -> None:
    assert nearest_means(np.ones((2, 1)), np.array([[1.0], [0]]), np.ones((1, 1)))[0] == [0.5]


def test_words_tell_who_answers() -> None:
    table = made()
    train, judged = table.of_split("train"), table.of_split("val")

    found = tfidf_ridge(train.texts, train.scores, judged.texts)

    proofs = [row for row, category in enumerate(judged.categories) if category == "proof"]
    assert (found[proofs].argmax(axis=1) == table.models.index("large")).all()


def test_prompts_without_words_are_given_the_mean() -> None:
    assert tfidf_ridge(["", " "], np.array([[1.0], [0.0]]), ["anything"]).tolist() == [[0.5]]


def test_no_judged_row_is_learned_from() -> None:
    table = made()
    train, judged = table.of_split("train"), table.of_split("val")
    turned = type(judged)(
        judged.dataset,
        judged.texts,
        judged.categories,
        judged.splits,
        judged.models,
        1 - judged.scores,
        judged.costs,
    )

    ours, theirs = (expected_scores(train, rows, flat) for rows in (judged, turned))

    assert list(ours) == [CATEGORY, KNN, TFIDF]
    for name, scores in ours.items():
        np.testing.assert_array_equal(scores, theirs[name])


def test_without_train_rows_there_are_no_baselines() -> None:
    table = made()

    assert expected_scores(table.of_split("none"), table, flat) == {}


def test_without_scikit_learn_the_rest_remains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    table = made()

    with pytest.raises(MissingExtraError, match="train"):
        tfidf_ridge(table.texts, table.scores, table.texts)
    assert list(expected_scores(table, table, flat)) == [CATEGORY, KNN]


def test_length_is_counted_in_characters() -> None:
    assert prompt_lengths(["", "äöü"]).tolist() == [0, 3]
