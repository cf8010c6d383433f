"""Letter n-grams, hashed: one to five letters of a word, with its beginning and its end.

A separator before or behind a word counts as a letter, so "^th" and "ed$" are told from "th" and
"ed". No n-gram spans two words: a text is a bag of words, whose statistics can be counted from
tables of words alone.
"""

from __future__ import annotations

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
_FOLD, _KEEP, _ONE = np.uint64(29), np.uint64(64 - 20), np.uint64(1)


def slots(letters: Letters) -> tuple[IntArray, IntArray]:
    """Return the slot of each n-gram of a row that counts, and where it begins, rising."""
    size = len(letters)
    hashed = np.zeros((size, LONGEST), dtype=np.uint64)
    wide = letters.astype(np.uint64)
    shorter = np.zeros(size, dtype=np.uint64)
    for order in range(min(LONGEST, size)):
        shorter = _longer(shorter[: size - order], wide[order:])
        hashed[: size - order, order] = shorter
    counts = _reach(letters)[:, None] >= np.arange(1, LONGEST + 1)
    counts[:, 0] = letters != SEPARATOR
    counted = np.flatnonzero(counts)
    return _slot(hashed.ravel()[counted]), counted // LONGEST


def _reach(letters: Letters) -> IntArray:
    """Return how many letters the longest n-gram may take from each place on.

    It may end with the next separator, and no letter that stands alone is in it beside others.
    """
    places = np.arange(len(letters))
    ends = np.append(np.flatnonzero(letters == SEPARATOR), len(letters) - 1)
    reach: IntArray = ends[np.searchsorted(ends[:-1], places, side="right")] - places + 1
    alone = np.flatnonzero(alone_table()[letters])
    if len(alone):
        stops = np.append(alone, len(letters))[np.searchsorted(alone, places)]
        reach = np.minimum(reach, stops - places)
    return reach


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
    result: _Hashes = hashed >> _FOLD
    result ^= hashed
    result *= _STEP
    result += letters
    result += _ONE
    return result


def _slot(hashed: _Hashes) -> IntArray:
    return ((hashed * _SPREAD) >> _KEEP).view(np.int64)
