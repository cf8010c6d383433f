"""A router over a pool of models, measured beside the baselines on held-back prompts.

Each router takes the model with the highest expected score; cost is not weighed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from classifiers import curves
from classifiers.baselines import (
    CATEGORY,
    KNN,
    TFIDF,
    Floats,
    column_means,
    expected_scores,
)
from classifiers.curves import Estimate
from classifiers.errors import DataError
from classifiers.pairs import ORACLE, OURS, RANDOM
from classifiers.predictions import embeddings, predicted_scores
from classifiers.prompt_classifier import PromptClassifier
from classifiers.results import Results

BEST_SINGLE, BEST_PER_CATEGORY = "best single", "best per category"
QUALITY, ROOM, COST = "quality", "oracle's room", "USD a prompt"
_COVERAGE = 0.95
_SMALLEST = 3


@dataclass(frozen=True, slots=True)
class PoolReport:
    """One pool of models on one dataset.

    Attributes:
        figures: router -> figure -> estimate; `oracle's room` is 0 for the best single model.
        chosen: router -> model -> share of prompts sent to it.
    """

    dataset: str
    models: tuple[str, ...]
    n: int
    n_train: int
    figures: dict[str, dict[str, Estimate]]
    chosen: dict[str, dict[str, float]]
    notes: list[str]


def pool_of(table: Results) -> tuple[str, ...]:
    """Return the models that answered nearly every prompt; () when they are fewer than three."""
    covered = (~np.isnan(table.scores)).mean(axis=0) >= _COVERAGE
    models = tuple(m for m, kept in zip(table.models, covered, strict=True) if kept)
    return models if len(models) >= _SMALLEST else ()


def evaluate_pool(
    table: Results,
    models: Sequence[str],
    classifier: PromptClassifier,
    split: str = "val",
    rounds: int = 1000,
    seed: int = 0,
) -> PoolReport:
    """Measure ours and every baseline over a pool. Intervals are of `rounds` resamples.

    Raises DataError for unknown models or a split without prompts that all of them answered.
    """
    pool = table.of_models(models)
    judged, train = pool.of_split(split), pool.of_split("train" if split != "train" else "")
    if len(judged) == 0:
        raise DataError(f"{table.dataset}: no prompt of split {split!r} has all scores")
    choices, notes = _choices(train, judged, classifier)
    found = curves.bootstrap_many(partial(_measured, judged, choices), len(judged), rounds, seed)
    figures: dict[str, dict[str, Estimate]] = {}
    for (router, figure), value in found.items():
        figures.setdefault(router, {})[figure] = value
    return PoolReport(
        dataset=table.dataset,
        models=pool.models,
        n=len(judged),
        n_train=len(train),
        figures=figures,
        chosen={name: _shares(rows, pool.models) for name, rows in choices.items()},
        notes=notes,
    )


def _choices(
    train: Results, judged: Results, classifier: PromptClassifier
) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    """Return router -> the column chosen for each prompt, ours first, and what to say of it."""
    notes: list[str] = []
    found: dict[str, NDArray[np.int64]] = {}
    foreseen = predicted_scores(classifier, judged.texts, judged.models)
    known = 0 if foreseen is None else int((~np.isnan(foreseen).all(axis=0)).sum())
    if foreseen is not None and known > 1:
        found[OURS] = np.where(np.isnan(foreseen), -np.inf, foreseen).argmax(axis=1)
    if known < len(judged.models):
        notes.append(f"The classifier knows {known} of these {len(judged.models)} models.")
    learned = expected_scores(train, judged, partial(embeddings, classifier))
    for name, label in ((CATEGORY, BEST_PER_CATEGORY), (KNN, KNN), (TFIDF, TFIDF)):
        if name in learned:
            found[label] = learned[name].argmax(axis=1)
    if len(train) == 0:
        notes.append("No train rows: the best single model is the best of the judged prompts.")
    best = column_means((train if len(train) else judged).scores).argmax()
    found[BEST_SINGLE] = np.full(len(judged), best)
    return found, notes


def _measured(
    judged: Results, choices: Mapping[str, NDArray[np.int64]], kept: NDArray[np.int64]
) -> dict[tuple[str, str], float]:
    scores, costs = judged.scores[kept], judged.costs[kept]
    found = {
        name: (_picked(scores, rows[kept]), _picked(costs, rows[kept]))
        for name, rows in choices.items()
    }
    found[RANDOM] = scores.mean(), costs.mean()
    found[ORACLE] = scores.max(axis=1).mean(), _picked(costs, scores.argmax(axis=1))
    single, oracle = found[BEST_SINGLE][0], found[ORACLE][0]
    figures: dict[tuple[str, str], float] = {}
    for name, (quality, cost) in found.items():
        figures[name, QUALITY] = float(quality)
        won = (quality - single) / (oracle - single) if oracle > single else np.nan
        figures[name, ROOM] = float(won)
        if not np.isnan(cost):
            figures[name, COST] = float(cost)
    return figures


def _picked(values: Floats, columns: NDArray[np.int64]) -> float:
    return float(values[np.arange(len(columns)), columns].mean())


def _shares(columns: NDArray[np.int64], models: Sequence[str]) -> dict[str, float]:
    counts = np.bincount(columns, minlength=len(models)) / len(columns)
    return {model: float(share) for model, share in zip(models, counts, strict=True) if share}
