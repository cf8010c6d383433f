"""How good a classifier is on `val`, each figure with its interval and beside simple baselines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers import prompt_classifier as names
from classifiers.curves import Estimate, accuracy, bootstrap, expected_calibration_error
from classifiers.dataset import Example, column, of_split
from classifiers.errors import DataError
from classifiers.pairs import APGR, evaluate_pair
from classifiers.predictions import complexities, judgements
from classifiers.prompt_classifier import PromptClassifier
from classifiers.results import Results
from classifiers.targets import REPORTED_PAIRS

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
    figures = routing_figures(complexity, classifier, rounds)
    figures["calibration"] = calibration_figures(complexity, classifier, interval)
    for name in (names.DOMAIN, names.TASK):
        figures[name] = label_figures(name, of_split(tables[name], "val"), classifier, interval)
    return figures


def routing_figures(
    examples: Sequence[Example], classifier: PromptClassifier, rounds: int
) -> Figures:
    """Return what `slm-router evaluate` finds for each table with a measured pair.

    Ours has every figure, the baselines their APGR.
    """
    figures: Figures = {}
    for source, rows in by_source(examples).items():
        models = REPORTED_PAIRS.get(source, ("weak", "strong"))
        try:
            found = evaluate_pair(_results(source, models, rows), models, classifier, rounds=rounds)
        except DataError:  # no measured pair, or no gap between the two
            continue
        ours, *others = found.figures
        figures[f"routing {source}"] = {
            **found.figures[ours],
            **{
                f"{APGR} {name}": found.figures[name][APGR]
                for name in others
                if APGR in found.figures[name]
            },
        }
        figures[f"flips {source}"] = found.flips
    return figures


def _results(source: str, models: tuple[str, str], rows: Sequence[Example]) -> Results:
    scores = np.array([[row.weak, row.strong] for row in rows], dtype=float)
    return Results(
        dataset=source,
        texts=tuple(row.text for row in rows),
        categories=tuple(row.label for row in rows),
        splits=tuple(row.split for row in rows),
        models=models,
        scores=scores,
        costs=np.full_like(scores, np.nan),
    )


def calibration_figures(
    examples: Sequence[Example], classifier: PromptClassifier, interval: Interval
) -> dict[str, Estimate]:
    """Return ECE over the measured val prompts, pooled and per table."""
    figures: dict[str, Estimate] = {}
    measured = [e for e in of_split(examples, "val") if e.source not in ("authored", "intents")]
    for source, rows in {"all measured prompts": measured, **by_source(measured)}.items():
        ours = complexities(classifier, [row.text for row in rows])
        figures[f"ECE {source}"] = interval(
            expected_calibration_error, ours, column(rows, "target")
        )
    return figures


def label_figures(
    name: str, examples: Sequence[Example], classifier: PromptClassifier, interval: Interval
) -> dict[str, Estimate]:
    """Return accuracy and ECE of `domain` or `task`, and accuracy per source."""
    judged = judgements(classifier, [example.text for example in examples])
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
