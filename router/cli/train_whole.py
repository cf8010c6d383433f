"""`slm-router train FOLDER`: a whole classifier from the shared tables."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from classifiers.embedders import EMBEDDERS
from classifiers.errors import DataError
from classifiers.heads import HEADS
from classifiers.prompt_classifier import COMPLEXITY, DOMAIN, PRETRAINED, TASK
from classifiers.replacement import compare
from classifiers.train import BUCKETS, FOLDS, NEW_HEADS, Recipe, open_embedder
from classifiers.whole import STEPS, Whole, save_whole, train_whole, whole_trials
from router.cli.training import Compared, Told, standing

if TYPE_CHECKING:
    from classifiers.base import Head

STATIC = "static"
CHOSEN = (COMPLEXITY, DOMAIN, TASK)
"""What `--head` may choose for. The others are parts of these, or tell languages apart."""


class WholeTraining:
    """Learns every head and model from a folder of tables."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._arguments = arguments
        seeded = {} if arguments.seed is None else {"seed": arguments.seed}
        heads = {**NEW_HEADS, **chosen_heads(arguments.head)}
        self._recipe = Recipe(heads, folds=arguments.folds or FOLDS, **seeded)
        embedder = arguments.embedder or STATIC
        if embedder not in EMBEDDERS:
            raise DataError(f"no embedder {embedder!r}; there are {', '.join(sorted(EMBEDDERS))}")
        self._embedder = open_embedder(embedder, PRETRAINED, arguments.model)
        self._old = standing(arguments.out, arguments.force)
        self._whole: Whole | None = None

    @property
    def steps(self) -> int:
        """How many steps `learn` tells of."""
        return STEPS

    def learn(self, tell: Told) -> None:
        """Learn from `train`, measure on `val`."""
        self._whole = train_whole(
            self._arguments.data,
            self._embedder,
            self._arguments.buckets or BUCKETS,
            self._recipe,
            self._arguments.bootstrap,
            tell,
        )

    def compare(self) -> Compared:
        """Against what it would replace, if there is anything."""
        old = self._old
        if old is None:
            return {}
        assert self._whole is not None
        asked = whole_trials(self._arguments.data, self._whole, old)
        found = compare(asked, self._arguments.bootstrap, self._recipe.seed)
        return {f"{self._arguments.out} (classifier {old.manifest.version})": found}

    def write(self, compared: Compared) -> str:
        """Write artifact and card; returns the version."""
        assert self._whole is not None
        return save_whole(self._arguments.out, self._whole).version


def chosen_heads(given: Sequence[str]) -> "Mapping[str, Callable[[], Head]]":
    """What `--head NAME` and `--head domain=NAME` ask for. Raises DataError for unknown names."""
    found: dict[str, Callable[[], Head]] = {}
    for each in given:
        place, _, kind = each.rpartition("=")
        if kind not in HEADS:
            raise DataError(f"no head {kind!r}; there are {', '.join(sorted(HEADS))}")
        if place and place not in CHOSEN:
            raise DataError(f"--head sets {', '.join(CHOSEN)}, not {place!r}")
        found.update({name: partial(HEADS[kind]) for name in CHOSEN if place in ("", name)})
    return found
