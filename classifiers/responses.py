"""How every model did on every prompt, read for fitting abilities. Needs pyarrow (extra `train`).

One block per score table and judge: win rates against different references are never pooled; a
judge other than the table's own only shifts all its scores by a constant that is learned.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import targets
from classifiers.dataset import Example, Row, complexity_examples, read_table
from classifiers.perturbed import mistyped

ANCHORS = ("intents", "authored")
_CEILING = 0.97  # what large models are taken to reach on anchors
_STEM = 80
Judged = dict[str, dict[str, float]]


@dataclass(frozen=True, slots=True)
class Block:
    """Scores of c models on r prompts by one judge.

    Attributes:
        rows: [r] prompts, as places in `Responses.texts`.
        models: [c] models, as places in `Responses.names`.
        shifted: whether this judge's level is its own.
        scores: [r, c] in [0, 1]; 0 where not measured.
        weights: [r, c]; 0 where not measured.
    """

    rows: NDArray[np.int64]
    models: NDArray[np.int64]
    shifted: bool
    scores: NDArray[np.float64]
    weights: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Responses:
    """n prompts, m models, and what is known of them.

    Attributes:
        splits, sources, groups: [n]; prompts of one group never stand on both sides of a fold.
        names: model names, sorted.
    """

    texts: tuple[str, ...]
    splits: NDArray[np.str_]
    sources: NDArray[np.str_]
    groups: NDArray[np.str_]
    names: tuple[str, ...]
    blocks: tuple[Block, ...]


def short_name(model: str) -> str:
    """Return the last part of a model's path, its name here: one model, several tables."""
    return model.rsplit("/", 1)[-1]


def read_responses(data: Path, seed: int) -> Responses:
    """Return the scores of every table, with the anchors scored as models of either size would."""
    rows = read_table(data / "prompts.parquet")
    anchors = [e for e in complexity_examples(data, seed) if e.source in ANCHORS]
    found = _judged(read_table(data / "scores.parquet"))
    names = tuple(sorted({model for judged in found.values() for model in judged}))
    sources = [row["dataset"] for row in rows] + [e.source for e in anchors]
    places = _places(rows)
    blocks = [
        _block(places[dataset], judged, names, shifted=_foreign(dataset, judge))
        for (dataset, judge), judged in sorted(found.items())
    ]
    blocks += _anchor_blocks(anchors, len(rows), names)
    return Responses(
        texts=tuple([row["prompt"] for row in rows] + [e.text for e in anchors]),
        splits=np.array([row["split"] for row in rows] + [e.split for e in anchors]),
        sources=np.array(sources),
        groups=np.array([_stem(row["prompt"]) for row in rows] + [_stem(e.text) for e in anchors]),
        names=names,
        blocks=tuple(_weighed(blocks, sources)),
    )


def _judged(scores: Sequence[Row]) -> dict[tuple[str, str], Judged]:
    """Return (dataset, judge) -> model -> prompt id -> score."""
    found: dict[tuple[str, str], Judged] = defaultdict(lambda: defaultdict(dict))
    for row in scores:
        model = short_name(row["model"])
        found[row["dataset"], row.get("judge") or ""][model][row["prompt_id"]] = row["score"]
    return found


def _foreign(dataset: str, judge: str) -> bool:
    return dataset == "alpaca_eval" and judge != targets.ALPACA_JUDGE


def _places(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for place, row in enumerate(rows):
        found[row["dataset"]][row["prompt_id"]] = place
    return found


def _block(places: dict[str, int], judged: Judged, names: tuple[str, ...], shifted: bool) -> Block:
    ids = sorted(set(places) & {each for scores in judged.values() for each in scores})
    models = sorted(judged)
    table = np.array([[judged[model].get(each, np.nan) for model in models] for each in ids])
    known = ~np.isnan(table)
    return Block(
        rows=np.array([places[each] for each in ids], dtype=np.int64),
        models=np.array([names.index(model) for model in models], dtype=np.int64),
        shifted=shifted,
        scores=np.where(known, table, 0.0),
        weights=known.astype(np.float64),
    )


def _anchor_blocks(anchors: Sequence[Example], start: int, names: tuple[str, ...]) -> list[Block]:
    """Score anchors so that (1 - small) * large is their target."""
    small, large = (_known(sizes, names) for sizes in (targets.SMALL_MODELS, targets.LARGE_MODELS))
    target = np.array([e.target for e in anchors])
    short = np.repeat(1 - target[:, None] / _CEILING, len(small), axis=1)
    scores = np.concatenate([short, np.full((len(anchors), len(large)), _CEILING)], axis=1)
    rows = start + np.arange(len(anchors), dtype=np.int64)
    models = np.array([*small, *large], dtype=np.int64)
    return [Block(rows, models, False, scores, np.ones_like(scores))] if scores.size else []


def _known(sizes: dict[str, tuple[str, ...]], names: tuple[str, ...]) -> list[int]:
    wanted = {short_name(model) for models in sizes.values() for model in models}
    return [place for place, name in enumerate(names) if name in wanted]


def with_typos(responses: Responses, seed: int) -> Responses:
    """Return n more prompts, each of the first n mistyped, that share their scores.

    Case and courtesies never reach what is learned; typos do. A prompt and its mistyped self
    weigh half each, and stand on the same side of every fold.
    """
    draw, n = random.Random(seed), len(responses.texts)
    return Responses(
        texts=responses.texts + tuple(mistyped(text, draw) for text in responses.texts),
        splits=np.tile(responses.splits, 2),
        sources=np.tile(responses.sources, 2),
        groups=np.tile(responses.groups, 2),
        names=responses.names,
        blocks=tuple(
            Block(
                np.concatenate([b.rows, b.rows + n]),
                b.models,
                b.shifted,
                np.tile(b.scores, (2, 1)),
                np.tile(b.weights / 2, (2, 1)),
            )
            for b in responses.blocks
        ),
    )


def _weighed(blocks: Sequence[Block], sources: Sequence[str]) -> list[Block]:
    """Weigh every table as the square root of its size, every prompt of a table alike."""
    counts = np.zeros(len(sources))
    for block in blocks:
        counts[block.rows] += block.weights.sum(axis=1)
    sizes = Counter(sources)
    each = np.array([sizes[source] ** -0.5 for source in sources])
    each = each / each.mean() / np.maximum(counts, 1)
    return [
        Block(b.rows, b.models, b.shifted, b.scores, b.weights * each[b.rows][:, None])
        for b in blocks
    ]


def _stem(text: str) -> str:
    return "".join(filter(str.isalnum, text.lower()))[:_STEM]


def subset(responses: Responses, kept: NDArray[Any]) -> tuple[Block, ...]:
    """Return the blocks with only the prompts for which `kept` [n] is true, renumbered."""
    number = np.cumsum(kept) - 1
    found = []
    for block in responses.blocks:
        inside = kept[block.rows]
        if inside.any():
            rows = number[block.rows[inside]]
            scores, weights = block.scores[inside], block.weights[inside]
            found.append(Block(rows, block.models, block.shifted, scores, weights))
    return tuple(found)
