"""One way to get a classifier, step by step: what `slm-router train` runs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from router.errors import StartupError

if TYPE_CHECKING:
    from classifiers.prompt_classifier import PromptClassifier
    from classifiers.replacement import Comparison

Told = Callable[[str], None]
Compared = Mapping[str, Sequence["Comparison"]]
"""What would be replaced -> how both fare on held-back labels."""


class Training(Protocol):
    """One way to get a classifier, step by step."""

    @property
    def steps(self) -> int:
        """How many steps `learn` tells of."""
        ...

    def learn(self, tell: Told) -> None:
        """Learn; write nothing."""
        ...

    def compare(self) -> Compared:
        """What it would replace -> how both fare on held-back labels."""
        ...

    def write(self, compared: Compared) -> str:
        """Write artifact and card; returns the version."""
        ...


def standing(out: Path, force: bool) -> "PromptClassifier | None":
    """The classifier that stands where the new one would go; None where there is none.

    One that cannot be read stops the training, for the new one cannot be compared with it; with
    `force` it counts as none.
    """
    from classifiers.artifact import MANIFEST
    from classifiers.errors import ClassifierError
    from classifiers.prompt_classifier import PromptClassifier

    if not (out / MANIFEST).is_file():
        return None
    try:
        return PromptClassifier.load(out)
    except ClassifierError as error:
        if force:
            return None
        raise StartupError(
            f"{out} holds a classifier that cannot be read ({error}), so that no new one can be"
            " compared with it. Name another --out, or replace it with --force."
        ) from error
