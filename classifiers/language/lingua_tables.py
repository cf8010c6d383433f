"""What lingua's language models say: how often each run of letters stands in a language's words.

The PyPI package lingua-language-detector, up to 1.4 (Apache-2.0), carries for 75 languages the
share of each letter n-gram among those with the same beginning, n = 1 to 5, counted in a million
sentences of news each. The shares are exact fractions, so counts come back from them by
multiplication. What lingua does not tell follows by subtraction: where no letter follows, a word
ends. Hence also a chain that words can be drawn from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from math import lcm
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.base import IntArray
from classifiers.errors import DataError, MissingExtraError
from classifiers.language.characters import SEPARATOR, Letters
from classifiers.language.grams import LONGEST

Counts = NDArray[np.float64]

_ORDERS = ("unigrams", "bigrams", "trigrams", "quadrigrams", "fivegrams")
_LETTER_BITS = np.uint64(16)
_LONGEST_WORD = 24
_SPACE = ord(" ")


@dataclass(frozen=True, slots=True)
class Level:
    """The n-grams of one length, sorted by all letters but the last.

    Attributes:
        letters: [m, n] lower-case code points.
        inside: [m] how often they stand anywhere in a word.
        first, last, whole: [m] how often they begin a word, end one, are one; 0 where unknown.
        parents, heirs: [m] the n-gram without its last letter, without its first, in the level
            below.
    """

    letters: Letters
    inside: Counts
    first: Counts
    last: Counts
    whole: Counts
    parents: IntArray
    heirs: IntArray


def folder() -> Path:
    """Return where the package keeps its tables. Raises MissingExtraError without such a one."""
    found = find_spec("lingua")
    home = Path(found.origin).parent / "language-models" if found and found.origin else None
    if home is None or not home.is_dir():
        raise MissingExtraError("lingua-language-detector 1.4 (2.x holds no tables)", "languages")
    return home


def levels(home: Path) -> list[Level]:
    """Return what a language's folder holds, shortest n-grams first (Chinese: one letter only)."""
    found: list[Level] = []
    for size in range(1, LONGEST + 1):
        file = home / f"{_ORDERS[size - 1]}.json.br"
        if not file.is_file():
            break
        letters, shares, total = _read(file, size)
        found.append(_level(letters, shares, total, found[-1] if found else None))
    for below, above in pairwise(found):
        n = len(below.inside)
        below.first[:] = below.inside - np.bincount(above.heirs, above.inside, n)
        below.last[:] = below.inside - np.bincount(above.parents, above.inside, n)
    for below, above in pairwise(found[: LONGEST - 1]):
        below.whole[:] = below.first - np.bincount(above.parents, above.first, len(below.first))
    return found


def words(found: list[Level], count: int, rng: np.random.Generator) -> list[str]:
    """Draw words: each letter by how often it follows the (up to) four before it.

    Half of them are words that were really seen, the rest are put together of their parts.
    Without n-grams of five letters (Chinese) the letters of a word are independent.
    """
    if len(found) < LONGEST:
        return _independent(found[0], count, rng)
    sums = [np.cumsum(np.insert(level.first, 0, 0.0)) for level in found[:-1]]
    sums.append(np.cumsum(np.insert(found[-1].inside, 0, 0.0)))
    drawn = np.full((count, _LONGEST_WORD), _SPACE, dtype="<u2")
    growing = np.arange(count)
    row = np.searchsorted(sums[0], rng.random(count) * sums[0][-1], side="right") - 1
    drawn[:, 0] = found[0].letters[row, 0]
    for place in range(1, _LONGEST_WORD):
        order = min(place, LONGEST - 1)
        level, sums_of = found[order], sums[order]
        start, stop = np.searchsorted(level.parents, [row, row + 1])
        following = sums_of[stop] - sums_of[start]
        below = found[order - 1]
        ending = (below.whole if order < LONGEST - 1 else below.last)[row]
        chance = rng.random(len(row)) * (following + ending)
        goes_on = chance < following
        growing = growing[goes_on]
        if not len(growing):
            break
        chosen = np.searchsorted(sums_of, (sums_of[start] + chance)[goes_on], side="right") - 1
        drawn[growing, place] = level.letters[chosen, -1]
        row = chosen if order < LONGEST - 1 else level.heirs[chosen]
    return [text.rstrip() for text in _texts(drawn)]


def _independent(level: Level, count: int, rng: np.random.Generator) -> list[str]:
    shares = level.inside / level.inside.sum()
    sizes = rng.integers(1, 7, count)
    picked = rng.choice(level.letters[:, 0], size=(count, 6), p=shares).astype("<u2")
    picked[np.arange(6) >= sizes[:, None]] = _SPACE
    return [text.rstrip() for text in _texts(picked)]


def _texts(points: NDArray[np.uint16]) -> list[str]:
    joined = points.tobytes().decode("utf-16-le", "replace")
    width = points.shape[1]
    return [joined[start : start + width] for start in range(0, len(joined), width)]


def _read(file: Path, size: int) -> tuple[Letters, Counts, int]:
    """Return n-grams [m, size], each one's share, and the least number that makes all whole."""
    try:
        import brotli
    except ImportError as error:
        raise MissingExtraError("brotli", "languages") from error
    held = json.loads(brotli.decompress(file.read_bytes()))["ngrams"]
    fractions = [tuple(map(int, fraction.split("/"))) for fraction in held]
    lists = list(held.values())
    points = np.frombuffer("".join(f"{some} " for some in lists).encode("utf-32-le"), "<u4")
    if len(points) % (size + 1):
        raise DataError(f"{file}: not a list of n-grams of {size} letters")
    table = points.reshape(-1, size + 1)
    shares = np.repeat(
        [above / below for above, below in fractions],
        [(len(some) + 1) // (size + 1) for some in lists],
    )
    plain = (table < 1 << 16).all(axis=1)
    total = lcm(*(below for _, below in fractions)) if size == 1 else 0
    return table[plain, :size].astype(np.uint16), shares[plain], total


def _level(letters: Letters, shares: Counts, total: int, below: Level | None) -> Level:
    size = letters.shape[1]
    parents = heirs = np.zeros(len(letters), dtype=np.int64)
    inside = shares * total
    if below is not None:
        keys = _keys(below.letters)
        parents, heirs = _found(keys, _keys(letters[:, :-1])), _found(keys, _keys(letters[:, 1:]))
        kept = (parents >= 0) & (heirs >= 0)
        letters, parents, heirs = letters[kept], parents[kept], heirs[kept]
        inside = shares[kept] * below.inside[parents]
    order = np.argsort(_keys(letters) if size < LONGEST else parents, kind="stable")
    first, last, whole = np.zeros((3, len(order)))
    counted = np.rint(inside[order])
    return Level(letters[order], counted, first, last, whole, parents[order], heirs[order])


def _keys(letters: Letters) -> NDArray[np.uint64]:
    """One number for each of [m, up to 4] letters, in the order of the letters."""
    keys = np.zeros(len(letters), dtype=np.uint64)
    for column in letters.T:
        keys = (keys << _LETTER_BITS) | column.astype(np.uint64)
    return keys


def _found(rising: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> IntArray:
    """Return where each wanted key stands among rising ones, -1 where it does not."""
    places = np.minimum(np.searchsorted(rising, wanted), len(rising) - 1)
    result: IntArray = np.where(rising[places] == wanted, places, -1).astype(np.int64)
    return result


def bordered(level: Level) -> list[tuple[Letters, Counts]]:
    """Return a level's n-grams with and without separators around, as `grams` reads them, counted.

    Only those of at most five letters, separators included.
    """
    size = level.letters.shape[1]
    found = [(level.letters, level.inside)]
    if size < LONGEST:
        found += [(_padded(level, 1, 0), level.first), (_padded(level, 0, 1), level.last)]
    if size < LONGEST - 1:
        found.append((_padded(level, 1, 1), level.whole))
    return found


def _padded(level: Level, before: int, behind: int) -> Letters:
    result: Letters = np.pad(level.letters, ((0, 0), (before, behind)), constant_values=SEPARATOR)
    return result
