"""LanguageIdentifier: which language each of many texts is written in, in one pass over all.

The vectors of a text's n-grams are added up (fastText's idea, arXiv 1607.01759), and a linear layer
makes scores of the sum. A power of the number of n-grams, learned with the rest, scales them: twice
the text is not twice the evidence, and so the probabilities hold from one word to a page. Immutable
once loaded, so any number of threads may share one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers import artifact
from classifiers.artifact import Manifest
from classifiers.base import Arrays, FloatArray, IntArray, softmax
from classifiers.errors import ArtifactError
from classifiers.language import characters, grams

PRETRAINED = Path(__file__).parents[1] / "pretrained_language"
MODEL = "model.npz"
UNDETERMINED = "und"


@dataclass(frozen=True, slots=True)
class Identified:
    """The likeliest language of a text and its probability; `und` where that is too low to say."""

    language: str
    confidence: float


@dataclass(frozen=True)
class LowRank:
    """What is learned: slots of n-grams that count, their vectors, and the layer above them.

    Attributes:
        kept: [k] the slots, rising.
        vectors: [k, d] int8; `scale` [d] brings each column back to its size.
        weights, bias: [d, languages], [languages].
        sharpness: [2] scores are multiplied by exp(first + second * log(number of n-grams)).
    """

    kept: IntArray
    vectors: NDArray[np.int8]
    scale: FloatArray
    weights: FloatArray
    bias: FloatArray
    sharpness: FloatArray

    @cached_property
    def rows(self) -> NDArray[np.int32]:
        """The row of each slot, -1 for one that does not count; [SLOTS]."""
        found = np.full(grams.SLOTS, -1, dtype=np.int32)
        found[self.kept] = np.arange(len(self.kept), dtype=np.int32)
        return found

    @cached_property
    def table(self) -> FloatArray:
        """The vectors as they are added up; [k, d]."""
        return self.vectors * self.scale

    def arrays(self) -> Arrays:
        """What the artifact stores: distances between slots instead of slots compress best."""
        steps = np.diff(self.kept, prepend=0).astype(np.uint16)
        return {
            "steps": steps,
            "vectors": self.vectors,
            "scale": self.scale,
            "weights": self.weights,
            "bias": self.bias,
            "sharpness": self.sharpness,
        }

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Build what `arrays` described. Raises KeyError or ValueError for anything else."""
        kept = np.cumsum(arrays["steps"], dtype=np.int64)
        vectors, weights = arrays["vectors"], arrays["weights"]
        fits = (
            vectors.shape == (len(kept), len(weights))
            and arrays["scale"].shape == (len(weights),)
            and arrays["bias"].shape == weights.shape[1:]
            and arrays["sharpness"].shape == (2,)
            and (not len(kept) or kept[-1] < grams.SLOTS)
        )
        if not fits:
            raise ValueError("arrays of unlike shapes")
        return cls(
            kept, vectors, arrays["scale"], weights, arrays["bias"], arrays["sharpness"]
        )


@dataclass(frozen=True, slots=True)
class LanguageIdentifier:
    """Tells languages apart. Build with `load`.

    Attributes:
        languages: ISO 639 codes, in the order of the scores.
        least_confidence: under it a text is told to be undetermined.
    """

    manifest: Manifest
    languages: tuple[str, ...]
    model: LowRank
    least_confidence: float

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read an artifact folder; None means the one shipped with the package.

        Raises ArtifactError for one that is damaged or of another kind.
        """
        folder = PRETRAINED if path is None else path
        manifest, files = artifact.load(folder)
        try:
            model = LowRank.restore(artifact.unpack(files[MODEL], folder / MODEL))
            languages = tuple(manifest.body["languages"])
            least = float(manifest.body["least_confidence"])
            if len(languages) != len(model.bias):
                raise ValueError("not one score a language")
        except (KeyError, ValueError, TypeError, IndexError) as error:
            problem = f"does not describe an identifier of languages ({error!r})"
            raise ArtifactError(folder / artifact.MANIFEST, problem) from error
        return cls(manifest, languages, model, least)

    def identify(self, texts: Sequence[str]) -> list[Identified]:
        """Return one answer per text, for any text at all; without a known letter it is `und`, 0.0.

        Of texts over 500 characters only the beginning and the end are read.
        """
        if not texts:
            return []
        sums, counts = bags(self.model, texts)
        likely = softmax(scores(self.model, sums, counts))
        best = likely.argmax(axis=1)
        sure = np.where(counts > 0, likely[np.arange(len(texts)), best], 0.0)
        return [
            Identified(self.languages[place] if one >= self.least_confidence else UNDETERMINED, one)
            for place, one in zip(best.tolist(), sure.tolist(), strict=True)
        ]

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return the probability of each language, [len(texts), len(languages)]."""
        if not texts:
            return np.zeros((0, len(self.languages)), dtype=np.float32)
        return softmax(scores(self.model, *bags(self.model, texts)))


def known_grams(
    rows: NDArray[np.int32], texts: Sequence[str]
) -> Iterator[tuple[NDArray[np.int32], IntArray]]:
    """Yield, order by order, the row of each n-gram that has one and its text, texts rising."""
    letters, owners = characters.read([characters.shorten(text) for text in texts])
    for slots, counted in grams.slots(letters):
        places = np.flatnonzero(counted)
        found = rows[slots[places]]
        known = np.flatnonzero(found >= 0)
        yield found[known], owners[places[known]]


def bags(model: LowRank, texts: Sequence[str]) -> tuple[FloatArray, IntArray]:
    """Return the sum of the n-grams' vectors of n >= 1 texts [n, d], and how many they are [n]."""
    sums = np.zeros((len(texts), len(model.weights)), dtype=np.float32)
    counts = np.zeros(len(texts), dtype=np.int64)
    for rows, owners in known_grams(model.rows, texts):
        if len(rows):
            starts = np.flatnonzero(np.diff(owners, prepend=-1))
            sums[owners[starts]] += np.add.reduceat(model.table[rows], starts, axis=0)
            counts += np.bincount(owners, minlength=len(texts))
    return sums, counts


def scores(model: LowRank, sums: FloatArray, counts: NDArray[Any]) -> FloatArray:
    """Return the logits [n, languages] of bags of n-grams."""
    sizes = np.maximum(counts, 1).astype(np.float32)
    sharp = np.exp(model.sharpness[0] + model.sharpness[1] * np.log(sizes))
    result: FloatArray = (sums @ model.weights) * sharp[:, None] + model.bias
    return result


def save(folder: Path, model: LowRank, facts: dict[str, Any]) -> Manifest:
    """Write what `LanguageIdentifier.load` reads; `facts` hold languages and least_confidence."""
    return artifact.save(folder, facts, {MODEL: artifact.pack(model.arrays(), compressed=True)})
