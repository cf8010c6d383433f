"""Boosted trees: ours answer as scikit-learn's, whose insides they are copied from."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from classifiers.base import Design
from classifiers.heads.boosting import BoostingHead


@pytest.mark.parametrize("classes", [["no", "yes"], ["a", "b", "c"]])
def test_the_stored_trees_answer_as_scikit_learns_own(classes: list[str]) -> None:
    draw = np.random.default_rng(8)
    X = draw.normal(size=(300, 5)).astype(np.float32)
    y = [classes[int(abs(row[0] * row[1]) * 2) % len(classes)] for row in X]
    weights = draw.uniform(0.5, 2, 300)
    asked = draw.normal(size=(200, 5)).astype(np.float32)
    theirs = HistGradientBoostingClassifier(
        max_iter=20, max_leaf_nodes=15, l2_regularization=1.0, early_stopping=False, random_state=0
    )
    with threadpool_limits(1):
        expected = theirs.fit(X, y, weights).predict_proba(asked)

    ours = BoostingHead(rounds=20).fit(Design(X), y, weights)

    np.testing.assert_allclose(ours.predict_proba(Design(asked)), expected, atol=1e-5)
