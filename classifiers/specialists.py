"""What the words say of the models of one table, beyond the latents that all tables share.

A joint model of all tables spends its few latents on what they have in common, and so blurs what
sets two models of one table apart. So each table adds latents of its own: the leading directions
of its matrix of scores (singular vectors), each learned by ridge regression from n-grams alone,
and kept only where held-out prompts bear it out. Needs the extra `train`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifiers.responses import Block

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

PENALTY = 6.0  # of prompts that come twice, once mistyped
DIRECTIONS = 8
_BORNE_OUT = 0.1  # least correlation of a direction with its held-out prediction
_SMALLEST = 100
_EDGE = 0.08
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Specialists:
    """Latents that tables add.

    Attributes:
        coef: [width, s] n-grams to latents, each of unit spread over its table's prompts.
        held: [n, s] the same of each prompt by a map that did not see its fold.
        loadings: [m, s] by how many log-odds a latent moves a model; NaN where it is not of it.
    """

    coef: Floats
    held: Floats
    loadings: Floats


def learn(
    ngrams: csr_matrix, blocks: Sequence[Block], fold: NDArray[np.int64], models: int
) -> Specialists:
    """Return the specialists of every table with its own judge and prompts enough.

    ngrams [n, width]; fold [n] which fold holds each prompt back; `models` is m.
    """
    found = [
        part
        for block in blocks
        if not block.shifted and len(block.rows) >= _SMALLEST
        for part in _of_table(ngrams, block, fold)
    ]
    n, width = ngrams.shape
    loadings = np.full((models, len(found)), np.nan)
    for place, (_, _, block, moved) in enumerate(found):
        loadings[block.models, place] = moved
    return Specialists(
        np.stack([coef for coef, *_ in found], axis=1) if found else np.zeros((width, 0)),
        np.stack([held for _, held, *_ in found], axis=1) if found else np.zeros((n, 0)),
        loadings,
    )


def _of_table(
    ngrams: csr_matrix, block: Block, fold: NDArray[np.int64]
) -> list[tuple[Floats, Floats, Block, Floats]]:
    """Return (coefficients, held-out latent, block, loadings [c]) of each borne-out direction."""
    X, (targets, axes, means) = ngrams[block.rows], _directions(block)
    held = np.zeros_like(targets)
    for each in range(int(fold.max()) + 1):
        inside = fold[block.rows] == each
        if inside.any() and not inside.all():
            ridge = _ridge(X[~inside], targets[~inside])
            held[inside] = np.reshape(ridge.predict(X[inside]), (-1, targets.shape[1]))
    ridge = _ridge(X, targets)
    coef = np.reshape(ridge.coef_, (targets.shape[1], -1))
    found = []
    for place in range(targets.shape[1]):
        seen, spread = held[:, place], max(float(held[:, place].std()), 1e-9)
        agreement = float(np.corrcoef(seen, targets[:, place])[0, 1])
        if agreement > _BORNE_OUT:
            # One map serves every prompt; the others' constant is left to the models' levels.
            everywhere = np.asarray(ngrams @ coef[place]) / spread
            everywhere[block.rows] = (seen - np.ravel(ridge.intercept_)[place]) / spread
            # A score moves by so much per spread of the latent, its log-odds by p (1 - p) of it.
            moved = axes[place] * agreement * targets[:, place].std() / (means * (1 - means))
            found.append((coef[place] / spread, everywhere, block, moved))
    return found


def _directions(block: Block) -> tuple[Floats, Floats, Floats]:
    """Return prompts' places [r, k] along the leading directions [k, c] of the table's scores, and
    the models' mean scores [c], kept away from 0 and 1."""
    known = block.weights > 0
    means = np.average(block.scores, axis=0, weights=np.maximum(known, 1e-9))
    rest = np.where(known, block.scores - means, 0.0)
    left, sizes, axes = np.linalg.svd(rest, full_matrices=False)
    kept = min(DIRECTIONS, int((sizes > 1e-9).sum()))
    return left[:, :kept] * sizes[:kept], axes[:kept], np.clip(means, _EDGE, 1 - _EDGE)


def _ridge(X: csr_matrix, targets: Floats) -> Any:
    from sklearn.linear_model import Ridge

    return Ridge(alpha=PENALTY, solver="sparse_cg", tol=1e-3).fit(X, targets)
