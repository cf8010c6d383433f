"""Learn a user's own models from scores on the user's own prompts.

The log-odds of a good answer stay level + loadings . latents (`ability.py`). Each model starts
from its measured ability, or the population's for its mean score, and moves as far as its labels
say; what is left is learned as an extra latent of its own, ridge regression on all that a prompt
shows. How far each may go, "not at all" included, is weighed by cross-validation grouped by
near-duplicates; then one slope on everything calibrates the chances on the same held-back folds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from classifiers.ability import Abilities, Ability, penalised_logistic
from classifiers.base import IntArray
from classifiers.near_duplicates import grouped_folds

Floats = NDArray[np.float64]
_LEVEL_SPREAD = 1.0
_SLOPE_PRIOR = 5.0  # held-back labels' worth of belief that the slope is 1


@dataclass(frozen=True, slots=True)
class Strength:
    """How strongly models are held where they started: penalties, larger is stiffer.

    Attributes:
        ability: times the population's precision.
        residual: of the ridge on what is left; infinite means there is none.
    """

    ability: float
    residual: float


# What is worth trying was found on tables held out of the classifier: docs/decisions, 0010.
STRENGTHS = tuple(
    Strength(*each) for each in product((10.0, 1.0, 0.1), (float("inf"), 10.0, 3.0, 1.0))
)


@dataclass(frozen=True, slots=True)
class Labels:
    """n prompts, encoded, with the scores of m models.

    Attributes:
        latents: [n, k]; directions: [n, r], a basis's rows.
        scores: [n, m] in [0, 1], NaN where a model was not asked.
        groups: [n]; near-duplicates share one.
    """

    latents: Floats
    directions: Floats
    scores: Floats
    groups: IntArray

    def rows(self, kept: NDArray[np.int64]) -> Labels:
        """Return the chosen prompts."""
        return Labels(
            self.latents[kept], self.directions[kept], self.scores[kept], self.groups[kept]
        )

    def __len__(self) -> int:
        return len(self.latents)


@dataclass(frozen=True, slots=True)
class Adapted:
    """m models as learned: log-odds = levels + latents @ loadings' + directions @ residuals.

    Attributes:
        levels: [m]; loadings: [m, k]; residuals: [r, m], all 0 where none was worth it.
    """

    levels: Floats
    loadings: Floats
    residuals: Floats

    def log_odds(self, labels: Labels) -> Floats:
        """Return [n, m]."""
        return self.levels + labels.latents @ self.loadings.T + labels.directions @ self.residuals

    def chances(self, labels: Labels) -> Floats:
        """Return the chance [n, m] of a good answer."""
        return logistic(self.log_odds(labels))

    def scaled(self, slope: float) -> Adapted:
        """Return log-odds times a slope."""
        return Adapted(slope * self.levels, slope * self.loadings, slope * self.residuals)


@dataclass(frozen=True, slots=True)
class Start:
    """Where the models start.

    Attributes:
        known: m names that the classifier measured, None for a model it knows nothing of.
    """

    abilities: Abilities
    known: tuple[str | None, ...]

    def of(self, model: int, latents: Floats, scores: Floats) -> Ability:
        """Return the ability before labels; of an unknown model the average one of its mean score
        on prompts with these latents [n, k]."""
        name = self.known[model]
        if name is not None:
            return self.abilities.of(name)
        mean = (float(scores.sum()) + 1) / (len(scores) + 2)
        if len(scores) == 0:
            return self.abilities.population.from_prior(mean)
        here = replace(self.abilities.population, typical=latents.astype(np.float32))
        return here.from_prior(mean)


def adapt(start: Start, labels: Labels, folds: int, seed: int) -> Adapted:
    """Return the models learned from all labels: the average over STRENGTHS, each weighing as well
    as it foresees prompts that it did not learn from. Seeded."""
    fold = grouped_folds(labels.groups, folds, seed)
    held = _held_back(start, labels, fold)
    weights = _weights(held, labels.scores)
    slope = _slope(sum(w * odds for w, odds in zip(weights, held, strict=True)), labels.scores)
    fitted = zip(weights, _fitted(start, labels, STRENGTHS), strict=True)
    return _sum([models.scaled(slope * weight) for weight, models in fitted])


def _weights(held: Sequence[Floats], scores: Floats) -> Floats:
    """Return the weight of each strength by its log loss on held-back prompts.

    As in pseudo-Bayesian model averaging (Yao et al., Bayesian Analysis, 2018), with the scores of
    one prompt counted as half an observation: they are not independent, and neither are folds.
    """
    losses = np.array([_loss(log_odds, scores) for log_odds in held])
    weights = np.exp(-len(scores) / 2 * (losses - losses.min()))
    result: Floats = weights / weights.sum()
    return result


def _sum(parts: Sequence[Adapted]) -> Adapted:
    return Adapted(
        np.sum([part.levels for part in parts], axis=0),
        np.sum([part.loadings for part in parts], axis=0),
        np.sum([part.residuals for part in parts], axis=0),
    )


def _held_back(start: Start, labels: Labels, fold: IntArray) -> Sequence[Floats]:
    """Return, per strength, log-odds [n, m] by models that did not see the prompt's fold."""
    held = [np.zeros(labels.scores.shape) for _ in STRENGTHS]
    for each in np.unique(fold):
        inside, outside = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        found = _fitted(start, labels.rows(outside), STRENGTHS)
        for place, models in enumerate(found):
            held[place][inside] = models.log_odds(labels.rows(inside))
    return held


def _fitted(start: Start, labels: Labels, strengths: Sequence[Strength]) -> list[Adapted]:
    """Return the models learned from all of these labels with each strength."""
    m, k = labels.scores.shape[1], labels.latents.shape[1]
    found = [
        Adapted(np.zeros(m), np.zeros((m, k)), np.zeros((labels.directions.shape[1], m)))
        for _ in strengths
    ]
    for model in range(m):
        rows = np.flatnonzero(~np.isnan(labels.scores[:, model]))
        learner = _Learner.of(start, model, labels.rows(rows))
        for strength, models in zip(strengths, found, strict=True):
            level, loadings, residual = learner.fit(strength)
            models.levels[model], models.loadings[model] = level, loadings
            models.residuals[:, model] = residual
    return found


@dataclass(frozen=True, slots=True)
class _Learner:
    """One model's labels, prepared for any strength."""

    X: Floats
    y: Floats
    centre: Floats
    precision: Floats
    middle: Floats
    directions: Floats
    values: Floats
    vectors: Floats

    @classmethod
    def of(cls, start: Start, model: int, labels: Labels) -> _Learner:
        y = labels.scores[:, model]
        ability = start.of(model, labels.latents, y)
        centre = np.concatenate([[ability.level], ability.loadings]).astype(np.float64)
        middle = labels.directions.mean(axis=0) if len(y) else np.zeros(labels.directions.shape[1])
        directions = labels.directions - middle
        values, vectors = np.linalg.eigh(directions.T @ directions)
        X = np.concatenate([np.ones((len(y), 1)), labels.latents], axis=1)
        precision = start.abilities.population.precision.astype(np.float64)
        return cls(X, y, centre, precision, middle, directions, values, vectors)

    def fit(self, strength: Strength) -> tuple[float, Floats, Floats]:
        """Return level, loadings [k] and the residual's weights [r]."""
        penalty = np.zeros((len(self.centre), len(self.centre)))
        penalty[0, 0] = _LEVEL_SPREAD**-2
        penalty[1:, 1:] = strength.ability * self.precision
        found = penalised_logistic(self.X, self.y, np.ones(len(self.y)), self.centre, penalty)
        level, loadings = float(found[0]), found[1:]
        if np.isinf(strength.residual) or len(self.y) == 0:
            return level, loadings, np.zeros(len(self.values))
        expected = logistic(self.X @ found)
        # One Newton step from no residual, at the labels' mean curvature.
        curvature = float((expected * (1 - expected)).mean())
        pull = self.vectors.T @ (self.directions.T @ (self.y - expected))
        weights = self.vectors @ (pull / (curvature * self.values + strength.residual))
        return level - float(self.middle @ weights), loadings, weights


def _loss(log_odds: Floats, scores: Floats) -> float:
    """Return the mean log loss over the labels."""
    known = ~np.isnan(scores)
    y, odds = scores[known], log_odds[known]
    return float((np.logaddexp(0, odds) - y * odds).mean())


def _slope(log_odds: Floats, scores: Floats) -> float:
    """Return the slope that makes held-back chances come true, drawn towards 1."""
    known = ~np.isnan(scores)
    X, y = log_odds[known][:, None], scores[known]
    one = np.ones(1)
    found = penalised_logistic(X, y, np.ones(len(y)), one, _SLOPE_PRIOR * np.eye(1))
    return float(np.clip(found[0], 0.1, 2.0))


def logistic(log_odds: Floats) -> Floats:
    """Return probabilities of log-odds, safe against overflow."""
    result: Floats = 1 / (1 + np.exp(-np.clip(log_odds, -30, 30)))
    return result
