"""Which models of a table count as small and which as large."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from classifiers import targets

Sizes = tuple[tuple[str, ...], tuple[str, ...]]


def model_sizes(scores: Mapping[tuple[str, str], Mapping[str, float]]) -> dict[str, Sizes]:
    """Return dataset -> (small models, large models) for scores by (dataset, prompt id) and model.

    Of the public tables as `targets.py` names them; of any other the worst and the best third by
    mean score, at least one each. A table of one model has neither.
    """
    answers: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for (dataset, _), by_model in scores.items():
        for model, score in by_model.items():
            answers[dataset][model].append(score)
    return {dataset: _sizes(dataset, found) for dataset, found in answers.items()}


def _sizes(dataset: str, answers: Mapping[str, list[float]]) -> Sizes:
    if dataset in targets.SMALL_MODELS:
        return targets.SMALL_MODELS[dataset], targets.LARGE_MODELS[dataset]
    ranked = sorted(answers, key=lambda model: sum(answers[model]) / len(answers[model]))
    third = max(1, len(ranked) // 3)
    return ((), ()) if len(ranked) < 2 else (tuple(ranked[:third]), tuple(ranked[-third:]))
