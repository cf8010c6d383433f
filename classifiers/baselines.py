"""The simple routers that a learned one must beat, each fitted on train rows alone.

All learn one thing: per model, the expected score of a prompt. A router between two models ranks
prompts by the difference; a router over a pool takes the model with the highest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import MissingExtraError
from classifiers.results import Results

Floats = NDArray[np.float64]
Embed = Callable[[Sequence[str]], NDArray[Any]]

NEIGHBOURS = 40
"""About the square root of a thousand rows, as RouterBench's kNN (arXiv 2403.12031) takes 40."""
RIDGE = 3.0
"""Penalty of the TF-IDF ridge; 1 to 10 give the same APGR within 0.01 on the shared tables."""
_FEATURES = 50_000

CATEGORY, KNN, TFIDF = "category mean", "kNN", "TF-IDF + ridge"


def expected_scores(train: Results, judged: Results, embed: Embed) -> dict[str, Floats]:
    """Return baseline -> expected score [n, m] of each judged prompt by each model.

    Without train rows there are none; without scikit-learn TF-IDF is left out.
    """
    if len(train) == 0:
        return {}
    found = {
        CATEGORY: category_means(train, judged),
        KNN: nearest_means(embed(train.texts), train.scores, embed(judged.texts)),
    }
    with suppress(MissingExtraError):
        found[TFIDF] = tfidf_ridge(train.texts, train.scores, judged.texts)
    return found


def prompt_lengths(texts: Sequence[str]) -> Floats:
    """Return the length of each text in characters."""
    return np.array([len(text) for text in texts], dtype=float)


def category_means(train: Results, judged: Results) -> Floats:
    """Return the mean score of each prompt's category; the overall mean for one never seen."""
    piles: Mapping[str, list[int]] = defaultdict(list)
    for row, category in enumerate(train.categories):
        piles[category].append(row)
    overall = column_means(train.scores)
    means = {name: column_means(train.scores[rows], overall) for name, rows in piles.items()}
    return np.array([means.get(name, overall) for name in judged.categories]).reshape(
        len(judged), len(train.models)
    )


def column_means(scores: Floats, fallback: Floats | None = None) -> Floats:
    """Return the mean of each column over its known values."""
    known = ~np.isnan(scores)
    totals, counts = np.where(known, scores, 0.0).sum(axis=0), known.sum(axis=0)
    default = np.zeros(scores.shape[1]) if fallback is None else fallback
    result: Floats = np.where(counts > 0, totals / np.maximum(counts, 1), default)
    return result


def nearest_means(
    known: NDArray[Any], scores: Floats, asked: NDArray[Any], neighbours: int = NEIGHBOURS
) -> Floats:
    """Return the mean score over the nearest known prompts, by the product of unit vectors."""
    k = min(neighbours, len(known))
    overall = column_means(scores)
    found = np.empty((len(asked), scores.shape[1]))
    for row, vector in enumerate(asked):
        nearest = np.argpartition(-(known @ vector), k - 1)[:k]
        found[row] = column_means(scores[nearest], overall)
    return found


def tfidf_ridge(train: Sequence[str], scores: Floats, judged: Sequence[str]) -> Floats:
    """Return ridge regression of each model's score on TF-IDF of words and word pairs.

    Raises MissingExtraError without scikit-learn.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge
    except ImportError as error:
        raise MissingExtraError("scikit-learn", "train") from error
    words = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=_FEATURES, token_pattern=r"(?u)\S+"
    )
    filled = np.where(np.isnan(scores), column_means(scores), scores)
    try:
        rows = words.fit_transform(train)
    except ValueError:  # no train prompt holds a word
        return np.tile(column_means(scores), (len(judged), 1))
    model = Ridge(alpha=RIDGE, solver="sparse_cg").fit(rows, filled)
    return np.asarray(model.predict(words.transform(judged)), dtype=float).reshape(
        len(judged), scores.shape[1]
    )
