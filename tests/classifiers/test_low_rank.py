"""The joint fit of latents and abilities, on scores whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers import low_rank
from classifiers.responses import Block

PROMPTS, FEATURES, MODELS = 400, 6, 12
Floats = NDArray[np.float64]


def world() -> tuple[Floats, Floats, list[Block]]:
    """Features, true chances [n, m], and blocks: half the models on each half of the prompts."""
    draw = np.random.default_rng(0)
    X = draw.normal(size=(PROMPTS, FEATURES))
    coef = draw.normal(size=(FEATURES, 2))
    loadings = np.stack([np.ones(MODELS), draw.choice([-1.0, 1.0], MODELS)], axis=1)
    chances = 1 / (1 + np.exp(-(X @ coef @ loadings.T + draw.normal(size=MODELS))))
    scores = (draw.random(chances.shape) < chances).astype(float)
    halves = np.split(np.arange(PROMPTS), 2)
    models = (np.arange(8), np.arange(4, MODELS))
    blocks = [
        Block(rows, columns, False, (part := scores[np.ix_(rows, columns)]), np.ones_like(part))
        for rows, columns in zip(halves, models, strict=True)
    ]
    return X, chances, blocks


def test_it_predicts_models_on_prompts_they_were_never_asked() -> None:
    X, chances, blocks = world()

    found = low_rank.fit(X, blocks, low_rank.start(FEATURES, MODELS, 2, 3, seed=1))

    odds = X @ found.coef @ found.loadings.T + found.levels
    unseen = odds[:200, 8:]
    assert np.corrcoef(unseen.ravel(), chances[:200, 8:].ravel())[0, 1] > 0.8


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    X, _, blocks = world()
    shifted = Block(
        blocks[1].rows, blocks[1].models, True, blocks[1].scores, 0.5 * blocks[1].weights
    )
    now = low_rank.start(FEATURES, MODELS, 2, 2, seed=3)
    latents = X @ now.coef
    _, gradient = low_rank._loss(latents, [blocks[0], shifted], now)

    for name in ("loadings", "levels", "shifts"):
        step = np.zeros_like(now.flat())
        place = {
            "loadings": now.coef.size + 5,
            "levels": now.coef.size + now.loadings.size + 9,
            "shifts": len(step) - 1,
        }[name]
        step[place] = 1e-5
        up, down = now.like(now.flat() + step), now.like(now.flat() - step)
        both = [low_rank._loss(latents, [blocks[0], shifted], each)[0] for each in (up, down)]
        assert gradient.flat()[place - now.coef.size + gradient.coef.size] == pytest.approx(
            (both[0] - both[1]) / 2e-5, rel=1e-3, abs=1e-4
        )


def test_models_may_be_kept_as_they_are() -> None:
    X, _, blocks = world()
    first = low_rank.start(FEATURES, MODELS, 2, 2, seed=1)

    found = low_rank.fit(X, blocks, first, free_models=False)

    assert np.array_equal(found.loadings, first.loadings)
    assert not np.array_equal(found.coef, first.coef)


def test_a_lenient_judge_shifts_its_scores_and_not_the_models() -> None:
    X, _, blocks = world()
    rows, models = blocks[0].rows, blocks[0].models
    lenient = np.ones_like(blocks[0].scores)
    both = [blocks[0], Block(rows, models, True, lenient, blocks[0].weights)]

    alone = low_rank.fit(X, blocks[:1], low_rank.start(FEATURES, MODELS, 1, 2, seed=1))
    found = low_rank.fit(X, both, low_rank.start(FEATURES, MODELS, 2, 2, seed=1))

    assert found.shifts[0] == 0 and found.shifts[1] > 2
    assert np.abs(found.levels[models] - alone.levels[models]).max() < 1


def test_reading_out_on_noisier_latents_makes_models_lean_on_them_less() -> None:
    X, _, blocks = world()
    found = low_rank.fit(X, blocks, low_rank.start(FEATURES, MODELS, 2, 2, seed=1))
    noise = np.random.default_rng(4).normal(size=(PROMPTS, 2))
    clean = X @ found.coef

    sure = low_rank.shrinkage(clean, blocks, found)
    unsure = low_rank.shrinkage(clean + 3 * noise, blocks, found)

    assert unsure < 0.7 * sure


def test_a_loading_that_is_not_a_models_own_stays_zero() -> None:
    X, _, blocks = world()
    found = low_rank.fit(X, blocks, low_rank.start(FEATURES, MODELS, 2, 2, seed=1))
    loadings = found.loadings.copy()
    loadings[0, 1] = np.nan

    _, read = low_rank.read_out(
        X @ found.coef, blocks, low_rank.Fit(found.coef, loadings, found.levels, found.shifts)
    )

    assert read[0, 1] == 0
    assert np.count_nonzero(read) == read.size - 1
