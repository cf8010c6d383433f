"""By which name a classifier knows a model: one rule for the gateway and every command."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def known_name(known: Collection[str], names: Iterable[str]) -> str | None:
    """Return the first of a model's names that is among `known`, each as given and then as its
    last path part; None when none is."""
    forms = (form for name in names for form in (name, name.rpartition("/")[2]))
    return next((form for form in forms if form in known), None)
