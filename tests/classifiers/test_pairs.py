"""A pair of models, ours and the baselines between them; a pool of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from classifiers import pairs, pools
from classifiers.baselines import CATEGORY, KNN, TFIDF
from classifiers.errors import DataError
from classifiers.pairs import APGR, CPT50, HALF, LARGE, ORACLE, OURS, ROOM, SMALL, evaluate_pair
from classifiers.pools import BEST_PER_CATEGORY, BEST_SINGLE, QUALITY, evaluate_pool, pool_of
from classifiers.predictions import known_as, predicted_scores
from classifiers.prompt_classifier import PromptClassifier
from tests.classifiers.made import MODELS, made

ROUNDS = 30


@dataclass
class Knowing:
    """A classifier that knows who is good at what, for the models it is told of."""

    inner: PromptClassifier
    models: tuple[str, ...] = MODELS

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def quality(self, texts: Sequence[str], models: Sequence[str]) -> Any:
        table = made()
        known = dict(zip(table.texts, table.scores, strict=True))
        unheard = np.full(len(table.models), 0.5)
        columns = [table.models.index(model) for model in models]
        return np.array([0.1 + 0.8 * known.get(text, unheard)[columns] for text in texts])


def knowing(inner: PromptClassifier, *models: str) -> PromptClassifier:
    return Knowing(inner, models or MODELS)  # type: ignore[return-value]


def test_each_router_is_measured_with_its_interval(small: PromptClassifier) -> None:
    found = evaluate_pair(made(), ("small", "large"), small, rounds=ROUNDS)

    assert (found.n, found.n_train) == (30, 30)
    names = [OURS, CATEGORY, KNN, TFIDF, "prompt length", "random", SMALL, LARGE, ORACLE]
    assert list(found.figures) == names
    for name in set(names) - {SMALL, LARGE}:
        for value in found.figures[name].values():
            assert value.low <= value.value <= value.high or value.low == value.high
    assert found.figures["random"][APGR].value == pytest.approx(0.5)
    assert found.figures["random"][ROOM].value == pytest.approx(0)
    assert found.figures[CATEGORY][APGR].value == found.figures[ORACLE][APGR].value
    assert found.figures[ORACLE][ROOM].value == pytest.approx(1)
    assert found.figures[ORACLE][CPT50].value == pytest.approx(1 / 6)
    # The longest prompts are poems, on which both fail.
    assert found.figures["prompt length"][APGR].value == pytest.approx(0.5)
    assert found.figures[SMALL][HALF].value == pytest.approx(1 / 3)
    assert found.figures[LARGE][HALF].value == pytest.approx(2 / 3)


def test_nobody_beats_the_oracle(small: PromptClassifier) -> None:
    found = evaluate_pair(made(), ("small", "large"), small, rounds=ROUNDS).figures

    best = found[ORACLE]
    for router in found.values():
        for figure in (APGR, "AIQ", ROOM):
            if figure in router:
                assert router[figure].value <= best[figure].value + 1e-9


def test_ours_is_the_foreseen_gap_where_both_models_are_known(small: PromptClassifier) -> None:
    found = evaluate_pair(made(), ("small", "large"), knowing(small), rounds=ROUNDS)

    assert found.figures[OURS][ROOM].value == pytest.approx(1)
    assert pairs.COMPLEXITY in found.figures
    assert found.leads["random"].value > 0
    whats = [it.what for it in found.calibration]
    assert whats == ["success of small", "success of large", "small falls short"]
    assert found.calibration[0].ece.value == pytest.approx(0.1)


def test_ours_is_complexity_where_a_model_is_not_known(small: PromptClassifier) -> None:
    without = evaluate_pair(made(), ("small", "large"), small, rounds=ROUNDS)
    half = evaluate_pair(made(), ("small", "large"), knowing(small, "small"), rounds=ROUNDS)

    assert half.figures == without.figures
    assert len(half.calibration) == 2


def test_costs_are_the_axis_where_they_are_known(small: PromptClassifier) -> None:
    free = evaluate_pair(made(), ("small", "large"), small, rounds=ROUNDS)
    priced = evaluate_pair(made(priced=True), ("small", "large"), small, rounds=ROUNDS)

    assert (free.curves[OURS][0][0], free.curves[OURS][-1][0]) == (0, 1)
    ends = [priced.curves[OURS][0][0], priced.curves[OURS][-1][0]]
    assert ends == pytest.approx([0.1, 1.0])
    assert "USD" in priced.cost_unit and "share" in free.cost_unit
    # Costs that differ between models alone stretch the axis, and change no figure.
    assert priced.figures[OURS]["AIQ"].value == pytest.approx(free.figures[OURS]["AIQ"].value)


@pytest.mark.parametrize(
    ("models", "split", "told"),
    [
        (("large", "small"), "val", "not better"),
        (("small", "giant"), "val", "no model 'giant'"),
        (("small", "large"), "test", "no prompt of split 'test'"),
    ],
)
def test_what_cannot_be_measured_is_said(
    small: PromptClassifier, models: tuple[str, str], split: str, told: str
) -> None:
    with pytest.raises(DataError, match=told):
        evaluate_pair(made(), models, small, split, rounds=ROUNDS)


def test_what_is_left_out_is_said(small: PromptClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    learned = evaluate_pair(made(), ("small", "large"), small, "train", rounds=ROUNDS)
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    bare = evaluate_pair(made(), ("small", "large"), small, rounds=ROUNDS)

    assert "No train rows" in learned.notes[0] and KNN not in learned.figures
    assert "slm-router[train]" in bare.notes[0] and TFIDF not in bare.figures


def test_the_same_seed_gives_the_same_intervals(small: PromptClassifier) -> None:
    first, second = (
        evaluate_pair(made(), ("small", "large"), small, rounds=ROUNDS, seed=3) for _ in range(2)
    )

    assert first.figures == second.figures


def test_a_pool_is_measured_beside_the_best_single_and_the_oracle(small: PromptClassifier) -> None:
    table = made(priced=True)

    found = evaluate_pool(table, pool_of(table), knowing(small), rounds=ROUNDS)

    value = {name: row[QUALITY].value for name, row in found.figures.items()}
    assert value[OURS] == value[ORACLE] == value[BEST_PER_CATEGORY] == 1
    assert value[BEST_SINGLE] == pytest.approx(2 / 3)
    assert value["random"] == pytest.approx(5 / 9)
    assert found.figures[BEST_SINGLE][pools.ROOM].value == 0
    assert found.figures[BEST_SINGLE][pools.COST].value == pytest.approx(1.0)
    assert found.figures["random"][pools.COST].value == pytest.approx(1.4 / 3)
    assert sum(found.chosen[OURS].values()) == pytest.approx(1)
    assert found.notes == []


def test_a_pool_says_which_models_are_not_known(small: PromptClassifier) -> None:
    table = made()

    found = evaluate_pool(table, table.models, small, rounds=ROUNDS)

    assert OURS not in found.figures
    assert found.notes == ["The classifier knows 0 of these 3 models."]


def test_two_models_are_no_pool() -> None:
    assert pool_of(made().of_models(["small", "large"])) == ()


def test_names_are_known_as_given_or_by_their_last_part(small: PromptClassifier) -> None:
    classifier = knowing(small, "small", "large")

    assert known_as(classifier, ("lab/large", "small", "x")) == {
        "lab/large": "large",
        "small": "small",
    }
    assert known_as(small, ("small",)) == {}
    scores = predicted_scores(classifier, made().texts[:2], ("x", "lab/large"))
    assert scores is not None
    assert np.isnan(scores[:, 0]).all() and scores[:, 1] == pytest.approx([0.9, 0.9])
