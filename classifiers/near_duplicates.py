"""Which prompts say nearly the same: none may be judged by a model that learned another of them.

MinHash over word triples (Broder, 1997) in bands (locality-sensitive hashing) proposes pairs; the
triples themselves confirm one that shares enough of them. Who is near one of a group joins it. What
very many prompts share (a template, a system text) is left out before prompts are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from classifiers.base import IntArray

SIMILAR = 0.4
"""Share of both prompts' triples that near-duplicates have in common (Jaccard)."""
CONTAINED = 0.8
"""Share of the shorter prompt's triples that lie in the longer one (politeness around it)."""
_BANDS, _ROWS = 64, 3  # finds 98 % of pairs that share 0.4 of their triples, 83 % at 0.3
_WIDTH = 3
_TEMPLATE_SHARE, _TEMPLATE_COUNT = 0.1, 20
_WORD = re.compile(r"\w+")
_MULTIPLIERS = tuple(
    map(np.uint64, (11400714819323198485, 14029467366897019727, 1609587929392839161))
)
Triples = NDArray[np.uint64]


def near_duplicate_groups(texts: Sequence[str]) -> IntArray:
    """Return the group [n] of each text, numbered from 0; near-duplicates share one."""
    triples = _distinctive([_triples(text) for text in texts])
    parents = np.arange(len(texts))
    for members in _buckets(triples):
        _join(members, triples, parents)
    roots = np.array([_root(parents, each) for each in range(len(texts))], dtype=np.int64)
    _, groups = np.unique(roots, return_inverse=True)
    return groups.astype(np.int64)


def grouped_folds(groups: IntArray, folds: int, seed: int) -> IntArray:
    """Return the fold [n] of each row, all of a group in one: in random order, each group into the
    smallest fold so far. Large groups go first, so that folds are of like size."""
    names, place, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    draw = np.random.default_rng(seed).permutation(len(names))
    order = draw[np.argsort(-sizes[draw], kind="stable")]
    filled, fold = np.zeros(folds, dtype=int), np.zeros(len(names), dtype=np.int64)
    for group in order:
        fold[group] = filled.argmin()
        filled[fold[group]] += sizes[group]
    result: IntArray = fold[place.ravel()]
    return result


def joined_groups(near: IntArray, named: Sequence[str] | NDArray[np.str_]) -> IntArray:
    """Return the group [n] of rows that share either group, the near-duplicates' or the named."""
    _, other = np.unique(np.asarray(named), return_inverse=True)
    # Every row ties its near-duplicates' group to its named one.
    parents = np.arange(int(near.max(initial=-1)) + 1 + int(other.max(initial=-1)) + 1)
    start = int(near.max(initial=-1)) + 1
    for one, two in zip(near, start + other.ravel(), strict=True):
        parents[_root(parents, int(two))] = _root(parents, int(one))
    roots = np.array([_root(parents, int(each)) for each in near], dtype=np.int64)
    result: IntArray = np.unique(roots, return_inverse=True)[1].astype(np.int64)
    return result


def _triples(text: str) -> Triples:
    """Return the hashes of the distinct word triples; a shorter text is one of its own."""
    words = [crc32(word.encode("utf-8", "replace")) for word in _WORD.findall(text.lower())]
    if not words:  # no word at all: equal when the characters are
        words = [crc32(text.encode("utf-8", "replace"))]
    hashes = np.array([0] * max(0, _WIDTH - len(words)) + words, dtype=np.uint64)
    count = len(hashes) - _WIDTH + 1
    mixed = np.zeros(count, dtype=np.uint64)
    for shift, multiplier in enumerate(_MULTIPLIERS):
        mixed = (mixed ^ (hashes[shift : shift + count] + np.uint64(1))) * multiplier
    return np.unique(mixed)


def _distinctive(triples: Sequence[Triples]) -> list[Triples]:
    """Leave out triples of a template; a text that is nothing else keeps them all."""
    if not triples:
        return []
    found, counts = np.unique(np.concatenate(triples), return_counts=True)
    most = max(_TEMPLATE_COUNT, _TEMPLATE_SHARE * len(triples))
    shared = found[counts > most]
    kept = [each[~np.isin(each, shared, assume_unique=True)] for each in triples]
    return [own if len(own) else whole for own, whole in zip(kept, triples, strict=True)]


def _buckets(triples: Sequence[Triples]) -> Iterator[list[int]]:
    """Yield texts that agree in all rows of a band of their MinHash signatures."""
    if not triples:
        return
    draw = np.random.default_rng(0)
    everything = np.concatenate(triples)
    starts = np.cumsum([0, *map(len, triples[:-1])])
    for _ in range(_BANDS):
        key = np.zeros(len(triples), dtype=np.uint64)
        for odd, added in draw.integers(0, 2**63, (_ROWS, 2), dtype=np.uint64):
            # The high half of a product by an odd number is a good enough random order.
            order = (everything * (odd | np.uint64(1)) + added) >> np.uint64(32)
            key = key * _MULTIPLIERS[0] + np.minimum.reduceat(order, starts)
        yield from _equal(key)


def _equal(keys: Triples) -> Iterator[list[int]]:
    """Yield the places of each key that occurs more than once."""
    order = np.argsort(keys, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(keys[order])) + 1, len(keys))
    starts = np.append(0, ends[:-1])
    for several in np.flatnonzero(ends - starts > 1):
        yield order[starts[several] : ends[several]].tolist()


def _join(members: Sequence[int], triples: Sequence[Triples], parents: IntArray) -> None:
    """Give texts of a bucket that are near one another one root."""
    heads: list[int] = []  # one of each group met so far
    for text in members:
        root = _root(parents, text)
        if any(_root(parents, head) == root for head in heads):
            continue
        near = next((head for head in heads if _near(triples[head], triples[text])), None)
        if near is None:
            heads.append(text)
        else:
            parents[root] = _root(parents, near)


def _near(one: Triples, other: Triples) -> bool:
    both = len(np.intersect1d(one, other, assume_unique=True))
    whole = len(one) + len(other) - both
    return both >= SIMILAR * whole or both >= CONTAINED * min(len(one), len(other)) > 2


def _root(parents: IntArray, text: int) -> int:
    while parents[text] != text:
        parents[text] = parents[parents[text]]
        text = int(parents[text])
    return text
