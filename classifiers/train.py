"""Train heads: learn on `train`, calibrate on out-of-fold scores of `train`.

Seeded, so the same tables and versions give the same artifact. Needs the extra `train`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import dataset, prompt_classifier
from classifiers.base import Design, Embedder, FloatArray, Head, IntArray, SparseRows
from classifiers.calibrate import Calibration, fit_platt, fit_temperature
from classifiers.dataset import SEED, Example, column, of_split
from classifiers.embedders import EMBEDDERS
from classifiers.encoder import FULL, Encoder
from classifiers.errors import DataError
from classifiers.heads.logistic import LogisticHead
from classifiers.heads.ridge import RidgeHead
from classifiers.near_duplicates import grouped_folds, joined_groups, near_duplicate_groups
from classifiers.novelty import Novelty
from classifiers.prompt_classifier import VIEWS, CalibratedHead, Extras
from classifiers.response_training import train_responses
from classifiers.responses import Responses, with_typos
from classifiers.tokens import Tokeniser

BUCKETS = 1 << 16
FOLDS = 4
ENOUGH, SHORT = "enough", "short"
STATIC = "static"

# What won on val; `card.md` has the alternatives' figures.
NEW_HEADS: dict[str, Callable[[], Head]] = {
    prompt_classifier.COMPLEXITY: lambda: RidgeHead(alpha=3.0),
    prompt_classifier.COMPLEXITY_SURFACE: lambda: RidgeHead(alpha=100.0),
    prompt_classifier.DOMAIN: lambda: RidgeHead(alpha=0.5),
    prompt_classifier.TASK: lambda: RidgeHead(alpha=2.0),
    prompt_classifier.FAMILIAR: lambda: LogisticHead(strength=10.0),
}
Tables = dict[str, list[Example]]
Trained = tuple[Encoder, dict[str, CalibratedHead]]
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How heads are learned, beside the tables and the embedder.

    Attributes:
        heads: name -> how to make one, unfitted.
        folds: of cross-validation; near-duplicates share one.
    """

    heads: Mapping[str, Callable[[], Head]] = field(default_factory=lambda: NEW_HEADS)
    seed: int = SEED
    folds: int = FOLDS


SHIPPED = Recipe()


def silent(step: str) -> None:
    """Hear of a step and say nothing."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows that a head learns from: their design and, per row, label, weight and fold group."""

    X: Design
    y: NDArray[Any]
    weights: NDArray[np.float64]
    groups: IntArray


def read_tables(data: Path, seed: int = SEED) -> Tables:
    """Return the examples of every head, train and val together."""
    complexity = dataset.complexity_examples(data, seed)
    return {
        prompt_classifier.COMPLEXITY: complexity,
        prompt_classifier.COMPLEXITY_SURFACE: complexity,
        prompt_classifier.DOMAIN: dataset.domain_examples(data, seed),
        prompt_classifier.TASK: dataset.task_examples(data, seed),
        prompt_classifier.FAMILIAR: dataset.familiar_examples(data, seed),
    }


def fit_encoder(tables: Tables, tokeniser: Tokeniser, embedder: Embedder, buckets: int) -> Encoder:
    """Learn document frequencies and feature scales from the training prompts of all heads."""
    texts = {e.text for examples in tables.values() for e in of_split(examples, "train")}
    return Encoder.fit(tokeniser, embedder, sorted(texts), buckets)


def train_head(
    name: str, examples: Sequence[Example], encoder: Encoder, recipe: Recipe = SHIPPED
) -> CalibratedHead:
    """Fit one head on all of train, with the calibration of its out-of-fold scores."""
    train = of_split(examples, "train")
    rows = labelled(name, train, encoder)
    scores, held = _out_of_fold(recipe.heads[name], rows, recipe)
    calibration = _calibrate(scores, rows, held)
    return CalibratedHead(recipe.heads[name]().fit(rows.X, rows.y, rows.weights), calibration)


def labelled(name: str, examples: Sequence[Example], encoder: Encoder) -> Labelled:
    """Encode examples. A soft target t becomes two rows, `short` weighing t, `enough` 1 - t."""
    X = encoder.encode([e.text for e in examples])[VIEWS[name]]
    near = near_duplicate_groups([e.text for e in examples])
    weights, groups = column(examples, "weight"), joined_groups(near, column(examples, "group"))
    if "complexity" not in name:
        return Labelled(X, column(examples, "label"), weights, groups)
    target = column(examples, "target")
    n = len(examples)
    return Labelled(
        X=take(X, np.tile(np.arange(n), 2)),
        y=np.repeat([ENOUGH, SHORT], n),
        weights=np.concatenate([weights * (1 - target), weights * target]),
        groups=np.tile(groups, 2),
    )


def take(X: Design, rows: NDArray[np.int64]) -> Design:
    """Return the chosen rows of a design, in the given order."""
    if X.sparse is None:
        return Design(X.dense[rows])
    starts, ends = X.sparse.offsets[rows], X.sparse.offsets[rows + 1]
    spans = [np.arange(start, end) for start, end in zip(starts, ends, strict=True)]
    picked = np.concatenate([np.zeros(0, np.int64), *spans])
    offsets = np.concatenate([[0], np.cumsum(ends - starts)])
    indices, values = X.sparse.indices[picked], X.sparse.values[picked]
    return Design(X.dense[rows], SparseRows(indices, values, offsets, X.sparse.width))


def _out_of_fold(
    new: Callable[[], Head], rows: Labelled, recipe: Recipe
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return each row's scores from a head that did not see its group, and which rows those are.

    Folds whose training part lacks a class are left out.
    """
    fold = grouped_folds(rows.groups, recipe.folds, recipe.seed)
    classes = set(rows.y)
    scores, held = [], []
    for each in range(recipe.folds):
        inside, outside = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        if len(inside) == 0 or set(rows.y[outside]) != classes:
            continue
        head = new().fit(take(rows.X, outside), rows.y[outside], rows.weights[outside])
        scores.append(head.decision_function(take(rows.X, inside)))
        held.append(inside)
    if not held:
        return np.zeros((0, len(classes)), np.float32), np.zeros(0, np.int64)
    return np.concatenate(scores), np.concatenate(held)


def _calibrate(scores: FloatArray, rows: Labelled, held: NDArray[np.int64]) -> Calibration:
    if len(held) == 0:
        return Calibration()
    classes = sorted(set(rows.y))
    labels = np.array([classes.index(label) for label in rows.y[held]])
    if len(classes) > 2:
        return fit_temperature(scores, labels)
    return fit_platt(scores, labels.astype(float), rows.weights[held])


def open_embedder(kind: str, source: Path, model: str | None) -> Embedder:
    """Return an embedder to train with; `static` reads `vectors.npz` from `source` by default.

    Raises DataError for a kind that EMBEDDERS lacks, and what its `open` raises.
    """
    if kind not in EMBEDDERS:
        raise DataError(f"no embedder {kind!r}; there are {', '.join(sorted(EMBEDDERS))}")
    return EMBEDDERS[kind].open(str(source) if kind == STATIC and model is None else model)


def train(
    tables: Tables,
    tokeniser: Tokeniser,
    embedder: Embedder,
    buckets: int = BUCKETS,
    recipe: Recipe = SHIPPED,
    tell: Told = silent,
) -> Trained:
    """Return the encoder and the heads learned from the tables; `tell` hears each step."""
    tell("reading prompts")
    encoder = fit_encoder(tables, tokeniser, embedder, buckets)
    heads = {}
    for name in VIEWS:
        tell(f"learning {name.replace('_', ' ')}")
        heads[name] = train_head(name, tables[name], encoder, recipe)
    return encoder, heads


def train_extras(
    tables: Tables, responses: Responses, encoder: Encoder, recipe: Recipe = SHIPPED
) -> Extras:
    """Return the response model and what the classifier is calibrated on."""
    examples = of_split(tables[prompt_classifier.COMPLEXITY], "train")
    known = [*examples, *of_split(tables[prompt_classifier.TASK], "train")]
    dense = encoder.encode([e.text for e in known])[FULL].dense
    vectors = dense[:, : encoder.embedder.dimensions]
    near = joined_groups(near_duplicate_groups(responses.texts), responses.groups)
    grouped = replace(responses, groups=near.astype(np.str_))
    model = train_responses(
        with_typos(grouped, recipe.seed), encoder, recipe.seed, folds=recipe.folds
    )
    return Extras(model, Novelty.fit(vectors, column(known, "weight"), recipe.seed))
