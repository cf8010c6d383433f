"""How good a classifier is on `val`, each figure with its interval and beside simple baselines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import prompt_classifier as names
from classifiers.curves import (
    Estimate,
    accuracy,
    apgr,
    bootstrap,
    cpt,
    expected_calibration_error,
)
from classifiers.dataset import Example, column, of_split
from classifiers.encoder import Encoder
from classifiers.prompt_classifier import VIEWS, CalibratedHead

Figures = dict[str, dict[str, Estimate]]


def predict(name: str, examples: Sequence[Example], encoder: Encoder, head: CalibratedHead) -> Any:
    """Return calibrated probabilities [n, classes] of examples."""
    return head.predict_proba(encoder.encode([e.text for e in examples])[VIEWS[name]])


def evaluate(
    tables: Mapping[str, list[Example]], encoder: Encoder, heads: Mapping[str, CalibratedHead]
) -> Figures:
    """Return every figure of the card: test name -> figure name -> estimate."""
    complexity = tables[names.COMPLEXITY]
    figures = routing_figures(complexity, encoder, heads[names.COMPLEXITY])
    figures["calibration"] = calibration_figures(complexity, encoder, heads[names.COMPLEXITY])
    for name in (names.DOMAIN, names.TASK, names.FAMILIAR):
        figures |= label_figures(name, of_split(tables[name], "val"), encoder, heads[name])
    return figures


def routing_figures(
    examples: Sequence[Example], encoder: Encoder, head: CalibratedHead
) -> Figures:
    """Return APGR and CPT per table with a reported pair, with APGR of the baselines."""
    category = category_means(of_split(examples, "train"))
    figures: Figures = {}
    for source, rows in by_source(of_split(examples, "val")).items():
        rows = [row for row in rows if not np.isnan(row.weak + row.strong)]
        if not rows or column(rows, "strong").mean() <= column(rows, "weak").mean():
            continue
        weak, strong = column(rows, "weak"), column(rows, "strong")
        ours = predict(names.COMPLEXITY, rows, encoder, head)[:, 1]
        length = np.array([len(row.text) for row in rows], dtype=float)
        means = np.array([category.get((row.source, row.label), 0.0) for row in rows])
        figures[f"routing {source}"] = {
            "APGR": bootstrap(apgr, ours, weak, strong),
            "CPT(50)": bootstrap(partial(cpt, target=0.5), ours, weak, strong),
            "CPT(80)": bootstrap(partial(cpt, target=0.8), ours, weak, strong),
            "APGR random": bootstrap(apgr, np.zeros(len(rows)), weak, strong),
            "APGR prompt length": bootstrap(apgr, length, weak, strong),
            "APGR category mean": bootstrap(apgr, means, weak, strong),
            "APGR oracle": bootstrap(apgr, strong - weak, weak, strong),
        }
    return figures


def category_means(examples: Sequence[Example]) -> dict[tuple[str, str], float]:
    """Return the mean gap of each (table, category) of train: the baseline to beat."""
    piles: dict[tuple[str, str], list[float]] = defaultdict(list)
    for example in examples:
        piles[example.source, example.label].append(example.strong - example.weak)
    return {key: float(np.nanmean(gaps)) for key, gaps in piles.items() if not np.isnan(gaps).all()}


def calibration_figures(
    examples: Sequence[Example], encoder: Encoder, head: CalibratedHead
) -> dict[str, Estimate]:
    """Return ECE over the measured val prompts, pooled and per table."""
    figures: dict[str, Estimate] = {}
    measured = [e for e in of_split(examples, "val") if e.source not in ("authored", "intents")]
    for source, rows in {"all measured prompts": measured, **by_source(measured)}.items():
        ours = predict(names.COMPLEXITY, rows, encoder, head)[:, 1]
        figures[f"ECE {source}"] = bootstrap(
            expected_calibration_error, ours, column(rows, "target")
        )
    return figures


def label_figures(
    name: str, examples: Sequence[Example], encoder: Encoder, head: CalibratedHead
) -> Figures:
    """Return accuracy and ECE of the top label, and accuracy per source."""
    probabilities = predict(name, examples, encoder, head)
    classes = np.array(head.head.classes_)
    guessed, truth = classes[probabilities.argmax(1)], column(examples, "label")
    sources = column(examples, "source")
    figures = {
        "accuracy": bootstrap(accuracy, guessed, truth),
        "ECE": bootstrap(expected_calibration_error, probabilities.max(1), _right(guessed, truth)),
    }
    for source in sorted(set(sources)):
        inside = sources == source
        figures[f"accuracy {source}"] = bootstrap(accuracy, guessed[inside], truth[inside])
    return {name: figures}


def _right(guessed: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    return (guessed == truth).astype(float)


def by_source(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Return the examples of each table."""
    piles: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        piles[example.source].append(example)
    return dict(piles)
