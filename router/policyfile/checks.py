"""What a policy means, checked against its catalog and its signals, each problem at its place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from router.core.catalog import Catalog, ModelCard
from router.core.signals import Vocabulary
from router.errors import Problem
from router.policyfile.tree import Node


@dataclass(frozen=True, slots=True)
class Facts:
    """What a policy is held against; None where it could not be read, and is not checked.

    `written` is the catalog's tree, None for a catalog given by code.
    """

    written: Node | None
    models: frozenset[str] | None
    cards: Mapping[str, ModelCard] | None
    vocabulary: Vocabulary | None

    @classmethod
    def of(
        cls, written: Node | None, catalog: Catalog | None, vocabulary: Vocabulary | None
    ) -> "Facts":
        """The facts, as far as they can be known."""
        models: frozenset[str] | None = None
        if catalog is not None:
            models = frozenset(catalog.models)
        elif written is not None and (given := written.get("models")) is not None:
            models = frozenset(given.entries)
        return cls(written, models, catalog.models if catalog else None, vocabulary)


def checked(root: Node, facts: Facts) -> Iterator[Problem]:
    """Every problem of meaning in a policy file and its catalog."""
    yield from ()
