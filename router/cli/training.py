"""One way to get a classifier, step by step: what `slm-router train` runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
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
