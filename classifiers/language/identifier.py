"""LanguageIdentifier: which language each of many texts is written in, in one pass over all.

Scripts decide first: it is one of the languages written in the script of most letters.
Among languages of one script n-grams decide: their vectors are added up (fastText's idea, arXiv
1607.01759), and a linear layer makes scores of the sum. A power of the number of n-grams, learned
with the rest, scales them: twice the text is not twice the evidence, and so the probabilities hold
from one word to a page. Immutable once loaded, so any number of threads may share one.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from classifiers.language.characters import Letters

PRETRAINED = Path(__file__).parents[1] / "pretrained_language"
MODEL = "model.npz"
UNDETERMINED = "und"
_DIGITS = 6
RULED_OUT = 1e6
"""Logits that a language loses which is not written in the script of most letters."""

OTHER_SCRIPT = 20.0
"""Logits that a language loses, in proportion, for letters in scripts not its own (kana)."""


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
        written: [scripts, languages] whether a language is written in a script.
    """

    kept: IntArray
    vectors: NDArray[np.int8]
    scale: FloatArray
    weights: FloatArray
    bias: FloatArray
    sharpness: FloatArray
    written: NDArray[np.bool_]

    @cached_property
    def rows(self) -> NDArray[np.int32]:
        """The row of each slot, -1 for one that does not count; [SLOTS]."""
        return rows_of(self.kept)

    @cached_property
    def foreign(self) -> FloatArray:
        """1 where a language is not written in a script; [scripts, languages]."""
        return (~self.written).astype(np.float32)

    @cached_property
    def table(self) -> FloatArray:
        """The vectors as they are added up; [k, d]."""
        return self.vectors * self.scale

    def arrays(self) -> Arrays:
        """What the artifact stores: distances between slots instead of slots compress best."""
        return {
            "steps": np.diff(self.kept, prepend=0).astype(np.uint16),
            "vectors": self.vectors,
            "scale": self.scale,
            "weights": self.weights,
            "bias": self.bias,
            "sharpness": self.sharpness,
            "written": self.written,
        }

    @classmethod
    def restore(cls, arrays: Arrays) -> Self:
        """Build what `arrays` described. Raises KeyError, TypeError or ValueError otherwise."""
        kept = np.cumsum(arrays["steps"], dtype=np.int64)
        found = cls(kept=kept, **{name: arrays[name] for name in arrays if name != "steps"})
        dimensions, languages = found.weights.shape
        fits = (
            found.vectors.shape == (len(found.kept), dimensions)
            and found.scale.shape == (dimensions,)
            and found.bias.shape == (languages,)
            and found.sharpness.shape == (2,)
            and found.written.shape == (len(characters.SCRIPTS), languages)
            and (not len(found.kept) or found.kept[-1] < grams.SLOTS)
        )
        if not fits:
            raise ValueError("arrays of unlike shapes")
        return found


@dataclass(frozen=True, slots=True)
class Bags:
    """Texts as the model reads them.

    Attributes:
        sums: [n, d] the vectors of a text's n-grams, added up.
        counts: [n] how many they are.
        scripts: [n, scripts] the share of its letters in each script; 0 for a text without any.
    """

    sums: FloatArray
    counts: IntArray
    scripts: FloatArray


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
        found = bags(self.model, texts)
        likely = softmax(scores(self.model, found))
        best = likely.argmax(axis=1)
        # What is in other scripts is not in this language.
        own = (found.scripts * self.model.written[:, best].T).sum(axis=1)
        sure = np.minimum(likely[np.arange(len(texts)), best] * own, 1.0).astype(np.float64)
        return [
            Identified(self.languages[place] if one >= self.least_confidence else UNDETERMINED, one)
            for place, one in zip(best.tolist(), sure.round(_DIGITS).tolist(), strict=True)
        ]

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """Return the probability of each language, [len(texts), len(languages)]."""
        if not texts:
            return np.zeros((0, len(self.languages)), dtype=np.float32)
        return softmax(scores(self.model, bags(self.model, texts)))


def rows_of(kept: IntArray) -> NDArray[np.int32]:
    """Return the row of each slot when these are kept, -1 for all others; [SLOTS]."""
    found = np.full(grams.SLOTS, -1, dtype=np.int32)
    found[kept] = np.arange(len(kept), dtype=np.int32)
    return found


def known_grams(
    rows: NDArray[np.int32], letters: Letters, owners: IntArray
) -> tuple[NDArray[np.int32], IntArray]:
    """Return the row of each n-gram that has one, and its text; texts rising."""
    slots, places = grams.slots(letters)
    found = rows[slots]
    known = found >= 0
    return found[known], owners[places[known]]


def script_shares(letters: Letters, owners: IntArray, size: int) -> FloatArray:
    """Return [size, scripts] which share of a text's letters is of which script."""
    kinds = len(characters.SCRIPTS)
    places = np.flatnonzero(letters != characters.SEPARATOR)
    scripts = characters.script_table()[letters[places]]
    keys = owners[places] * kinds + scripts
    counts = np.bincount(keys, minlength=size * kinds).reshape(size, kinds)
    weighed = counts * characters.script_weights()
    result: FloatArray = weighed / np.maximum(weighed.sum(axis=1, keepdims=True), 1)
    return result


def bags(model: LowRank, texts: Sequence[str]) -> Bags:
    """Return n >= 1 texts as the model reads them."""
    letters, owners = characters.read([characters.shorten(text) for text in texts])
    sums = np.zeros((len(texts), len(model.weights)), dtype=np.float32)
    rows, texts_of = known_grams(model.rows, letters, owners)
    counts = np.bincount(texts_of, minlength=len(texts))
    if len(rows):
        filled = np.flatnonzero(counts)
        starts = (np.cumsum(counts) - counts)[filled]
        sums[filled] = np.add.reduceat(model.table[rows], starts, axis=0)
    return Bags(sums, counts, script_shares(letters, owners, len(texts)))


def scores(model: LowRank, found: Bags) -> FloatArray:
    """Return the logits [n, languages] of texts."""
    sizes = np.maximum(found.counts, 1).astype(np.float32)
    sharp = np.exp(model.sharpness[0] + model.sharpness[1] * np.log(sizes))
    result: FloatArray = (found.sums @ model.weights) * sharp[:, None] + model.bias
    result -= OTHER_SCRIPT * (found.scripts @ model.foreign)
    most = found.scripts[:, 1:].argmax(axis=1) + 1
    result -= RULED_OUT * model.foreign[most]
    return result


def save(folder: Path, model: LowRank, facts: dict[str, Any]) -> Manifest:
    """Write what `LanguageIdentifier.load` reads; `facts` hold languages and least_confidence."""
    return artifact.save(folder, facts, {MODEL: artifact.pack(model.arrays())})
