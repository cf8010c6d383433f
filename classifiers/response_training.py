"""Learn a ResponseModel from the score tables: fit on train, calibrate on held-out folds of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifiers import low_rank, specialists
from classifiers.ability import Abilities, Population
from classifiers.base import Design, FloatArray
from classifiers.encoder import SURFACE, WIDE, Encoder
from classifiers.heads.linear import as_matrix
from classifiers.latents import Latents
from classifiers.low_rank import Fit, Floats
from classifiers.response_model import ResponseModel
from classifiers.responses import ANCHORS, Block, Responses, subset
from classifiers.specialists import Specialists

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FOLDS = 4
WORDS_SHARE = 0.8
SHAPE_PENALTY = 100.0
OWN_SHARE = 0.7
TYPICAL = 256


@dataclass(frozen=True, slots=True)
class Task:
    """The training prompts, encoded.

    Attributes:
        words: [n, d + width] scipy rows of the wide view.
        dense_width: d.
        shape: [n, s] of the surface view.
        fold: [n] which fold holds each prompt back; near-duplicates share one.
    """

    words: csr_matrix
    dense_width: int
    shape: FloatArray
    blocks: tuple[Block, ...]
    fold: NDArray[np.int64]


def train_responses(
    responses: Responses,
    encoder: Encoder,
    seed: int,
    latents: int = low_rank.LATENTS,
    folds: int = FOLDS,
) -> ResponseModel:
    """Return the model of the prompts of split `train`."""
    kept = responses.splits == "train"
    texts = [text for text, inside in zip(responses.texts, kept, strict=True) if inside]
    views, groups = encoder.encode(texts), responses.groups[kept]
    task = _task(views, subset(responses, kept), groups, (folds, seed))
    first = low_rank.start(
        task.words.shape[1], len(responses.names), len(task.blocks), latents, seed
    )
    fitted = low_rank.fit(task.words, task.blocks, first)
    held = held_out(task, fitted)
    measured = [b for b in task.blocks if responses.sources[kept][b.rows[0]] not in ANCHORS]
    own = specialists.learn(
        task.words[:, task.dense_width :], measured, task.fold, len(responses.names)
    )
    abilities = _abilities(held, own, task.blocks, (fitted, responses.names), seed)
    shape_coef = _shape_map(task.shape, task.words @ fitted.coef)
    mapping = Latents.of(
        np.concatenate([fitted.coef, _below(task.dense_width, own.coef)], axis=1),
        np.concatenate([shape_coef, np.zeros((len(shape_coef), own.coef.shape[1]))], axis=1),
        task.dense_width,
    )
    return ResponseModel(mapping, abilities, WORDS_SHARE)


def _below(rows: int, coef: Floats) -> Floats:
    """Return coefficients with as many rows of zeros above them."""
    return np.concatenate([np.zeros((rows, coef.shape[1])), coef])


def _task(
    views: Mapping[str, Design],
    blocks: tuple[Block, ...],
    groups: NDArray[np.str_],
    plan: tuple[int, int],
) -> Task:
    """Encode for training; `plan` is (folds, seed)."""
    from scipy.sparse import csr_matrix

    folds, seed = plan
    names, place = np.unique(groups, return_inverse=True)
    fold = np.random.default_rng(seed).integers(0, folds, len(names))[place]
    words = csr_matrix(as_matrix(views[WIDE]))
    return Task(words, views[WIDE].dense.shape[1], views[SURFACE].dense, blocks, fold)


def held_out(task: Task, fitted: Fit, share: float = WORDS_SHARE) -> Floats:
    """Return latents [n, k] of each prompt by maps that did not see its fold."""
    latents = np.zeros((task.words.shape[0], fitted.coef.shape[1]))
    whole = Responses((), np.array([]), np.array([]), np.array([]), (), task.blocks)
    blank = Fit(np.zeros_like(fitted.coef), fitted.loadings, fitted.levels, fitted.shifts)
    for each in np.unique(task.fold):
        inside, outside = task.fold == each, task.fold != each
        if not inside.any() or not outside.any():
            continue
        blocks = subset(whole, outside)
        if len(blocks) != len(task.blocks):
            continue  # a table whole in this fold: its shifts would be misplaced
        part = low_rank.fit(task.words[outside], blocks, blank, free_models=False)
        shape = _shape_map(task.shape[outside], task.words[outside] @ part.coef)
        words = task.words[inside] @ part.coef
        latents[inside] = share * words + (1 - share) * _apply_shape(shape, task.shape[inside])
    return latents


def _shape_map(shape: FloatArray, latents: Floats) -> Floats:
    """Return [1 + s, k]: ridge regression of latents on the shape, the intercept first."""
    from sklearn.linear_model import Ridge

    found = Ridge(alpha=SHAPE_PENALTY).fit(shape, latents)
    return np.concatenate([np.reshape(found.intercept_, (1, -1)), np.atleast_2d(found.coef_).T])


def _apply_shape(coef: Floats, shape: FloatArray) -> Floats:
    result: Floats = coef[0] + shape @ coef[1:]
    return result


def _abilities(
    held: Floats,
    own: Specialists,
    blocks: tuple[Block, ...],
    fitted: tuple[Fit, tuple[str, ...]],
    seed: int,
) -> Abilities:
    """Return every model against the shared latents and those of its tables.

    The prior of a model never seen rests on the shared ones alone.
    """
    joint, names = fitted
    shared = held.shape[1]
    latents = np.concatenate([held, WORDS_SHARE * own.held], axis=1)
    # Where both foresee the same, most of it is put down to the table's own.
    common = (1 - OWN_SHARE) * low_rank.shrinkage(held, blocks, joint) * joint.loadings
    loadings = np.concatenate([common, OWN_SHARE / WORDS_SHARE * own.loadings], axis=1)
    centre = Fit(joint.coef, loadings, joint.levels, joint.shifts)
    levels, loadings = low_rank.read_out(latents, blocks, centre)
    draw = np.random.default_rng(seed)
    weight = np.zeros(len(held))
    for block in blocks:
        weight[block.rows] += block.weights.sum(axis=1)
    rows = draw.choice(len(held), size=TYPICAL, p=weight / weight.sum())
    shared_alone = np.where(np.arange(latents.shape[1]) < shared, loadings, 0.0)
    population = Population.of(latents[rows].astype(np.float32), levels, shared_alone)
    kept = (levels.astype(np.float32), loadings.astype(np.float32))
    return Abilities(names, *kept, population)
