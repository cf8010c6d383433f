"""How likely a model is to answer a prompt well: item response theory in a few dimensions.

The log-odds of a good answer are level + loadings . latents: the prompt gives the latents
(`latents.py`), the model its level and loadings. A model never seen gets the loadings that models
of its quality have on average, and moves away from them as far as its labels say. After Reckase,
Multidimensional Item Response Theory (2009); the prior over models is a Gaussian fitted to those
in the score tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, FloatArray

_LEVEL_SPREAD = 1.0  # logits by which a model may differ from its prior before labels are needed
_REACH = 12.0  # logits within which a level is sought
_ALIEN_PRECISION = 100.0  # of loadings on latents that were learned for one model alone
_EDGE = 1e-3
_NEAREST = 1e-4  # probabilities are kept this far from 0 and 1, so that their logit is finite
_FARTHEST = float(np.log((1 - _NEAREST) / _NEAREST))
_STEEPEST = 30.0  # log-odds, beyond which a probability is 0 or 1
_PRIOR = ("typical", "intercept", "slope", "span", "precision")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ability:
    """One model.

    Attributes:
        level: log-odds of a good answer to a prompt whose latents are 0.
        loadings: [k] how much each latent moves them.
    """

    level: float
    loadings: FloatArray

    def quality(self, latents: FloatArray) -> FloatArray:
        """Return the chance [n] of a good answer to prompts with these latents [n, k]."""
        return expit(self.level + latents @ self.loadings)


@dataclass(frozen=True, slots=True)
class Population:
    """What models are like: the prior of an unseen one.

    Attributes:
        typical: [m, k] latents of typical prompts, over which a quality prior is meant.
        intercept, slope: [k] the mean loadings of models of a level are intercept + slope * level.
        span: [2] lowest and highest level of the models; loadings are not extrapolated.
        precision: [k, k] inverse covariance of loadings around that mean.
    """

    typical: FloatArray
    intercept: FloatArray
    slope: FloatArray
    span: FloatArray
    precision: FloatArray

    @classmethod
    def of(cls, typical: FloatArray, levels: Floats, loadings: Floats) -> Self:
        """Describe m fitted models by their levels [m] and loadings [m, k]."""
        if len(levels) > 1 and np.ptp(levels) > 0:
            slope, intercept = np.polyfit(levels, loadings, 1)
        else:
            slope, intercept = np.zeros(loadings.shape[1]), loadings.mean(axis=0)
        rest = loadings - (intercept + np.outer(levels, slope))
        covariance = rest.T @ rest / max(len(levels), 1) + 0.01 * np.eye(loadings.shape[1])
        span = np.array([levels.min(), levels.max()])
        parts = (intercept, slope, span, np.linalg.inv(covariance))
        return cls(typical, *(part.astype(np.float32) for part in parts))

    def at(self, level: float) -> Ability:
        """Return the average model of a level."""
        loadings = self.intercept + self.slope * np.clip(level, *self.span)
        return Ability(level, loadings.astype(np.float32))

    def from_prior(self, prior: float, prompts: FloatArray | None = None) -> Ability:
        """Return the average model whose mean chance over prompts with these latents [n, k], the
        typical ones unless given, is `prior`. Raises ValueError unless 0 < prior < 1.
        """
        over = self.typical if prompts is None else prompts
        return self.at(anchor(lambda level: self.at(level).quality(over), prior))

    def fitted(self, prior: float, latents: FloatArray, scores: Sequence[float]) -> Ability:
        """Return the likeliest model given its prior and scores [n] in [0, 1] on n prompts.

        Newton's method on log loss plus the population's penalty. No labels give the prior.
        """
        start = self.from_prior(prior)
        centre = np.concatenate([[start.level], start.loadings]).astype(np.float64)
        penalty = np.zeros((len(centre), len(centre)))
        penalty[0, 0] = _LEVEL_SPREAD**-2
        penalty[1:, 1:] = self.precision
        X = np.concatenate([np.ones((len(latents), 1)), latents], axis=1)
        y = np.asarray(scores, dtype=np.float64)
        found = penalised_logistic(X, y, np.ones(len(y)), centre, penalty)
        return Ability(float(found[0]), found[1:].astype(np.float32))

    def widened(self, extra: int) -> Self:
        """Return the same with `extra` more latents, which models not yet seen lean on least."""
        known = len(self.precision)
        precision = np.eye(known + extra, dtype=np.float32) * _ALIEN_PRECISION
        precision[:known, :known] = self.precision
        return replace(
            self,
            typical=_padded(self.typical, extra),
            intercept=_padded(self.intercept, extra),
            slope=_padded(self.slope, extra),
            precision=precision,
        )


@dataclass(frozen=True, slots=True)
class Abilities:
    """Every model that was measured.

    Attributes:
        names: m model names, sorted.
        levels: [m].
        loadings: [m, k].
        population: the prior of the others.
    """

    names: tuple[str, ...]
    levels: FloatArray
    loadings: FloatArray
    population: Population

    def of(self, name: str) -> Ability:
        """Return one model. Raises KeyError for a name that was not measured."""
        row = self._row(name)
        return Ability(float(self.levels[row]), self.loadings[row])

    def quality(self, latents: FloatArray, models: Sequence[str]) -> FloatArray:
        """Return the chance [n, len(models)] of a good answer; KeyError for an unknown name."""
        rows = np.array([self._row(name) for name in models], dtype=np.int64)
        return expit(self.levels[rows] + latents @ self.loadings[rows].T)

    def widened(self, extra: int) -> Self:
        """Return the same with `extra` more latents, which mean nothing to any of these models."""
        return replace(
            self, loadings=_padded(self.loadings, extra), population=self.population.widened(extra)
        )

    def _row(self, name: str) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            raise KeyError(name) from None

    def arrays(self) -> Arrays:
        """What the artifact must store, beside the names."""
        return {
            "levels": self.levels,
            "loadings": self.loadings,
            **{name: getattr(self.population, name) for name in _PRIOR},
        }

    @classmethod
    def restore(cls, names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from stored arrays. Raises ValueError when names and arrays disagree."""
        if len(names) != len(arrays["levels"]):
            raise ValueError(f"{len(names)} models, {len(arrays['levels'])} levels")
        population = Population(*(arrays[name] for name in _PRIOR))
        return cls(tuple(names), arrays["levels"], arrays["loadings"], population)


def anchored(loadings: FloatArray, prior: float, prompts: FloatArray) -> Ability:
    """Return the model of these loadings [k] whose mean chance over prompts with latents [n, k] is
    `prior`: the level is said, what it is good at was measured. Raises as `anchor`."""
    level = anchor(lambda level: Ability(level, loadings).quality(prompts), prior)
    return Ability(level, loadings)


def anchor(chances: Callable[[float], FloatArray], prior: float) -> float:
    """Return the level within +-12 at which `chances`, which rise with it, average to `prior`.

    Raises ValueError unless 0 < prior < 1.
    """
    if not 0 < prior < 1:
        raise ValueError(f"a quality prior is between 0 and 1, got {prior}")
    low, high = -_REACH, _REACH
    for _ in range(50):
        middle = (low + high) / 2
        if chances(middle).mean() < prior:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _padded(rows: FloatArray, extra: int) -> FloatArray:
    """Return rows [..., k] with `extra` zeros after each."""
    zeros = np.zeros((*rows.shape[:-1], extra), dtype=rows.dtype)
    result: FloatArray = np.concatenate([rows, zeros], axis=-1)
    return result


def expit(scores: NDArray[Any]) -> FloatArray:
    """Return probabilities of log-odds, safe against overflow."""
    # `np.clip` says the same and costs five times as much on the few numbers of one prompt.
    kept = np.minimum(np.maximum(scores, -_STEEPEST), _STEEPEST)
    result: FloatArray = (1 / (1 + np.exp(-kept))).astype(np.float32)
    return result


def chance(odds: float) -> float:
    """Return `expit` of one log-odds: on the few numbers of one prompt Python takes less time than
    numpy, whose calls cost more than what they do."""
    if not -_STEEPEST < odds < _STEEPEST:
        odds = _STEEPEST if odds > 0 else -_STEEPEST
    return 1 / (1 + exp(-odds))


def bounded(odds: float) -> float:
    """Return log-odds as `logit` would give them for their own probability."""
    return odds if -_FARTHEST < odds < _FARTHEST else min(max(odds, -_FARTHEST), _FARTHEST)


def log_odds(probability: float) -> float:
    """Return `logit` of one probability."""
    if not _NEAREST < probability < 1 - _NEAREST:
        probability = min(max(probability, _NEAREST), 1 - _NEAREST)
    return log(probability / (1 - probability))


def logit(probabilities: Any) -> Any:
    """Return the log-odds of probabilities of any shape, finite also at 0 and 1."""
    kept = np.minimum(np.maximum(probabilities, _NEAREST), 1 - _NEAREST)
    return np.log(kept / (1 - kept))


def penalised_logistic(
    X: Floats, y: Floats, weights: Floats, centre: Floats, penalty: Floats
) -> Floats:
    """Return the coefficients [p] that minimise weighted log loss of soft targets y [n] plus
    (coef - centre)' penalty (coef - centre) / 2, by damped Newton steps."""
    found = centre.copy()
    for _ in range(40):
        fitted = 1 / (1 + np.exp(-np.clip(X @ found, -30, 30)))
        gradient = X.T @ (weights * (fitted - y)) + penalty @ (found - centre)
        curvature = (X * (weights * fitted * (1 - fitted))[:, None]).T @ X + penalty
        step = np.linalg.solve(curvature + _EDGE * np.eye(len(found)), gradient)
        found = found - np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-6:
            break
    return found
