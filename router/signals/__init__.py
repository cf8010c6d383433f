"""Signals: request -> named facts. One file per kind; its docstring is the user's documentation.

To add a kind: write `<kind>.py` with `<Kind>Options`, `vocabulary(options)` and `<Kind>Signal`, add
its line to SIGNALS. The contract suite in tests/contract/test_signal_contract.py then runs over it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from router.core.signals import SignalSpec, Vocabulary
from router.ports import Signal, SignalKind
from router.signals.keywords import KeywordsOptions, KeywordsSignal
from router.signals.keywords import vocabulary as keywords_vocabulary
from router.signals.language import Identifier, LanguageOptions, LanguageSignal
from router.signals.language import vocabulary as language_vocabulary
from router.signals.learned import Classifier, LearnedOptions, LearnedSignal
from router.signals.learned import vocabulary as learned_vocabulary
from router.signals.privacy import PrivacyOptions, PrivacySignal
from router.signals.privacy import vocabulary as privacy_vocabulary
from router.signals.shape import ShapeOptions, ShapeSignal
from router.signals.shape import vocabulary as shape_vocabulary
from router.signals.size import SizeOptions, SizeSignal
from router.signals.size import vocabulary as size_vocabulary

__all__ = ["SIGNALS", "Classifier", "Identifier", "Kind", "build", "vocabulary"]


@dataclass(frozen=True, slots=True)
class Kind(SignalKind):
    """A kind with what makes its signal: from its options, and from a classifier or an identifier
    of languages where it needs one."""

    make: Callable[..., Signal]
    needs_classifier: bool = False
    needs_identifier: bool = False

    def needed(
        self, classifier: Classifier | None, identifier: Identifier | None
    ) -> tuple[Classifier | Identifier | None, ...]:
        """What `make` takes behind the options."""
        if self.needs_classifier:
            return (classifier,)
        return (identifier,) if self.needs_identifier else ()


SIGNALS: Mapping[str, Kind] = {
    "size": Kind(SizeOptions, size_vocabulary, SizeSignal),
    "shape": Kind(ShapeOptions, shape_vocabulary, ShapeSignal),
    "keywords": Kind(KeywordsOptions, keywords_vocabulary, KeywordsSignal),
    "language": Kind(LanguageOptions, language_vocabulary, LanguageSignal, needs_identifier=True),
    "privacy": Kind(PrivacyOptions, privacy_vocabulary, PrivacySignal),
    "learned": Kind(LearnedOptions, learned_vocabulary, LearnedSignal, needs_classifier=True),
}
"""Every kind, cheap ones first. A kind's name is its key under `signals:` in a policy file."""


def vocabulary(options: Mapping[str, BaseModel]) -> Vocabulary:
    """Every name that a policy may use, given the options of kinds (the defaults where missing)."""
    names: dict[str, SignalSpec] = {}
    for name, kind in SIGNALS.items():
        names.update(kind.vocabulary(_options_of(name, options)))
    return names


def build(
    names: Collection[str] | None,
    options: Mapping[str, BaseModel],
    classifier: Classifier | None,
    identifier: Identifier | None = None,
) -> dict[str, Signal]:
    """The signals that yield at least one of `names` (None: all), by kind, cheap ones first.

    Without a classifier or identifier those that need it are left out, and their names stay
    unknown.
    """
    signals: dict[str, Signal] = {}
    for name, kind in SIGNALS.items():
        chosen = _options_of(name, options)
        yielded = kind.vocabulary(chosen).keys()
        if not yielded or (names is not None and yielded.isdisjoint(names)):
            continue
        needed = kind.needed(classifier, identifier)
        if None not in needed:
            signals[name] = kind.make(chosen, *needed)
    return signals


def _options_of(name: str, options: Mapping[str, BaseModel]) -> Any:
    return options[name] if name in options else SIGNALS[name].options()
