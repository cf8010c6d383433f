"""Train the shipped classifier: `python -m classifiers.train --data DIR --out DIR`.

Learns on `train`, calibrates on out-of-fold scores of `train`, reports on `val`. Seeded, so the
same tables and versions give the same artifact. Needs the extra `train`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import dataset, prompt_classifier
from classifiers.base import Design, Embedder, FloatArray, Head, SparseRows
from classifiers.calibrate import Calibration, fit_platt, fit_temperature
from classifiers.dataset import SEED, Example, column, of_split
from classifiers.embedders import EMBEDDERS
from classifiers.encoder import FULL, Encoder
from classifiers.errors import DataError
from classifiers.heads.logistic import LogisticHead
from classifiers.heads.ridge import RidgeHead
from classifiers.novelty import Novelty
from classifiers.prompt_classifier import VIEWS, CalibratedHead, Extras
from classifiers.response_training import train_responses
from classifiers.responses import Responses, read_responses, with_typos
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


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows that a head learns from: their design and, per row, label, weight and fold group."""

    X: Design
    y: NDArray[Any]
    weights: NDArray[np.float64]
    groups: NDArray[Any]


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


def train_head(name: str, examples: Sequence[Example], encoder: Encoder) -> CalibratedHead:
    """Fit one head on all of train, with the calibration of its out-of-fold scores."""
    train = of_split(examples, "train")
    rows = labelled(name, train, encoder)
    scores, held = _out_of_fold(name, rows)
    calibration = _calibrate(name, scores, rows, held)
    return CalibratedHead(NEW_HEADS[name]().fit(rows.X, rows.y, rows.weights), calibration)


def labelled(name: str, examples: Sequence[Example], encoder: Encoder) -> Labelled:
    """Encode examples. A soft target t becomes two rows, `short` weighing t, `enough` 1 - t."""
    X = encoder.encode([e.text for e in examples])[VIEWS[name]]
    weights, groups = column(examples, "weight"), column(examples, "group")
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


def _out_of_fold(name: str, rows: Labelled) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return each row's scores from a head that did not see its group, and which rows those are.

    Folds whose training part lacks a class are left out.
    """
    names, place = np.unique(rows.groups, return_inverse=True)
    fold = np.random.default_rng(SEED).integers(0, FOLDS, len(names))[place]
    classes = set(rows.y)
    scores, held = [], []
    for each in range(FOLDS):
        inside, outside = np.flatnonzero(fold == each), np.flatnonzero(fold != each)
        if len(inside) == 0 or set(rows.y[outside]) != classes:
            continue
        head = NEW_HEADS[name]()
        head.fit(take(rows.X, outside), rows.y[outside], rows.weights[outside])
        scores.append(head.decision_function(take(rows.X, inside)))
        held.append(inside)
    if not held:
        return np.zeros((0, len(classes)), np.float32), np.zeros(0, np.int64)
    return np.concatenate(scores), np.concatenate(held)


def _calibrate(
    name: str, scores: FloatArray, rows: Labelled, held: NDArray[np.int64]
) -> Calibration:
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
    tables: Tables, tokeniser: Tokeniser, embedder: Embedder, buckets: int = BUCKETS
) -> Trained:
    """Return the encoder and the heads learned from the tables."""
    encoder = fit_encoder(tables, tokeniser, embedder, buckets)
    heads = {name: train_head(name, tables[name], encoder) for name in VIEWS}
    return encoder, heads


def train_extras(tables: Tables, responses: Responses, encoder: Encoder) -> Extras:
    """Return the response model and what the classifier is calibrated on."""
    examples = of_split(tables[prompt_classifier.COMPLEXITY], "train")
    known = [*examples, *of_split(tables[prompt_classifier.TASK], "train")]
    dense = encoder.encode([e.text for e in known])[FULL].dense
    vectors = dense[:, : encoder.embedder.dimensions]
    return Extras(
        train_responses(with_typos(responses, SEED), encoder, SEED),
        Novelty.fit(vectors, column(known, "weight"), SEED),
    )


def main() -> None:
    """Command line: see the module's docstring."""
    from classifiers.card import facts_of, write_card

    given = _arguments()
    source = prompt_classifier.PRETRAINED
    tokeniser = Tokeniser.from_bytes((source / prompt_classifier.TOKENISER).read_bytes())
    embedder = open_embedder(given.embedder, source, given.model)
    tables = read_tables(given.data)
    encoder, heads = train(tables, tokeniser, embedder, given.buckets)
    extras = train_extras(tables, read_responses(given.data, SEED), encoder)
    facts = facts_of(tables, encoder, heads, given.rounds, extras)
    prompt_classifier.save(given.out, encoder, heads, facts, extras)
    print(write_card(given.out))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of parquet tables")
    parser.add_argument("--out", type=Path, required=True, help="artifact folder to write")
    parser.add_argument("--embedder", default=STATIC, choices=EMBEDDERS)
    parser.add_argument("--model", default=None, help="of the embedder: name or path")
    parser.add_argument("--buckets", type=int, default=BUCKETS, help="of hashed n-grams")
    parser.add_argument("--rounds", type=int, default=1000, help="bootstrap resamples")
    return parser.parse_args()


if __name__ == "__main__":
    main()
