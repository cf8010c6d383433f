"""Fit prompts' latents and models' abilities together, from every score table at once.

A low-rank logistic model: log-odds[i, m] = level[m] + loadings[m] . (features[i] @ coef), with L2
penalties that pull every model towards loadings (1, 0, ..., 0), so that the first latent is how
easy the prompt is for all. Minimised by L-BFGS (scipy). Needs the extra `train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.ability import penalised_logistic
from classifiers.responses import Block

LATENTS = 8
COEF_PENALTY = 1.0
LOADINGS_PENALTY = 1.0
_LEVEL_PENALTY = 0.05
_READ_PENALTY = 10.0  # per model, in prompts: its loadings move only for good reason
_STEPS = 60
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """What is learned of d features, m models and b blocks.

    Attributes:
        coef: [d, k] features to latents.
        loadings: [m, k]; levels: [m].
        shifts: [b] added to every level in a block; 0 unless the block is shifted.
    """

    coef: Floats
    loadings: Floats
    levels: Floats
    shifts: Floats

    def flat(self) -> Floats:
        """Return all parameters in one vector."""
        return np.concatenate([self.coef.ravel(), self.loadings.ravel(), self.levels, self.shifts])

    def like(self, flat: Floats) -> Fit:
        """Return the parameters of a vector, in this one's shapes."""
        ends = np.cumsum([self.coef.size, self.loadings.size, self.levels.size])
        coef, loadings, levels, shifts = np.split(flat, ends)
        return Fit(
            coef.reshape(self.coef.shape), loadings.reshape(self.loadings.shape), levels, shifts
        )


def start(features: int, models: int, blocks: int, latents: int, seed: int) -> Fit:
    """Return small random parameters to start from."""
    draw = np.random.default_rng(seed)
    loadings = 0.3 * draw.normal(size=(models, latents))
    loadings[:, 0] = 1.0
    coef = 0.01 * draw.normal(size=(features, latents))
    return Fit(coef, loadings, np.zeros(models), np.zeros(blocks))


def fit(X: Any, blocks: Sequence[Block], first: Fit, free_models: bool = True) -> Fit:
    """Return the likeliest parameters given features X [n, d] (dense or scipy CSR) and scores.

    With `free_models` false the models stay as in `first` and only `coef` is learned.
    """
    from scipy.optimize import minimize

    transposed = X.T.tocsr() if hasattr(X, "tocsr") else X.T

    def loss(flat: Floats) -> tuple[float, Floats]:
        now = first.like(flat)
        value, gradient = _loss(X @ now.coef, blocks, now)
        at = Fit(transposed @ gradient.coef, gradient.loadings, gradient.levels, gradient.shifts)
        value, total = _penalised(value, at, now)
        if not free_models:
            total[now.coef.size :] = 0.0
        return value, total

    options = {"maxiter": _STEPS, "maxcor": 10}
    found = minimize(loss, first.flat(), jac=True, method="L-BFGS-B", options=options)
    return first.like(found.x)


def _loss(latents: Floats, blocks: Sequence[Block], now: Fit) -> tuple[float, Fit]:
    """Return log loss and its gradient; the gradient's `coef` is that of the latents [n, k]."""
    value = 0.0
    g_latents, g_loadings = np.zeros_like(latents), np.zeros_like(now.loadings)
    g_levels, g_shifts = np.zeros_like(now.levels), np.zeros_like(now.shifts)
    for place, block in enumerate(blocks):
        here, models = latents[block.rows], now.loadings[block.models]
        shift = now.shifts[place] if block.shifted else 0.0
        odds = here @ models.T + now.levels[block.models] + shift
        tail = np.exp(-np.abs(odds))
        losses = np.maximum(odds, 0) + np.log1p(tail) - block.scores * odds
        value += float((block.weights * losses).sum())
        chance = np.where(odds >= 0, 1.0, tail) / (1 + tail)
        error = block.weights * (chance - block.scores)
        g_latents[block.rows] += error @ models
        np.add.at(g_loadings, block.models, error.T @ here)
        np.add.at(g_levels, block.models, error.sum(axis=0))
        g_shifts[place] = error.sum() if block.shifted else 0.0
    return value, Fit(g_latents, g_loadings, g_levels, g_shifts)


def _penalised(value: float, gradient: Fit, now: Fit) -> tuple[float, Floats]:
    away = now.loadings.copy()
    away[:, 0] -= 1.0
    value += 0.5 * COEF_PENALTY * float((now.coef**2).sum())
    value += 0.5 * LOADINGS_PENALTY * float((away**2).sum())
    value += 0.5 * _LEVEL_PENALTY * float((now.levels**2).sum())
    total = Fit(
        gradient.coef + COEF_PENALTY * now.coef,
        gradient.loadings + LOADINGS_PENALTY * away,
        gradient.levels + _LEVEL_PENALTY * now.levels,
        gradient.shifts,
    )
    return value, total.flat()


def read_out(latents: Floats, blocks: Sequence[Block], centre: Fit) -> tuple[Floats, Floats]:
    """Return levels [m] and loadings [m, k] fitted again to held-out latents [n, k].

    Latents of prompts not learned from are less sure than those learned from, so that models
    must lean on them less: this is what calibrates every model's chances at once. What is fitted
    stays near `centre`; a loading that is NaN there is 0, for that latent is not of that model.
    """
    levels, loadings = centre.levels.copy(), np.nan_to_num(centre.loadings)
    penalty = np.diag([_READ_PENALTY] * (1 + latents.shape[1]))
    penalty[0, 0] = _LEVEL_PENALTY
    for model in range(len(levels)):
        X, y, weights = _of_model(model, latents, blocks, centre.shifts)
        if len(y):
            free = ~np.isnan(centre.loadings[model])
            kept = np.concatenate([[True], free])
            start = np.concatenate([[levels[model]], loadings[model]])[kept]
            found = penalised_logistic(X[:, kept], y, weights, start, penalty[kept][:, kept])
            levels[model], loadings[model, free] = found[0], found[1:]
    return levels, loadings


def shrinkage(latents: Floats, blocks: Sequence[Block], fitted: Fit) -> float:
    """Return the one factor on all loadings that minimises log loss on held-out latents."""
    from scipy.optimize import minimize_scalar

    def loss(factor: float) -> float:
        now = Fit(fitted.coef, factor * fitted.loadings, fitted.levels, fitted.shifts)
        return _loss(latents, blocks, now)[0]

    return float(minimize_scalar(loss, bounds=(0.05, 1.5), method="bounded").x)


def _of_model(
    model: int, latents: Floats, blocks: Sequence[Block], shifts: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return design [n, 1 + k], scores and weights of one model under its tables' own judges."""
    rows, scores, weights = [], [], []
    for block in blocks:
        columns = np.flatnonzero(block.models == model)
        if len(columns) and not block.shifted:
            rows.append(block.rows)
            scores.append(block.scores[:, columns[0]])
            weights.append(block.weights[:, columns[0]])
    if not rows:
        return np.zeros((0, 1 + latents.shape[1])), np.zeros(0), np.zeros(0)
    picked = latents[np.concatenate(rows)]
    X = np.concatenate([np.ones((len(picked), 1)), picked], axis=1)
    weight = np.concatenate(weights)
    # The weights say how the tables compare; within one model every prompt is one observation.
    kept = weight > 0
    return X[kept], np.concatenate(scores)[kept], (weight / weight[kept].mean())[kept]
