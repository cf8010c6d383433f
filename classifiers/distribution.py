"""What prompts like those of training look like to a classifier, for traffic to be held against.

Rule: counted over `val`. Of the prompts that it learned from a classifier is surer than of any
others, so that against them all traffic would seem to have drifted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from classifiers.dataset import Example, of_split
from classifiers.judgement import Judgement
from classifiers.predictions import judgements
from classifiers.prompt_classifier import COMPLEXITY, DOMAIN, TASK, PromptClassifier

DISTRIBUTION = "distribution"
"""Under which the manifest holds it."""

BINS = 10
"""Equal pieces of [0, 1]."""

NUMBERS = ("complexity", "complexity_confidence", "domain_confidence", "task_confidence")
LABELS = ("domain", "task", "abstain")


def distribution_of(
    classifier: PromptClassifier, tables: Mapping[str, Sequence[Example]]
) -> dict[str, Any]:
    """Return for each signal how many of the `n` held-back prompts were judged so: counts [BINS]
    of numbers, and by label of the others (`abstain` by "true" and "false")."""
    found = {e.text for name in (COMPLEXITY, DOMAIN, TASK) for e in of_split(tables[name], "val")}
    judged = judgements(classifier, sorted(found))
    counts: dict[str, Any] = {name: _binned(getattr(it, name) for it in judged) for name in NUMBERS}
    return {"n": len(judged), **counts, **{name: _labelled(judged, name) for name in LABELS}}


def bin_of(value: float) -> int:
    """Return the piece of [0, 1] that holds a value."""
    return min(max(int(value * BINS), 0), BINS - 1)


def _binned(values: Iterable[float]) -> list[int]:
    counts = Counter(map(bin_of, values))
    return [counts[at] for at in range(BINS)]


def _labelled(judged: Sequence[Judgement], name: str) -> dict[str, int]:
    told = Counter(getattr(it, name) for it in judged)
    return {str(label).lower() if name == "abstain" else label: n for label, n in told.items()}
