"""`slm-router train --start-from`: a classifier adapted to labels of your own models."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers import adapting
from classifiers.adapted_artifact import facts_of, save_adapted, write_card
from classifiers.adapted_figures import Foreseen, figures, pair_of, trials
from classifiers.adapting import adapted_from
from classifiers.prompt_classifier import PRETRAINED, PromptClassifier
from classifiers.replacement import Comparison, compare
from classifiers.results import pooled, read_results
from router.cli.training import Compared, Told, standing

if TYPE_CHECKING:
    from classifiers.adapting import Candidate
    from classifiers.results import Results

FOLDS, SEED = 5, 0


class AdaptedTraining:
    """Adapts the classifier that the arguments start from."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        self._folds: int = arguments.folds or FOLDS
        self._seed: int = SEED if arguments.seed is None else arguments.seed
        given = arguments.start_from
        self._start = PRETRAINED if given == PRETRAINED.name else Path(given)
        self._base = PromptClassifier.load(self._start)
        self._old = standing(arguments.out, arguments.force)
        self._table, self._source = _labels(arguments)
        # Known models are told before anything is learned.
        self._pair = pair_of(self._table, arguments.small, arguments.large)
        self._candidate: Candidate | None = None

    @property
    def steps(self) -> int:
        """How many steps `learn` tells of."""
        return adapting.steps(self._folds) + 1

    def learn(self, tell: Told) -> None:
        """Learn from all labels, and foresee each while it is held back."""
        self._candidate = adapted_from(self._base, self._table, self._folds, self._seed, tell)
        table = self._candidate.table
        self._pair = pair_of(table, self._arguments.small, self._arguments.large)
        tell("measuring")
        plan = self._folds, self._seed, self._arguments.bootstrap
        found = figures(self._candidate, self._base, plan, self._pair)
        self._facts = facts_of(self._candidate, self._source, plan[:2], found)

    def compare(self) -> Compared:
        """Against what it starts from, and against what it would replace."""
        begun = f"what it starts from (classifier {self._base.manifest.version})"
        found = {begun: self._against(self._base)}
        old = self._old
        if old is not None and old.manifest.version != self._base.manifest.version:
            place = f"{self._arguments.out} (classifier {old.manifest.version})"
            found[place] = self._against(old)
        return found

    def _against(self, old: PromptClassifier) -> Sequence[Comparison]:
        candidate = self._candidate
        assert candidate is not None
        table = candidate.table
        before = Foreseen.by(old, table)
        chances = candidate.held_out.recalled(table.texts, candidate.names)
        after = Foreseen(chances, Foreseen.by(self._base, table).complexity)
        asked = trials(candidate, before, after, self._pair)
        return compare(asked, self._arguments.bootstrap, self._seed)

    def write(self, compared: Compared) -> str:
        """Write artifact and card; returns the version."""
        assert self._candidate is not None
        out: Path = self._arguments.out
        manifest = save_adapted(out, self._start, self._candidate, self._facts)
        write_card(out, compared)
        return manifest.version


def _labels(arguments: argparse.Namespace) -> "tuple[Results, str]":
    """The labels to learn from, and what to call them."""
    if arguments.from_log:
        from router.cli.train_log import labels_from_log

        return labels_from_log(arguments.since, arguments.source or ())
    path: Path = arguments.data
    return pooled(read_results(path)), path.name
