"""How an adapted classifier fared on its labels while they were held back, beside simple routers.

All routers are judged on the same prompts, and learned from the same folds where they learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from classifiers import curves
from classifiers.adapting import Candidate
from classifiers.baselines import expected_scores, prompt_lengths
from classifiers.curves import Estimate
from classifiers.errors import DataError
from classifiers.near_duplicates import grouped_folds
from classifiers.predictions import complexities, embeddings, predicted_scores
from classifiers.prompt_classifier import PromptClassifier
from classifiers.replacement import APGR, LOG_LOSS, Floats, Trial, log_loss, recovered
from classifiers.results import Results

ADAPTED, BEFORE = "adapted", "before"
Figures = dict[str, dict[str, Estimate]]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a classifier makes of n prompts.

    Attributes:
        chances: [n, m] of a good answer, NaN for models that it does not know.
        complexity: [n], what it routes by between models of which it does not know both.
    """

    chances: Floats
    complexity: Floats

    @classmethod
    def by(cls, classifier: PromptClassifier, table: Results) -> Foreseen:
        """Ask a classifier; it was held back from what it says of prompts that taught it."""
        found = predicted_scores(classifier, table.texts, table.models)
        unknown = np.full(table.scores.shape, np.nan)
        return cls(unknown if found is None else found, complexities(classifier, table.texts))

    def ranks(self, small: int, large: int) -> Floats:
        """Return how much each prompt [n] wants the large model (both are columns)."""
        gap = self.chances[:, large] - self.chances[:, small]
        return self.complexity if np.isnan(gap).any() else gap


@dataclass(frozen=True, slots=True)
class Pair:
    """The columns of a small and a large model, and the prompts [k] that both answered."""

    small: int
    large: int
    rows: NDArray[np.int64]


def pair_of(table: Results, small: str | None, large: str | None) -> Pair | None:
    """Return the pair to judge by: the models named, else the worst and the best by mean score.

    None when no large model is better than the small one. Raises DataError for an unknown name.
    """
    means = np.nanmean(table.scores, axis=0)
    columns = [
        int(found(means)) if name is None else _column(table, name)
        for name, found in ((small, np.argmin), (large, np.argmax))
    ]
    rows = np.flatnonzero(~np.isnan(table.scores[:, columns]).any(axis=1))
    weak, strong = table.scores[rows][:, columns].mean(axis=0) if len(rows) else (0.0, 0.0)
    return Pair(columns[0], columns[1], rows) if strong > weak else None


def _column(table: Results, name: str) -> int:
    if name not in table.models:
        raise DataError(f"no label is of model {name!r}; there are {', '.join(table.models)}")
    return table.models.index(name)


def trials(candidate: Candidate, old: Foreseen, new: Foreseen, pair: Pair | None) -> list[Trial]:
    """Return what the new classifier is compared with an old one by."""
    table = candidate.table
    known = np.where(np.isnan(old.chances), np.nan, table.scores)
    found = [
        Trial(
            LOG_LOSS,
            candidate.groups,
            log_loss(old.chances, known),
            log_loss(new.chances, known),
            sign=-1,
        )
    ]
    if pair is not None:
        weak, strong = (table.scores[pair.rows, at] for at in (pair.small, pair.large))
        ranks = [each.ranks(pair.small, pair.large)[pair.rows] for each in (old, new)]
        measures = [recovered(each, weak, strong) for each in ranks]
        found.insert(0, Trial(APGR, candidate.groups[pair.rows], measures[0], measures[1]))
    return found


def figures(
    candidate: Candidate, base: PromptClassifier, plan: tuple[int, int, int], pair: Pair | None
) -> Figures:
    """Return every figure of the card: test -> figure -> estimate; `plan` is (folds, seed, rounds).

    Unlike the comparison of two classifiers these intervals are of single prompts.
    """
    folds, seed, rounds = plan
    table = candidate.table
    chances = candidate.held_out.recalled(table.texts, candidate.names)
    interval = partial(curves.bootstrap, rounds=rounds, seed=seed)
    found: Figures = {}
    for column, model in enumerate(table.models):
        known = ~np.isnan(table.scores[:, column])
        foreseen, scores = chances[known, column], table.scores[known, column]
        found[f"chances of {model}"] = {
            "mean score": interval(lambda scores: float(scores.mean()), scores),
            "ECE": interval(curves.expected_calibration_error, foreseen, scores),
        }
    if pair is not None:
        before = Foreseen.by(base, table)
        routers = {
            ADAPTED: Foreseen(chances, before.complexity).ranks(pair.small, pair.large),
            BEFORE: before.ranks(pair.small, pair.large),
            "prompt length": prompt_lengths(table.texts),
            **_baselines(candidate, base, (folds, seed), pair),
        }
        title = f"routing {table.models[pair.small]} or {table.models[pair.large]}"
        found[title] = _routed(table, routers, pair, (rounds, seed))
    return found


def _baselines(
    candidate: Candidate, base: PromptClassifier, plan: tuple[int, int], pair: Pair
) -> dict[str, Floats]:
    """Return how much each prompt wants the large model by routers that learn from the folds."""
    folds, seed = plan
    table = candidate.table
    fold = grouped_folds(candidate.groups, folds, seed + 1)
    found: dict[str, Floats] = {}
    for each in range(folds):
        inside, outside = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        if len(inside) == 0:
            continue
        told = expected_scores(table.rows(outside), table.rows(inside), partial(embeddings, base))
        for name, scores in told.items():
            ranks = found.setdefault(name, np.zeros(len(table)))
            ranks[inside] = scores[:, pair.large] - scores[:, pair.small]
    return found


def _routed(
    table: Results, routers: Mapping[str, Floats], pair: Pair, plan: tuple[int, int]
) -> dict[str, Estimate]:
    """Return APGR of each router, of all on the same resamples."""
    weak, strong = (table.scores[pair.rows, at] for at in (pair.small, pair.large))
    measures = {
        f"{APGR} {name}": recovered(ranks[pair.rows], weak, strong)
        for name, ranks in routers.items()
    }
    measures[f"{APGR} oracle"] = recovered(strong - weak, weak, strong)

    def measured(rows: NDArray[np.int64]) -> dict[str, float]:
        if strong[rows].mean() <= weak[rows].mean():
            return dict.fromkeys(measures, float("nan"))
        return {name: measure(rows) for name, measure in measures.items()}

    rounds, seed = plan
    return curves.bootstrap_many(measured, len(pair.rows), rounds, seed)
