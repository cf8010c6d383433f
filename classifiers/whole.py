"""A whole classifier from the shared tables: every head, the models, figures on `val`, a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers import prompt_classifier
from classifiers.adapted_figures import Foreseen
from classifiers.artifact import Manifest
from classifiers.base import Embedder
from classifiers.card import facts_of, write_card
from classifiers.dataset import Example, column, of_split
from classifiers.evaluation import Plan, pair_of
from classifiers.near_duplicates import near_duplicate_groups
from classifiers.predictions import judgements
from classifiers.prompt_classifier import (
    DOMAIN,
    PRETRAINED,
    TASK,
    TOKENISER,
    VIEWS,
    PromptClassifier,
)
from classifiers.replacement import APGR, Measure, Rows, Trial, recovered
from classifiers.responses import read_responses
from classifiers.results import Results, read_results
from classifiers.table_schema import check_tables
from classifiers.tokens import Tokeniser
from classifiers.train import Recipe, Tables, Told, read_tables, silent, train, train_extras

STEPS = len(VIEWS) + 4
"""How many steps `train_whole` tells of."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A trained classifier before it is written, and the tables that it learned from."""

    classifier: PromptClassifier
    tables: Tables


def train_whole(
    data: Path,
    embedder: Embedder,
    buckets: int,
    recipe: Recipe,
    rounds: int,
    tell: Told = silent,
) -> Whole:
    """Learn from a folder of tables. `tell` hears each of STEPS steps.

    Raises DataError naming what a table lacks.
    """
    tell("checking the tables")
    check_tables(data)
    tables = read_tables(data, recipe.seed)
    tokeniser = Tokeniser.from_bytes((PRETRAINED / TOKENISER).read_bytes())
    encoder, heads = train(tables, tokeniser, embedder, buckets, recipe, tell)
    tell("learning models")
    responses = read_responses(data, recipe.seed)
    extras = train_extras(tables, responses, encoder, recipe)
    tell("measuring")
    drawn = {"seed": recipe.seed, "folds": recipe.folds}
    facts = {**facts_of(tables, encoder, heads, rounds, extras), **drawn}
    classifier = PromptClassifier(Manifest("new", facts), encoder, heads, extras)
    return Whole(classifier, tables)


def save_whole(folder: Path, whole: Whole) -> Manifest:
    """Write the artifact and its card."""
    made = whole.classifier
    manifest = prompt_classifier.save(
        folder, made.encoder, made.heads, made.manifest.body, made.extras
    )
    write_card(folder)
    return manifest


def whole_trials(data: Path, whole: Whole, old: PromptClassifier) -> list[Trial]:
    """Return what a new classifier is compared with an old one by, all on `val`: APGR averaged over
    the tables' pairs, and how often domain and task are right."""
    found = [
        trial
        for table in read_results(data).values()
        for trial in _routing(table, (old, whole.classifier))
    ]
    for name in (DOMAIN, TASK):
        examples = of_split(whole.tables[name], "val")
        right = [_right(each, name, examples) for each in (old, whole.classifier)]
        groups = near_duplicate_groups([e.text for e in examples])
        found.append(Trial(f"accuracy of {name}", groups, _mean(right[0]), _mean(right[1])))
    return found


def _routing(table: Results, both: tuple[PromptClassifier, PromptClassifier]) -> list[Trial]:
    """Return the trial of a table's pair; none where its large model is not better on `val`."""
    judged = table.of_models(pair_of(table, Plan())).of_split("val")
    if len(judged) == 0 or judged.scores[:, 1].mean() <= judged.scores[:, 0].mean():
        return []
    weak, strong = judged.scores[:, 0], judged.scores[:, 1]
    old, new = (recovered(Foreseen.by(one, judged).ranks(0, 1), weak, strong) for one in both)
    return [Trial(APGR, near_duplicate_groups(judged.texts), old, new)]


def _right(
    classifier: PromptClassifier, name: str, examples: Sequence[Example]
) -> NDArray[np.float64]:
    guessed = [getattr(one, name) for one in judgements(classifier, [e.text for e in examples])]
    right: NDArray[np.bool_] = np.array(guessed) == column(examples, "label")
    return right.astype(np.float64)


def _mean(values: NDArray[np.float64]) -> Measure:
    def measure(rows: Rows) -> float:
        return float(values[rows].mean())

    return measure
