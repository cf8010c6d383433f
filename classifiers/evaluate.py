"""How good a classifier is on `val`, each figure with its interval and beside simple baselines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
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
from classifiers.prompt_classifier import PromptClassifier

Figures = dict[str, dict[str, Estimate]]
Interval = Callable[..., Estimate]


def evaluate(
    tables: Mapping[str, list[Example]], classifier: PromptClassifier, rounds: int = 1000
) -> Figures:
    """Return every figure of the card: test name -> figure name -> estimate.

    Intervals come from `rounds` bootstrap resamples.
    """
    interval = partial(bootstrap, rounds=rounds)
    complexity = tables[names.COMPLEXITY]
    figures = routing_figures(complexity, classifier, interval)
    figures["calibration"] = calibration_figures(complexity, classifier, interval)
    for name in (names.DOMAIN, names.TASK):
        figures[name] = label_figures(name, of_split(tables[name], "val"), classifier, interval)
    return figures


def complexities(examples: Sequence[Example], classifier: PromptClassifier) -> NDArray[Any]:
    """Return the complexity [n] that the gateway would see."""
    return np.array([found.complexity for found in classifier.judge([e.text for e in examples])])


def routing_figures(
    examples: Sequence[Example], classifier: PromptClassifier, interval: Interval
) -> Figures:
    """Return APGR and CPT per table with a reported pair, with APGR of the baselines."""
    category = category_means(of_split(examples, "train"))
    figures: Figures = {}
    for source, rows in by_source(of_split(examples, "val")).items():
        rows = [row for row in rows if not np.isnan(row.weak + row.strong)]
        if not rows or column(rows, "strong").mean() <= column(rows, "weak").mean():
            continue
        weak, strong = column(rows, "weak"), column(rows, "strong")
        ours = complexities(rows, classifier)
        length = np.array([len(row.text) for row in rows], dtype=float)
        means = np.array([category.get((row.source, row.label), 0.0) for row in rows])
        figures[f"routing {source}"] = {
            "APGR": interval(apgr, ours, weak, strong),
            "CPT(50)": interval(partial(cpt, target=0.5), ours, weak, strong),
            "CPT(80)": interval(partial(cpt, target=0.8), ours, weak, strong),
            "APGR random": interval(apgr, np.zeros(len(rows)), weak, strong),
            "APGR prompt length": interval(apgr, length, weak, strong),
            "APGR category mean": interval(apgr, means, weak, strong),
            "APGR oracle": interval(apgr, strong - weak, weak, strong),
        }
    return figures


def category_means(examples: Sequence[Example]) -> dict[tuple[str, str], float]:
    """Return the mean gap of each (table, category) of train: the baseline to beat."""
    piles: dict[tuple[str, str], list[float]] = defaultdict(list)
    for example in examples:
        piles[example.source, example.label].append(example.strong - example.weak)
    return {key: float(np.nanmean(gaps)) for key, gaps in piles.items() if not np.isnan(gaps).all()}


def calibration_figures(
    examples: Sequence[Example], classifier: PromptClassifier, interval: Interval
) -> dict[str, Estimate]:
    """Return ECE over the measured val prompts, pooled and per table."""
    figures: dict[str, Estimate] = {}
    measured = [e for e in of_split(examples, "val") if e.source not in ("authored", "intents")]
    for source, rows in {"all measured prompts": measured, **by_source(measured)}.items():
        ours = complexities(rows, classifier)
        figures[f"ECE {source}"] = interval(
            expected_calibration_error, ours, column(rows, "target")
        )
    return figures


def label_figures(
    name: str, examples: Sequence[Example], classifier: PromptClassifier, interval: Interval
) -> dict[str, Estimate]:
    """Return accuracy and ECE of `domain` or `task`, and accuracy per source."""
    judged = classifier.judge([example.text for example in examples])
    guessed = np.array([getattr(found, name) for found in judged])
    sure = np.array([max(getattr(found, f"{name}_scores").values()) for found in judged])
    truth, sources = column(examples, "label"), column(examples, "source")
    figures = {
        "accuracy": interval(accuracy, guessed, truth),
        "ECE": interval(expected_calibration_error, sure, _right(guessed, truth)),
    }
    for source in sorted(set(sources)):
        inside = sources == source
        figures[f"accuracy {source}"] = interval(accuracy, guessed[inside], truth[inside])
    return figures


def _right(guessed: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(guessed == truth, dtype=np.float64)


def by_source(examples: Sequence[Example]) -> dict[str, list[Example]]:
    """Return the examples of each table."""
    piles: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        piles[example.source].append(example)
    return dict(piles)
