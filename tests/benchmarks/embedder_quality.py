"""How well the same heads judge on each embedder, alone and beside n-grams and features:
`python tests/benchmarks/embedder_quality.py --data DIR --onnx MODEL [--cache DIR]`.

Ridge heads throughout, fitted on train, their penalty chosen for each embedder on a third of train
that was held back (whole groups); figures on val with 95 % bootstrap intervals, and the lead over
the static embedder over the same resamples. "APGR unseen" is of every prompt of a dataset by a head
that learned from the others alone. Embedding the tables with a transformer takes a core half an
hour, so vectors are kept in the cache folder. Not part of `make bench`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from classifiers import curves
from classifiers import prompt_classifier as names
from classifiers.base import Design, FloatArray
from classifiers.dataset import SEED, column
from classifiers.embedders import EMBEDDERS
from classifiers.targets import REPORTED_PAIRS
from classifiers.tokens import Tokeniser
from classifiers.train import take
from tests.benchmarks.embedder_tables import (
    ALONE,
    BESIDE,
    BLIND,
    Floats,
    Table,
    read,
    vectors_of,
)

BASELINE = "static"
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
HELD_BACK = 1 / 3
STEPS, TOLERANCE = 300, 1e-4
MEASURED = {names.DOMAIN: "mmlu_pro", names.TASK: "sni"}
Router = tuple[str, str]


class Ridge:
    """Least squares with an L2 penalty, as scikit-learn's, by conjugate gradients on all columns at
    once: its own sparse solver takes one after the other and the dense block as sparse."""

    def __init__(self, X: Design, y: Floats, weights: Floats, penalty: float) -> None:
        share = weights / weights.sum()
        self._mean = _transposed(X, share[:, None])
        self._intercept = share @ y
        wanted = self._back(X, weights[:, None] * (y - self._intercept))
        self._coef = np.zeros_like(wanted)
        rest, way = wanted, wanted
        size = first = (rest**2).sum(axis=0)
        for _ in range(STEPS):
            if (size <= TOLERANCE**2 * first).all():
                break
            ahead = self._back(X, weights[:, None] * self._forth(X, way)) + penalty * way
            step = size / np.maximum((way * ahead).sum(axis=0), 1e-30)
            self._coef = self._coef + step * way
            rest = rest - step * ahead
            before, size = size, (rest**2).sum(axis=0)
            way = rest + size / np.maximum(before, 1e-30) * way

    def _forth(self, X: Design, coef: Floats) -> Floats:
        d = X.dense.shape[1]
        found = X.dense @ coef[:d] - self._mean.T @ coef
        result: Floats = found if X.sparse is None else found + _csr(X) @ coef[d:]
        return result

    def _back(self, X: Design, rows: Floats) -> Floats:
        result: Floats = _transposed(X, rows) - self._mean * rows.sum(axis=0)
        return result

    def predict(self, X: Design) -> Floats:
        """Return [n, c]."""
        found: Floats = self._forth(X, self._coef) + self._intercept
        return found


def _transposed(X: Design, rows: Floats) -> Floats:
    """Return [d + width, c]: the design transposed, times rows [n, c]."""
    dense: Floats = X.dense.T.astype(np.float64) @ rows
    return dense if X.sparse is None else np.concatenate([dense, _csr(X).T @ rows])


def _csr(X: Design) -> Any:
    from scipy.sparse import csr_matrix

    assert X.sparse is not None
    shape = (len(X), X.sparse.width)
    return csr_matrix((X.sparse.values, X.sparse.indices, X.sparse.offsets), shape=shape)


def scores_on_val(table: Table, X: Design) -> tuple[Floats, float]:
    """Return the scores [n, c] of all rows by a head of train, and the penalty it chose."""
    train = table.train
    weights = column(table.examples, "weight")
    kinds, group = np.unique(column(table.examples, "group")[train], return_inverse=True)
    apart = (np.random.default_rng(SEED).random(len(kinds)) < HELD_BACK)[group]
    seen, held = train[~apart], train[apart]
    X_seen, X_held = take(X, seen), take(X, held)
    losses = []
    for penalty in PENALTIES:
        head = Ridge(X_seen, table.targets[seen], weights[seen], penalty)
        missed = ((head.predict(X_held) - table.targets[held]) ** 2).sum(axis=1)
        losses.append(float(missed @ weights[held]))
    best = PENALTIES[int(np.argmin(losses))]
    head = Ridge(take(X, train), table.targets[train], weights[train], best)
    return head.predict(X), best


def scores_unseen(table: Table, X: Design, penalty: float) -> Floats:
    """Return the scores [n, 1] of each reported dataset by a head that saw nothing of it."""
    sources, weights = column(table.examples, "source"), column(table.examples, "weight")
    found = np.full(table.targets.shape, np.nan)
    for source in REPORTED_PAIRS:
        seen = table.train[sources[table.train] != source]
        asked = np.flatnonzero(sources == source)
        head = Ridge(take(X, seen), table.targets[seen], weights[seen], penalty)
        found[asked] = head.predict(take(X, asked))
    return found


def accuracies(name: str, table: Table, found: Mapping[Router, Floats], rounds: int) -> Any:
    """Return (router, view, figure) -> estimate of one head's labels on val."""
    splits, sources = column(table.examples, "split"), column(table.examples, "source")
    rows = np.flatnonzero((splits == "val") & (sources == MEASURED[name]))
    figure = f"{name} accuracy, {MEASURED[name]}"
    right = {key: table.targets[rows, scores[rows].argmax(axis=1)] for key, scores in found.items()}
    return _with_leads(
        lambda kept: {(key, figure): float(hit[kept].mean()) for key, hit in right.items()},
        len(rows),
        rounds,
    )


def areas(
    table: Table, found: Mapping[Router, Floats], splits: Sequence[str], prefix: str, rounds: int
) -> Any:
    """Return (router, view, figure) -> estimate of the six pairs and their mean."""
    sources = column(table.examples, "source")
    weak, strong = column(table.examples, "weak"), column(table.examples, "strong")
    known = np.isin(column(table.examples, "split"), splits) & np.isfinite(weak + strong)
    rows = np.flatnonzero(known & np.isin(sources, list(REPORTED_PAIRS)))

    def measured(kept: NDArray[np.int64]) -> dict[tuple[Router, str], float]:
        chosen = rows[kept]
        here = {}
        for key, scores in found.items():
            each = {}
            for source in REPORTED_PAIRS:
                at = chosen[sources[chosen] == source]
                each[f"{prefix}, {source}"] = _apgr(scores[at, 0], weak[at], strong[at])
            each[f"{prefix}, mean of the six"] = float(np.mean(list(each.values())))
            here.update({(key, figure): value for figure, value in each.items()})
        return here

    return _with_leads(measured, len(rows), rounds)


def _apgr(scores: Floats, weak: Floats, strong: Floats) -> float:
    try:
        return curves.apgr(scores, weak, strong)
    except ValueError:
        return float("nan")


def _with_leads(
    measure: Callable[[NDArray[np.int64]], dict[tuple[Router, str], float]], n: int, rounds: int
) -> dict[tuple[str, str, str], curves.Estimate]:
    def both(kept: NDArray[np.int64]) -> dict[tuple[str, str, str], float]:
        here = measure(kept)
        found = {(kind, view, figure): value for ((kind, view), figure), value in here.items()}
        for ((kind, view), figure), value in here.items():
            if kind != BASELINE:
                base = here[(BASELINE, BESIDE if kind == BLIND else view), figure]
                found[f"{kind} less {BASELINE}", view, figure] = value - base
        return found

    return curves.bootstrap_many(both, n, rounds, SEED)


def main() -> int:
    """Print one JSON object: embedder -> view -> figure -> estimate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of parquet tables")
    parser.add_argument("--onnx", required=True, help="folder that export_onnx wrote")
    parser.add_argument("--cache", type=Path, default=Path("/tmp/embedder_quality"))
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--kinds", default=",".join(EMBEDDERS), help="embedders to measure")
    given = parser.parse_args()
    tokeniser = Tokeniser.from_bytes((names.PRETRAINED / names.TOKENISER).read_bytes())
    texts, tables = read(given.data, tokeniser)
    vectors: dict[str, FloatArray | None] = {BLIND: None}
    for kind in given.kinds.split(","):
        model = given.onnx if kind == "onnx" else "256" if kind == "hashing" else None
        vectors[kind] = vectors_of(kind, model, texts, given.cache)
    for name, table in tables.items():
        found: dict[Router, Floats] = {}
        unseen: dict[Router, Floats] = {}
        for kind, rows in vectors.items():
            for view in (BESIDE,) if rows is None else (ALONE, BESIDE):
                X = table.design(rows, view)
                found[kind, view], penalty = scores_on_val(table, X)
                if name == names.COMPLEXITY:
                    unseen[kind, view] = scores_unseen(table, X, penalty)
                print(f"{name}, {kind} {view}: penalty {penalty}", file=sys.stderr, flush=True)
        if name == names.COMPLEXITY:
            told = areas(table, found, ["val"], "APGR", given.rounds)
            told |= areas(table, unseen, ["train", "val"], "APGR unseen", given.rounds)
        else:
            told = accuracies(name, table, found, given.rounds)
        for key, value in told.items():
            print(json.dumps({"of": key, "value": str(value)}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
