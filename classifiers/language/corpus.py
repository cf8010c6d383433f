"""What the identifier learns from: real texts, and words drawn from the statistics of a language.

Every word is stored once as the rows of its n-grams; a text is a row of words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.base import IntArray
from classifiers.language.characters import read, shorten
from classifiers.language.identifier import known_grams

REAL = 0.4
"""Share of examples that are real texts, or pieces of them."""

PIECES = 0.5
"""Share of real examples that are a piece of one to three words: users write little."""

PLAIN = 0.1
"""Share of real examples without their diacritics, as typed on a keyboard that has none."""

_LENGTHS = ((0.3, 1, 2), (0.6, 2, 3), (0.8, 3, 9), (1.0, 9, 30))
"""Share up to which a drawn text has that many words, from and below."""

_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Pool:
    """Words [m] of which each language owns `places[i]:places[i + 1]`; numbers into a Corpus."""

    words: IntArray
    places: IntArray

    @classmethod
    def of(cls, groups: Sequence[IntArray]) -> Pool:
        """Put groups, one a language, behind one another."""
        return cls(np.concatenate(groups), np.cumsum([0, *map(len, groups)]))

    def draw(self, languages: IntArray, rng: np.random.Generator) -> IntArray:
        """Return a word of each of these languages."""
        sizes = np.diff(self.places)[languages]
        places = self.places[languages] + (rng.random(len(languages)) * sizes).astype(np.int64)
        result: IntArray = self.words[places]
        return result


@dataclass(frozen=True, slots=True)
class Real:
    """Real texts: a text is `sizes[i]` words from word `starts[i]` on; in groups by language."""

    starts: IntArray
    sizes: IntArray
    texts: Pool

    def draw(self, languages: IntArray, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
        """Return where a text of each language, or a piece of it, begins and how long it is."""
        chosen = self.texts.draw(languages, rng)
        starts, sizes = self.starts[chosen], self.sizes[chosen]
        cut = rng.random(len(chosen)) < PIECES
        pieces = np.minimum(rng.integers(1, 4, len(chosen)), sizes)
        shift = (rng.random(len(chosen)) * (sizes - pieces + 1)).astype(np.int64)
        return starts + np.where(cut, shift, 0), np.where(cut, pieces, sizes)


@dataclass(frozen=True, slots=True)
class Corpus:
    """All words, as the rows of their n-grams, and the pools that examples are made of.

    Attributes:
        rows: n-grams of all words, one word after the other.
        offsets: [words + 1] where each word's begin.
        tokens, types: drawn words, as often as they come and once each.
        real, plain: real texts, and the same without diacritics.
    """

    rows: NDArray[np.int32]
    offsets: IntArray
    tokens: Pool
    types: Pool
    real: Real
    plain: Real

    def batch(
        self, size: int, languages: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.int32], IntArray, IntArray]:
        """Return n-grams of `size` examples, how many each has, and its language; each alike."""
        truth = rng.integers(0, languages, size)
        kind = rng.random(size)
        real = np.flatnonzero(kind < REAL)
        plain = np.flatnonzero(kind < REAL * PLAIN)
        starts, sizes = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        starts[real], sizes[real] = self.real.draw(truth[real], rng)
        starts[plain], sizes[plain] = self.plain.draw(truth[plain], rng)
        drawn = np.flatnonzero(kind >= REAL)
        sizes[drawn] = _lengths(len(drawn), rng)
        owners = np.repeat(np.arange(size), sizes)
        words = ranges(starts, sizes)
        made = np.flatnonzero(kind[owners] >= REAL)
        words[made] = self._drawn(truth[owners[made]], sizes[owners[made]] > 4, rng)
        counts = np.diff(self.offsets)[words]
        rows = self.rows[ranges(self.offsets[words], counts)]
        return rows, np.bincount(owners, counts, size).astype(np.int64), truth

    def _drawn(
        self, languages: IntArray, long: NDArray[np.bool_], rng: np.random.Generator
    ) -> IntArray:
        """Words as often as they come in long texts; in short ones half of them once each."""
        often = long | (rng.random(len(languages)) < 0.5)
        result: IntArray = np.where(
            often, self.tokens.draw(languages, rng), self.types.draw(languages, rng)
        )
        return result


def ranges(starts: IntArray, sizes: IntArray) -> IntArray:
    """Return starts[0], starts[0] + 1, ... (sizes[0] numbers), then starts[1], ..."""
    before = np.cumsum(sizes) - sizes
    result: IntArray = np.repeat(starts - before, sizes) + np.arange(sizes.sum())
    return result


def _lengths(size: int, rng: np.random.Generator) -> IntArray:
    shares, low, high = (np.array(column) for column in zip(*_LENGTHS, strict=True))
    kind = np.searchsorted(shares, rng.random(size), side="right")
    result: IntArray = rng.integers(low[kind], high[kind])
    return result


def build(
    rows: NDArray[np.int32], drawn: Sequence[Sequence[str]], texts: Sequence[Sequence[str]]
) -> Corpus:
    """Make a corpus of drawn words and real texts, each in groups by language.

    `rows`: [SLOTS] row of each slot, -1 for none. A text that is there twice comes twice as often.
    """
    store = _Store(rows)
    types, tokens = [], []
    for group in drawn:
        once, places = np.unique(np.array(group, dtype=object).astype(str), return_inverse=True)
        numbers = store.add(once.tolist())
        types.append(numbers)
        tokens.append(numbers[places])
    real = _real(store, texts)
    plain = _real(store, [[_without_diacritics(text) for text in group] for group in texts])
    found, offsets = store.close()
    return Corpus(found, offsets, Pool.of(tokens), Pool.of(types), real, plain)


def _real(store: _Store, texts: Sequence[Sequence[str]]) -> Real:
    once = list(dict.fromkeys(text for group in texts for text in group))
    split = [text.split() or [""] for text in once]
    sizes = np.array([len(words) for words in split])
    numbers = store.add([word for words in split for word in words])
    places = {text: place for place, text in enumerate(once)}
    groups = [np.array([places[text] for text in group]) for group in texts]
    return Real(numbers[0] + np.cumsum(sizes) - sizes, sizes, Pool.of(groups))


def _without_diacritics(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


class _Store:
    """Collects words as rows of n-grams."""

    def __init__(self, rows: NDArray[np.int32]) -> None:
        self._rows = rows
        self._found: list[NDArray[np.int32]] = []
        self._counts: list[IntArray] = []
        self._size = 0

    def add(self, words: Sequence[str]) -> IntArray:
        """Store words and return their numbers."""
        for place in range(0, len(words), _CHUNK):
            chunk = words[place : place + _CHUNK]
            letters, texts = read([shorten(word) for word in chunk])
            rows, owners = known_grams(self._rows, letters, texts)
            self._found.append(rows)
            self._counts.append(np.bincount(owners, minlength=len(chunk)))
        self._size += len(words)
        return np.arange(self._size - len(words), self._size)

    def close(self) -> tuple[NDArray[np.int32], IntArray]:
        """Return the rows of all words and where each word's begin."""
        counts = np.concatenate(self._counts)
        return np.concatenate(self._found), np.concatenate([[0], np.cumsum(counts)])
