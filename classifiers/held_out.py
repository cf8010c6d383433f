"""What an adapted classifier foresaw of the very prompts that taught it, while they were held back.

Kept in its artifact, so that whoever measures it on those prompts again gets an honest figure. A
prompt is kept as a hash of its words alone: what it says cannot be read from the artifact.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.base import Arrays, FloatArray

HELD_OUT = "held_out.npz"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Forecasts of n prompts for m models.

    Attributes:
        names: m model names, as the classifier knows them.
        prints: [n] sorted uint64, of the prompts.
        chances: [n, m]; NaN where none was made.
    """

    names: tuple[str, ...]
    prints: NDArray[np.uint64]
    chances: FloatArray

    @classmethod
    def of(cls, names: Sequence[str], texts: Sequence[str], chances: NDArray[Any]) -> Self:
        """Keep the forecasts [n, m] of n texts; of equal ones the first."""
        prints, first = np.unique(fingerprints(texts), return_index=True)
        return cls(tuple(names), prints, chances[first].astype(np.float32))

    def knows(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Return [n] whether each text was learned from."""
        return np.isin(fingerprints(texts), self.prints)

    def recalled(self, texts: Sequence[str], models: Sequence[str]) -> NDArray[np.float64]:
        """Return the forecasts [n, m] of texts that were learned from, NaN for all others."""
        found = np.full((len(texts), len(models)), np.nan)
        asked = fingerprints(texts)
        at = np.minimum(np.searchsorted(self.prints, asked), max(len(self.prints) - 1, 0))
        known = self.prints[at] == asked if len(self.prints) else np.zeros(len(texts), bool)
        for column, model in enumerate(models):
            if model in self.names:
                found[known, column] = self.chances[at[known], self.names.index(model)]
        return found

    def arrays(self) -> Arrays:
        """What the artifact must store, beside the names."""
        return {"prints": self.prints, "chances": self.chances}

    @classmethod
    def restore(cls, names: Sequence[str], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Build from stored arrays. Raises ValueError when they disagree."""
        prints, chances = arrays["prints"], arrays["chances"]
        if chances.shape != (len(prints), len(names)):
            raise ValueError(f"{len(prints)} prompts of {len(names)} models, {chances.shape}")
        return cls(tuple(names), prints, chances)


def fingerprints(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return a hash [n] of each text's words; case, spaces and punctuation do not count."""
    return np.array([_fingerprint(text) for text in texts], dtype=np.uint64)


def _fingerprint(text: str) -> int:
    words = " ".join(_WORD.findall(text.lower())) or text
    digest = hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
