"""The tables and vectors that `embedder_quality.py` measures on: everything that is the same for
every embedder is made once."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers import prompt_classifier as names
from classifiers.base import Design, FloatArray, TokenBatch
from classifiers.dataset import Example, column
from classifiers.embedders import EMBEDDERS
from classifiers.embedders.hashing import HashingEmbedder
from classifiers.encoder import FULL, Encoder
from classifiers.tokens import Tokeniser
from classifiers.train import BUCKETS, read_tables

BLIND, ALONE, BESIDE = "none", "alone", "beside n-grams and features"
HEADS = (names.DOMAIN, names.TASK, names.COMPLEXITY)
Floats = NDArray[np.float64]
_SLICE = 256


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
        mine = [] if vectors is None else [vectors[self.places]]
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
    """Return [n, d] of all texts; those that the cache lacks are embedded and join it."""
    tokeniser = Tokeniser.from_bytes((names.PRETRAINED / names.TOKENISER).read_bytes())
    batch = tokeniser.batch(texts)
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in batch.texts]
    stored = cache / f"{kind}.npz"
    known: dict[str, FloatArray] = {}
    if stored.exists():
        with np.load(stored) as kept:
            known = dict(zip(kept["keys"].tolist(), kept["vectors"], strict=True))
    missing = [row for row, key in enumerate(keys) if key not in known]
    embedder = EMBEDDERS[kind].open(model) if missing else None
    for start in range(0, len(missing), _SLICE):
        assert embedder is not None
        rows = missing[start : start + _SLICE]
        part = [batch.texts[row] for row in rows], [batch.ids[row] for row in rows]
        found = embedder.embed(TokenBatch(*part, batch.unknown_id))
        known.update(zip((keys[row] for row in rows), found, strict=True))
        print(f"{kind}: {start + len(rows)} of {len(missing)} texts", file=sys.stderr)
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(stored, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
    return np.stack([known[key] for key in keys])
