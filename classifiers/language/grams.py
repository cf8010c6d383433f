"""Letter n-grams, hashed: one to five letters of a word, with its beginning and its end.

A separator before or behind a word counts as a letter, so "^th" and "ed$" are told from "th" and
"ed". No n-gram spans two words: a text is a bag of words, whose statistics can be counted from
tables of words alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.base import IntArray
from classifiers.language.characters import SEPARATOR, Letters, alone_table

LONGEST = 5
SLOTS = 1 << 20

Places = NDArray[np.bool_]
_Hashes = NDArray[np.uint64]

# Odd multipliers spread neighbouring letters over the slots; their values do not matter.
_STEP, _SPREAD = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
_FOLD, _KEEP = np.uint64(29), np.uint64(64 - 20)


def slots(letters: Letters) -> Iterator[tuple[IntArray, Places]]:
    """Yield, for one to five letters, the slot of each n-gram of a row and whether it counts.

    The n-gram at place i begins there, so each order is one shorter than the one before.
    """
    separates = letters == SEPARATOR
    joined = ~alone_table()[letters]
    hashed = _longer(np.zeros(len(letters), dtype=np.uint64), letters)
    yield _slot(hashed), ~separates
    counts = joined
    for size in range(2, min(LONGEST, len(letters)) + 1):
        # The last letter of the shorter n-gram is inside this one, where no word may end.
        counts = counts[:-1] & joined[size - 1 :]
        if size > 2:
            counts &= ~separates[size - 2 : -1]
        hashed = _longer(hashed[:-1], letters[size - 1 :])
        yield _slot(hashed), counts


def slots_of(table: Letters) -> tuple[IntArray, Places]:
    """Return the slot of each n-gram of a table [m, n], and whether it counts."""
    hashed = np.zeros(len(table), dtype=np.uint64)
    for column in table.T:
        hashed = _longer(hashed, column)
    if table.shape[1] == 1:
        return _slot(hashed), table[:, 0] != SEPARATOR
    apart = alone_table()[table].any(axis=1) | (table[:, 1:-1] == SEPARATOR).any(axis=1)
    return _slot(hashed), ~apart


def _longer(hashed: _Hashes, letters: NDArray[Any]) -> _Hashes:
    """Return the hashes of n-grams one letter longer; one more, so that a separator changes it."""
    result: _Hashes = (hashed ^ (hashed >> _FOLD)) * _STEP + letters.astype(np.uint64)
    result += np.uint64(1)
    return result


def _slot(hashed: _Hashes) -> IntArray:
    return ((hashed * _SPREAD) >> _KEEP).astype(np.int64)
