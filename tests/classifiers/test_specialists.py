"""Latents that one table adds, on scores whose truth is known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from classifiers import specialists
from classifiers.responses import Block

PROMPTS, WIDTH, MODELS = 400, 40, 6
Floats = NDArray[np.float64]


def table(draw: np.random.Generator, told: bool) -> tuple[csr_matrix, Block]:
    """Prompts of one word out of 40 each; models 0-2 are good at the odd words, 3-4 at the even.

    Without `told` the words say nothing of the scores. Model 5 is of no table.
    """
    words = draw.integers(0, WIDTH, PROMPTS)
    X = csr_matrix((np.ones(PROMPTS), (np.arange(PROMPTS), words)), shape=(PROMPTS, WIDTH))
    odd = (words if told else draw.permutation(words)) % 2 == 1
    chances = np.where(np.arange(5)[None, :] < 3, odd[:, None], ~odd[:, None]) * 0.6 + 0.2
    scores = (draw.random(chances.shape) < chances).astype(float)
    return X, Block(np.arange(PROMPTS), np.arange(5), False, scores, np.ones_like(scores))


def learn(X: csr_matrix, block: Block) -> specialists.Specialists:
    fold = np.random.default_rng(1).integers(0, 4, PROMPTS)
    return specialists.learn(X, [block], fold, MODELS)


def test_a_direction_that_words_foretell_becomes_a_latent_of_unit_spread() -> None:
    X, block = table(np.random.default_rng(0), told=True)

    found = learn(X, block)

    assert found.coef.shape == (WIDTH, found.held.shape[1])
    apart = np.abs(found.coef[1::2, 0].mean() - found.coef[::2, 0].mean())
    assert apart > 1
    np.testing.assert_allclose(found.held.std(axis=0), 1, rtol=0.2)


def test_models_that_differ_lean_on_it_in_opposite_ways_and_others_not_at_all() -> None:
    X, block = table(np.random.default_rng(0), told=True)

    moved = learn(X, block).loadings[:, 0]

    assert len(set(np.sign(moved[:3]))) == 1
    assert set(np.sign(moved[3:5])) == {-np.sign(moved[0])}
    assert np.isnan(moved[5])


def test_a_direction_that_words_do_not_foretell_is_left_out() -> None:
    X, block = table(np.random.default_rng(0), told=False)

    assert learn(X, block).held.shape == (PROMPTS, 0)


def test_a_judge_with_its_own_level_and_a_small_table_add_nothing() -> None:
    X, block = table(np.random.default_rng(0), told=True)
    shifted = Block(block.rows, block.models, True, block.scores, block.weights)
    small = Block(block.rows[:50], block.models, False, block.scores[:50], block.weights[:50])

    for one in (shifted, small):
        found = learn(X, one)
        assert found.coef.shape == (WIDTH, 0)
        assert found.loadings.shape == (MODELS, 0)


def test_no_prompt_is_judged_by_a_map_that_saw_its_fold() -> None:
    draw = np.random.default_rng(0)
    X, block = table(draw, told=False)
    # Every prompt its own word: whoever learned from it would know its scores by heart.
    own = csr_matrix(np.eye(PROMPTS))
    alone = specialists.learn(own, [block], draw.integers(0, 4, PROMPTS), MODELS)

    assert X.shape[0] == PROMPTS
    assert alone.held.shape[1] == 0
