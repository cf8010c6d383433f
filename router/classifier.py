"""Classifiers: which one a policy uses, each loaded once for as long as its artifact is the same.

What a classifier knows of a policy's models is looked up here, once for each catalog, and never
while a request waits.

Rule: an artifact that cannot be loaded never stops the gateway, nor ends one that serves.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from router.core.catalog import ModelCard
from router.core.contenders import small_and_large
from router.marks import Mark, mark
from router.policyfile import LoadedPolicy
from router.signals import Classifier
from router.signals.learned import Judgement

if TYPE_CHECKING:
    from classifiers.gap import Everyday
    from classifiers.roster import Member

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
"""Vouches for every other file of an artifact, and is written last."""

VERSION_DIGITS = 12
"""Of an artifact's hash, as `classifiers.artifact` gives its version."""

Wanted = tuple[tuple["Member", ...], tuple[str, str] | None]
"""What a policy wants to know of: its models, and the small and the large one among them."""


@dataclass
class _Loaded:
    """A classifier, the mark of its manifest, and itself for each catalog that asked."""

    mark: Mark | None
    classifier: Classifier
    everyday: "Everyday | None" = None
    by_catalog: dict["Wanted", Classifier] = field(default_factory=dict)

    def of(self, loaded: LoadedPolicy) -> Classifier:
        """The classifier for a policy's models; for any models if it knows none at all."""
        from classifiers.catalog_classifier import CatalogClassifier
        from classifiers.gap import Everyday
        from classifiers.prompt_classifier import PromptClassifier
        from classifiers.roster import Roster

        plain = self.classifier
        if not isinstance(plain, PromptClassifier) or not plain.models:
            return plain
        wanted = wanted_by(loaded)
        if not wanted[0]:
            return plain
        if wanted not in self.by_catalog:
            self.everyday = self.everyday or Everyday.of(plain)
            roster = Roster.of(plain, *wanted, self.everyday)
            self.by_catalog[wanted] = CatalogClassifier(plain, roster)
        return self.by_catalog[wanted]


def foreseeing(classifier: Classifier, loaded: LoadedPolicy) -> Classifier:
    """A classifier opened elsewhere, ready to foresee a policy's models as the gateway does."""
    return _Loaded(None, classifier).of(loaded)


class Classifiers:
    """Classifiers by the folder of their artifact. `default` is the process's, None the shipped."""

    def __init__(self, default: Path | None) -> None:
        self._default = default
        self._loaded: dict[Path | None, _Loaded] = {}

    def folder_of(self, loaded: LoadedPolicy) -> Path | None:
        """The artifact that a policy names, else the process's; None for the shipped one."""
        named = getattr(loaded.options["learned"], "artifact", None)
        return loaded.path.parent / named if named else self._default

    def place_of(self, loaded: LoadedPolicy) -> Path:
        """As `folder_of`, with the folder of the shipped one too."""
        from classifiers.prompt_classifier import PRETRAINED

        return self.folder_of(loaded) or PRETRAINED

    def of(self, loaded: LoadedPolicy) -> Classifier:
        """The classifier of a policy, ready to foresee its models; read again when its manifest
        has changed. Where that fails the one that was loaded before stays, and the next call
        tries again."""
        return self._at(self.folder_of(loaded)).of(loaded)

    def _at(self, folder: Path | None) -> _Loaded:
        now = None if folder is None else mark(folder / MANIFEST)
        if folder in self._loaded and self._loaded[folder].mark == now:
            return self._loaded[folder]
        classifier = load_classifier(folder)
        if isinstance(classifier, _NoClassifier):
            if folder not in self._loaded:
                return _Loaded(now, classifier)
            logger.error("the classifier loaded before stays in use")
        else:
            self._loaded[folder] = _Loaded(now, classifier)
        return self._loaded[folder]

    def keep(self, policies: Iterable[LoadedPolicy]) -> None:
        """Let go of all classifiers, and all that was looked up, but for `policies`."""
        used: dict[Path | None, set[Wanted]] = {}
        for loaded in policies:
            used.setdefault(self.folder_of(loaded), set()).add(wanted_by(loaded))
        for folder in self._loaded.keys() - used.keys():
            del self._loaded[folder]
        for folder, it in self._loaded.items():
            for wanted in it.by_catalog.keys() - used[folder]:
                del it.by_catalog[wanted]


def wanted_by(loaded: LoadedPolicy) -> "Wanted":
    """What is looked up for a policy: the same for all that choose between the same models."""
    members = tuple(member_of(*entry) for entry in loaded.catalog.conversing.items())
    return members, small_and_large(loaded.policy, loaded.catalog)


def member_of(name: str, card: ModelCard) -> "Member":
    """A model of a catalog as a classifier looks it up."""
    from classifiers.roster import Member

    quality = card.quality
    return Member(
        name=name,
        prior=quality.overall,
        aliases=aliases_of(card),
        domains=tuple(quality.domains.items()),
        tasks=tuple(quality.tasks.items()),
    )


def aliases_of(card: ModelCard) -> tuple[str, ...]:
    """What a model may be known by beside the user's own name for it, which says least; the
    upstream's says which weights answer."""
    return tuple(name for name in (card.upstream_model, card.catalogue_name) if name is not None)


def sources_of(classifier: Classifier | None) -> Mapping[str, str]:
    """Model -> where a classifier's predicted quality of it comes from; nothing of a classifier
    that knows no models."""
    if classifier is None:
        return {}
    from classifiers.catalog_classifier import CatalogClassifier

    return classifier.sources if isinstance(classifier, CatalogClassifier) else {}


def trained_domains(classifier: Classifier | None) -> Mapping[str, int]:
    """How often a classifier saw each domain in prompts held back from its training; nothing if
    its artifact does not tell."""
    body = getattr(getattr(classifier, "manifest", None), "body", {})
    told = body.get("distribution", {}).get("domain", {})
    return told if isinstance(told, Mapping) else {}


def has_own_gap(classifier: Classifier | None) -> bool:
    """Whether the complexity that it tells is the gap between a policy's own two models, not that
    of any small and any large one."""
    roster = getattr(classifier, "roster", None)
    return getattr(roster, "gap", None) is not None


def artifact_version(classifier: Classifier) -> str | None:
    """The version of the artifact that a classifier was loaded from; None where it has none."""
    version = getattr(getattr(classifier, "manifest", None), "version", None)
    return version if isinstance(version, str) else None


def stated_version(folder: Path | None) -> str | None:
    """The version that an artifact's manifest states, without loading it; None if unreadable."""
    from classifiers.prompt_classifier import PRETRAINED

    try:
        stated = json.loads(((folder or PRETRAINED) / MANIFEST).read_text("utf-8"))["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stated[:VERSION_DIGITS] if isinstance(stated, str) else None


def doubts(loaded: LoadedPolicy, artifact: str | None) -> tuple[str, ...]:
    """Why a policy's certificate, if it has one, is not to be relied on as things stand."""
    certificate = loaded.policy.certificate
    return () if certificate is None else tuple(certificate.doubts(loaded.version, artifact))


def watched_files(folder: Path | None) -> tuple[Path, ...]:
    """What to watch of an artifact, as `marks` takes it; nothing of the shipped one."""
    return () if folder is None else (folder / "*.json", folder / "*.npz")


def load_classifier(path: Path | None) -> Classifier:
    """The classifier behind the learned signals; one that always fails if it cannot be loaded.

    A missing artifact must not stop the gateway: its signals fail, are counted, and the policy's
    default rule decides.
    """
    from classifiers.errors import ArtifactError
    from classifiers.prompt_classifier import PromptClassifier

    try:
        return PromptClassifier.load(path)
    except ArtifactError as error:
        logger.error("no classifier, learned signals stay unknown: %s", error)
        return _NoClassifier(error)


class _NoClassifier:
    def __init__(self, error: Exception) -> None:
        self._error = error

    def judge(self, texts: Sequence[str], /) -> Sequence[Judgement]:
        raise self._error
