"""Classifiers: which one a policy uses, each loaded once for as long as its artifact is the same.

Rule: an artifact that cannot be loaded never stops the gateway, nor ends one that serves.
"""

import json
import logging
from collections.abc import Collection, Sequence
from pathlib import Path

from router.marks import Mark, mark
from router.policyfile import LoadedPolicy
from router.signals import Classifier
from router.signals.learned import Judgement

logger = logging.getLogger(__name__)

MANIFEST = "manifest.json"
"""Vouches for every other file of an artifact, and is written last."""

VERSION_DIGITS = 12
"""Of an artifact's hash, as `classifiers.artifact` gives its version."""


class Classifiers:
    """Classifiers by the folder of their artifact. `default` is the process's, None the shipped."""

    def __init__(self, default: Path | None) -> None:
        self._default = default
        self._loaded: dict[Path | None, tuple[Mark | None, Classifier]] = {}

    def folder_of(self, loaded: LoadedPolicy) -> Path | None:
        """The artifact that a policy names, else the process's; None for the shipped one."""
        named = getattr(loaded.options["learned"], "artifact", None)
        return loaded.path.parent / named if named else self._default

    def of(self, loaded: LoadedPolicy) -> Classifier:
        """The classifier of a policy."""
        return self.at(self.folder_of(loaded))

    def at(self, folder: Path | None) -> Classifier:
        """The classifier in a folder, read again when its manifest has changed.

        Where that fails the one that was loaded before stays, and the next call tries again.
        """
        now = None if folder is None else mark(folder / MANIFEST)
        if folder in self._loaded and self._loaded[folder][0] == now:
            return self._loaded[folder][1]
        classifier = load_classifier(folder)
        if not isinstance(classifier, _NoClassifier):
            self._loaded[folder] = (now, classifier)
        elif folder in self._loaded:
            logger.error("the classifier loaded before stays in use")
            return self._loaded[folder][1]
        return classifier

    def keep(self, folders: Collection[Path | None]) -> None:
        """Let go of all classifiers but those in `folders`."""
        for folder in self._loaded.keys() - set(folders):
            del self._loaded[folder]


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
