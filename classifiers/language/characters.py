"""Code points to letters: what of a text the identifier of languages reads.

A letter is what Unicode calls one; all else (digits, signs, marks, emoji) separates words. Case is
dropped. Where a script is written by one language only, each of its letters becomes the same
letter: the script has decided. Letters of Chinese and of such scripts stand alone; the others are
read together with their neighbours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Letters = NDArray[np.uint16]

SEPARATOR = 0
HEAD_CHARACTERS, TAIL_CHARACTERS = 400, 100
"""Of a longer text only its beginning and its end are read."""

_PLANE = 1 << 16

ONE_LANGUAGE: Mapping[str, Sequence[tuple[int, int]]] = {
    "am": [(0x1200, 0x139F)],
    "bn": [(0x0980, 0x09FF)],
    "bo": [(0x0F00, 0x0FFF)],
    "dv": [(0x0780, 0x07BF)],
    "el": [(0x0370, 0x03FF), (0x1F00, 0x1FFF)],
    "gu": [(0x0A80, 0x0AFF)],
    "he": [(0x0590, 0x05FF), (0xFB1D, 0xFB4F)],
    "hy": [(0x0530, 0x058F)],
    "ja": [(0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)],
    "ka": [(0x10A0, 0x10FF), (0x1C90, 0x1CBF), (0x2D00, 0x2D2F)],
    "km": [(0x1780, 0x17FF)],
    "kn": [(0x0C80, 0x0CFF)],
    "ko": [(0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF)],
    "lo": [(0x0E80, 0x0EFF)],
    "ml": [(0x0D00, 0x0D7F)],
    "my": [(0x1000, 0x109F)],
    "or": [(0x0B00, 0x0B7F)],
    "pa": [(0x0A00, 0x0A7F)],
    "si": [(0x0D80, 0x0DFF)],
    "ta": [(0x0B80, 0x0BFF)],
    "te": [(0x0C00, 0x0C7F)],
    "th": [(0x0E00, 0x0E7F)],
}
"""Blocks of Unicode by the language taken for the only one written in them (kana by Japanese)."""

_CHINESE = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF))
_SHARED: Mapping[str, Sequence[tuple[int, int]]] = {
    "Latin": [(0x0041, 0x024F), (0x0250, 0x02AF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F)],
    "Cyrillic": [(0x0400, 0x052F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F)],
    "Arabic": [(0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFEFC)],
    "Devanagari": [(0x0900, 0x097F), (0xA8E0, 0xA8FF)],
    "Chinese": _CHINESE,
}
"""Blocks of the scripts in which n-grams tell the languages apart."""

SCRIPTS = ("other", *_SHARED, *ONE_LANGUAGE)
"""Every script, the one-language ones by their language."""

_DENSE = {"Chinese": 3.0, "ko": 2.5, "ja": 2.0}


@cache
def script_weights() -> NDArray[np.float32]:
    """Return how much a letter of each script says beside one of an alphabet, [scripts]."""
    return np.array([_DENSE.get(name, 1.0) for name in SCRIPTS], dtype=np.float32)


@cache
def script_table() -> NDArray[np.uint8]:
    """Return the script of each letter that `letter_table` returns, [65536]; 0 for any other."""
    table = np.zeros(_PLANE, dtype=np.uint8)
    for number, name in enumerate(SCRIPTS[1:], 1):
        for first, last in {**_SHARED, **ONE_LANGUAGE}[name]:
            table[first : last + 1] = number
    table.setflags(write=False)
    return table


@cache
def letter_table() -> Letters:
    """Return the letter of each code point of the first plane, [65536]; 0 where it is none."""
    plane = "".join(map(chr, range(_PLANE)))
    # The one capital whose small form is two characters would shift all that follow.
    lower = plane.replace("İ", "i").lower().encode("utf-32-le", "surrogatepass")
    is_letter = np.fromiter(map(str.isalpha, plane), dtype=np.bool_, count=_PLANE)
    table = np.where(is_letter, np.frombuffer(lower, "<u4"), SEPARATOR).astype(np.uint16)
    for blocks in ONE_LANGUAGE.values():
        for first, last in blocks:
            block = table[first : last + 1]
            block[block != SEPARATOR] = blocks[0][0]
    table.setflags(write=False)
    return table


@cache
def alone_table() -> NDArray[np.bool_]:
    """Return which letters are read without their neighbours, [65536]."""
    table = np.zeros(_PLANE, dtype=np.bool_)
    for blocks in ONE_LANGUAGE.values():
        table[blocks[0][0]] = True
    for first, last in _CHINESE:
        table[first : last + 1] = True
    table.setflags(write=False)
    return table


_COMMAND = re.compile(r"\\[A-Za-z]+")


def shorten(text: str) -> str:
    """Keep the beginning and the end of a longer text, in composed, plain letters (NFKC).

    Commands of LaTeX (such as \\frac) are left out: they are in no language.
    """
    if "\\" in text:
        text = _COMMAND.sub(" ", text)
    if len(text) > HEAD_CHARACTERS + TAIL_CHARACTERS:
        text = f"{text[:HEAD_CHARACTERS]} {text[-TAIL_CHARACTERS:]}"
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def read(texts: Sequence[str]) -> tuple[Letters, NDArray[np.int64]]:
    """Return the letters of n >= 1 texts in one row, and which text each of them belongs to.

    One separator stands before every word and belongs to its text, and one ends the row; so an
    n-gram belongs to the text of the place where it begins.
    """
    points = np.frombuffer("\n".join(("", *texts, "")).encode("utf-32-le", "surrogatepass"), "<u4")
    # The last code point of the first plane is no character.
    letters = letter_table()[np.minimum(points, _PLANE - 1)]
    sizes = np.fromiter((len(text) + 1 for text in texts), dtype=np.int64, count=len(texts))
    sizes[-1] += 1
    owners = np.repeat(np.arange(len(texts)), sizes)
    kept = letters != SEPARATOR
    kept[:-1] |= letters[1:] != SEPARATOR
    kept[-1] = True
    return letters[kept], owners[kept]
