"""The shipped identifier of languages: one a process, loaded when the first text comes.

Most policies never ask for the language, and a reload must not take its memory twice.
"""

import threading
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from router.signals.language import Identified, Identifier

if TYPE_CHECKING:
    from classifiers.language.identifier import LanguageIdentifier


@cache
def shipped_identifier() -> Identifier:
    """The one of this process. What is wrong with its artifact is raised by each call of it."""
    return _OnFirstUse()


class _OnFirstUse:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: LanguageIdentifier | None = None

    def identify(self, texts: Sequence[str], /) -> Sequence[Identified]:
        """One answer a text. Raises ArtifactError as long as it cannot be loaded."""
        if self._loaded is None:
            with self._lock:
                self._loaded = self._loaded or _load()
        return self._loaded.identify(texts)


def _load() -> "LanguageIdentifier":
    from classifiers.language.identifier import LanguageIdentifier

    found = LanguageIdentifier.load()
    # What is built on first use is built here, off the event loop.
    found.identify(["ready"])
    return found
