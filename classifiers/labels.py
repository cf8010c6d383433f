"""Labels and spans on held-back texts: confusion matrices, recall by type, false alarms."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from classifiers import curves
from classifiers.curves import Estimate
from classifiers.dataset import Row

OVERLAP = 0.5
"""A span counts as found when at least this share of it is covered."""

Place = tuple[int, int]
Find = Callable[[str], Sequence[Place]]


@dataclass(frozen=True, slots=True)
class LabelReport:
    """How often a label is right.

    Attributes:
        confusion: [true][guessed] counts, in the order of `classes`.
        majority: accuracy of always guessing the commonest class.
    """

    name: str
    source: str
    n: int
    accuracy: Estimate
    majority: float
    classes: list[str]
    confusion: list[list[int]]


@dataclass(frozen=True, slots=True)
class DetectionReport:
    """How many spans are found, by type, and how many harmless texts are flagged."""

    name: str
    recall: dict[str, Estimate]
    false_alarms: Estimate
    notes: list[str]


def evaluate_labels(
    name: str,
    source: str,
    truth: Sequence[str],
    guessed: Sequence[str],
    rounds: int = 1000,
    seed: int = 0,
) -> LabelReport:
    """Return accuracy and confusion of guesses against the truth."""
    classes = sorted(set(truth) | set(guessed))
    place = {label: number for number, label in enumerate(classes)}
    confusion = np.zeros((len(classes), len(classes)), dtype=int)
    np.add.at(confusion, ([place[t] for t in truth], [place[g] for g in guessed]), 1)
    interval = partial(curves.bootstrap, curves.accuracy, rounds=rounds, seed=seed)
    return LabelReport(
        name,
        source,
        len(truth),
        interval(np.array(guessed, dtype=object), np.array(truth, dtype=object)),
        max(Counter(truth).values()) / len(truth),
        classes,
        confusion.tolist(),
    )


def evaluate_spans(
    rows: Sequence[Row],
    harmless: Sequence[str],
    find: Find,
    types: Mapping[str, str],
    rounds: int = 1000,
    seed: int = 0,
) -> DetectionReport:
    """Return recall by type over rows of `text` and `spans`, and the share of flagged harmless
    texts. `types`: the table's type -> what we call it; other types are not looked for."""
    interval = partial(curves.bootstrap, lambda hit: float(hit.mean()), rounds=rounds, seed=seed)
    hits: dict[str, list[float]] = {}
    missed: Counter[str] = Counter()
    for row in rows:
        found = find(row["text"])
        for start, end, kind in json.loads(row["spans"]):
            if kind in types:
                hits.setdefault(types[kind], []).append(float(covered((start, end), found)))
            else:
                missed[kind] += 1
    flagged = np.array([float(bool(find(text))) for text in harmless])
    notes = ["Not looked for: " + ", ".join(f"{k} ({n})" for k, n in missed.most_common())]
    return DetectionReport(
        "private data",
        {kind: interval(np.array(values)) for kind, values in sorted(hits.items())},
        interval(flagged),
        notes if missed else [],
    )


def covered(place: Place, found: Sequence[Place]) -> bool:
    """Whether found places cover enough of a place."""
    start, end = place
    overlap = sum(max(0, min(end, last) - max(start, first)) for first, last in found)
    return overlap >= OVERLAP * (end - start)
