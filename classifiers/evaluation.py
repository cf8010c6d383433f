"""One evaluation: every pair, pool and label test of a classifier, as plain data for any reader."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from classifiers.errors import DataError
from classifiers.labels import DetectionReport, LabelReport
from classifiers.pairs import PairReport, evaluate_pair
from classifiers.pools import PoolReport, evaluate_pool, pool_of
from classifiers.prompt_classifier import PromptClassifier
from classifiers.results import Results
from classifiers.targets import LARGE_MODELS, REPORTED_PAIRS, SMALL_MODELS

FORMAT = 1
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, and how often to resample.

    Attributes:
        small, large: the pair; None takes the one reported for the dataset, else the first small
            and large model that we know of there, else its worst and its best model.
    """

    split: str = "val"
    rounds: int = 1000
    seed: int = 0
    small: str | None = None
    large: str | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything found. `simulated`: the scores are made up; the figures say nothing of models."""

    classifier: str
    data: str
    plan: Plan
    simulated: bool = False
    pairs: list[PairReport] = field(default_factory=list)
    pools: list[PoolReport] = field(default_factory=list)
    labels: list[LabelReport] = field(default_factory=list)
    detections: list[DetectionReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def json(self) -> str:
        """Return all of it as JSON; a figure that is not defined is null."""
        body = {"format": FORMAT, **asdict(self)}
        return json.dumps(_defined(body), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def evaluate_tables(
    tables: Mapping[str, Results],
    classifier: PromptClassifier,
    plan: Plan,
    into: Evaluation,
    tell: Told = lambda line: None,
) -> None:
    """Measure the pair and the pool of every dataset into `into`; what cannot be is noted there.

    `tell` hears what is being measured. Raises DataError when nothing could be, or when a pair was
    asked for and could not be measured anywhere.
    """
    for name, table in tables.items():
        small, large = pair_of(table, plan)
        tell(f"{name}: {small} / {large}")
        try:
            into.pairs.append(
                evaluate_pair(table, (small, large), classifier, plan.split, plan.rounds, plan.seed)
            )
        except DataError as error:
            into.notes.append(str(error))
        if pool := pool_of(table):
            tell(f"{name}: pool of {len(pool)} models")
            into.pools.append(
                evaluate_pool(table, pool, classifier, plan.split, plan.rounds, plan.seed)
            )
    asked = plan.small is not None or plan.large is not None
    if not into.pairs and (asked or not into.pools):
        raise DataError("nothing could be measured: " + "; ".join(into.notes or ["no table"]))


def pair_of(table: Results, plan: Plan) -> tuple[str, str]:
    """Return (small, large) by the rule of `Plan`."""
    name = table.dataset
    pair = REPORTED_PAIRS.get(name)
    if pair is None and name in SMALL_MODELS:
        pair = SMALL_MODELS[name][0], LARGE_MODELS[name][0]
    if pair is None or not set(pair) <= set(table.models):
        ranked = _ranked(table.of_split("train") if "train" in table.splits else table)
        pair = ranked[0], ranked[-1]
    return plan.small or pair[0], plan.large or pair[1]


def _ranked(table: Results) -> Sequence[str]:
    """Models by their mean score, worst first."""

    def mean(column: int) -> float:
        known = [score for score in table.scores[:, column] if not math.isnan(score)]
        return sum(known) / len(known) if known else 0.0

    return [table.models[column] for column in sorted(range(len(table.models)), key=mean)]


def _defined(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _defined(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return value
