"""How well the same heads judge on each embedder, alone and beside n-grams and features:
`python tests/benchmarks/embedder_quality.py --data DIR --onnx MODEL [--cache DIR]`.

Ridge heads throughout, fitted on train, their penalty chosen for each embedder on a third of train
that was held back (whole groups); figures on val with 95 % bootstrap intervals, and the
lead over the static embedder over the same resamples. Embedding the tables with a transformer
takes a core half an hour, so vectors are kept in the cache folder. Not part of `make bench`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", RAYON_NUM_THREADS="1")
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from numpy.typing import NDArray

from classifiers import curves
from classifiers import prompt_classifier as names
from classifiers.base import Design, FloatArray, TokenBatch
from classifiers.dataset import SEED, Example, column
from classifiers.embedders import EMBEDDERS
from classifiers.embedders.hashing import HashingEmbedder
from classifiers.encoder import EMBEDDING_SCALE, FULL, Encoder
from classifiers.targets import REPORTED_PAIRS
from classifiers.tokens import Tokeniser
from classifiers.train import BUCKETS, read_tables, take

BASELINE = "static"
BLIND, ALONE, BESIDE = "none", "alone", "beside n-grams and features"
PENALTIES = (0.1, 0.3, 1.0, 3.0, 10.0)
HELD_BACK = 1 / 3
STEPS, TOLERANCE = 300, 1e-4
HEADS = (names.DOMAIN, names.TASK, names.COMPLEXITY)
MEASURED = {names.DOMAIN: "mmlu_pro", names.TASK: "sni"}
MEAN = "APGR, mean of the six"
Floats = NDArray[np.float64]
Router = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """The examples of one head.

    Attributes:
        shared: what every embedder gets beside its vectors: features and n-grams.
        targets: [n, c] class indicators, or the gap.
        places: [n] of each text among the distinct texts.
    """

    examples: Sequence[Example]
    shared: Design
    targets: Floats
    places: NDArray[np.int64]

    @property
    def train(self) -> NDArray[np.int64]:
        """Rows to learn from."""
        return np.flatnonzero(column(self.examples, "split") == "train")

    def design(self, vectors: FloatArray | None, view: str) -> Design:
        """What a head reads: the vectors of all distinct texts, with or without the rest."""
        mine = [] if vectors is None else [vectors[self.places] * EMBEDDING_SCALE]
        if view == ALONE:
            return Design(mine[0])
        dense = np.concatenate([*mine, self.shared.dense], axis=1, dtype=np.float32)
        return Design(dense, self.shared.sparse)


def read(data: Path, tokeniser: Tokeniser) -> tuple[list[str], dict[str, Table]]:
    """Return all distinct texts and the tables of the heads."""
    found = {name: read_tables(data)[name] for name in HEADS}
    texts = sorted({e.text for examples in found.values() for e in examples})
    place = {text: row for row, text in enumerate(texts)}
    learned = sorted({e.text for es in found.values() for e in es if e.split == "train"})
    blind = HashingEmbedder(1)
    encoder = Encoder.fit(tokeniser, blind, learned, BUCKETS)
    tables = {}
    for name, examples in found.items():
        full = encoder.encode([e.text for e in examples])[FULL]
        shared = Design(full.dense[:, blind.dimensions :], full.sparse)
        places = np.array([place[e.text] for e in examples])
        tables[name] = Table(examples, shared, _targets(examples), places)
    return texts, tables


def _targets(examples: Sequence[Example]) -> Floats:
    if np.isfinite(column(examples, "weak")).any():
        result: Floats = column(examples, "target").reshape(-1, 1)
        return result
    labels = column(examples, "label")
    indicators: Floats = (labels[:, None] == np.unique(labels)).astype(float)
    return indicators


def vectors_of(kind: str, model: str | None, texts: list[str], cache: Path) -> FloatArray:
    """Return [n, d] of all texts, from the cache where they are there."""
    tokeniser = Tokeniser.from_bytes((names.PRETRAINED / names.TOKENISER).read_bytes())
    batch = tokeniser.batch(texts)
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in batch.texts]
    stored = cache / f"{kind}.npz"
    if stored.exists():
        with np.load(stored) as kept:
            row = {key: place for place, key in enumerate(kept["keys"].tolist())}
            if set(keys) <= set(row):
                result: FloatArray = kept["vectors"][[row[key] for key in keys]]
                return result
    embedder = EMBEDDERS[kind].open(model)
    rows = []
    for start in range(0, len(texts), 256):
        part = slice(start, start + 256)
        piece = TokenBatch(batch.texts[part], batch.ids[part], batch.unknown_id)
        rows.append(embedder.embed(piece))
        print(f"{kind}: {start} of {len(texts)} texts", file=sys.stderr)
    found: FloatArray = np.concatenate(rows)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(stored, keys=np.array(keys), vectors=found)
    return found


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


def figures(name: str, table: Table, found: Mapping[Router, Floats], rounds: int) -> Any:
    """Return (router, figure) -> estimate, and ("lead of ...", figure) over the baseline."""
    splits, sources = column(table.examples, "split"), column(table.examples, "source")
    if name != names.COMPLEXITY:
        rows = np.flatnonzero((splits == "val") & (sources == MEASURED[name]))
        right = {
            key: table.targets[rows, scores[rows].argmax(axis=1)] for key, scores in found.items()
        }
        figure = f"{name} accuracy, {MEASURED[name]}"
        return _with_leads(
            lambda kept: {(key, figure): float(hit[kept].mean()) for key, hit in right.items()},
            len(rows),
            rounds,
        )
    weak, strong = column(table.examples, "weak"), column(table.examples, "strong")
    known = (splits == "val") & np.isfinite(weak) & np.isfinite(strong)
    rows = np.flatnonzero(known & np.isin(sources, list(REPORTED_PAIRS)))

    def measured(kept: NDArray[np.int64]) -> dict[tuple[Router, str], float]:
        chosen = rows[kept]
        found_here = {}
        for key, scores in found.items():
            each = {}
            for source in REPORTED_PAIRS:
                at = chosen[sources[chosen] == source]
                each[f"APGR, {source}"] = _apgr(scores[at, 0], weak[at], strong[at])
            each[MEAN] = float(np.mean(list(each.values())))
            found_here.update({(key, figure): value for figure, value in each.items()})
        return found_here

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
        for kind, rows in vectors.items():
            for view in (BESIDE,) if rows is None else (ALONE, BESIDE):
                found[kind, view], penalty = scores_on_val(table, table.design(rows, view))
                print(f"{name}, {kind} {view}: penalty {penalty}", file=sys.stderr, flush=True)
        for key, value in figures(name, table, found, given.rounds).items():
            print(json.dumps({"of": key, "value": str(value)}), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
