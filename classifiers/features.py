"""What a prompt shows without any model: its length, numbers, formulas, code, options, script.

Nearly language-independent on purpose: these are what is left to judge by when the words are
foreign to the embedder. Every feature is a count or a share, cheap enough for each request:
characters are counted once by class, words once, and the rest is substring search. None looks at
capitals: whoever writes without them asks the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from math import log1p

import numpy as np
from numpy.typing import NDArray

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_OPTION = re.compile(r"^\s*\(?[a-j1-9]\s?[).:]\s", re.MULTILINE)
_BULLET = re.compile(r"^\s*[-*•]\s", re.MULTILINE)
_FORMULA = re.compile(r"(?<![a-z])[a-z]{1,2}\d|[_^][\w{(]|\b[a-z]\([a-z]\)")
_WORD = re.compile(r"[^\W\d_]+")
# "prove, derive, justify" and their like in the languages users write to us in most.
_RIGOUR_WORDS = """
prove proof proves derive deriving determine deduce rigorous rigorously justify show compute
demuestra demuestre demostrar razona justifica calcula démontrer démontrez montrer montrez
justifiez beweise beweisen zeige zeigen begründe herleiten leite leiten bestimme berechne
berechnen dimostra dimostrare calcola докажите доказать выведите обоснуйте найдите определите
вычислите
"""
_RIGOUR = frozenset(_RIGOUR_WORDS.split())
_RIGOUR_UNSPACED = ("证明", "證明", "推导", "求证", "証明", "计算", "说明理由")
_CONSTRAINT_WORDS = """
must exactly least most each every without unless except given assume assuming suppose subject
constraint constraints only such if then all whose
"""
_CONSTRAINT = frozenset(_CONSTRAINT_WORDS.split())
_SAID = _RIGOUR | _CONSTRAINT
_WIDE_AS_CHARS = 3  # a Chinese or Japanese character says about as much as three Latin letters

_OTHER, _DIGIT, _MATHS, _QUESTION, _QUOTE, _SLASH, _LINE, _MARK, _WIDE = range(9)
_WIDE_FROM = 0x2E80

# Substrings of code by a class of characters that each of them holds; those of the first hold none.
_CODE = ("def ", "class ", "return ", "import ", "const ")
_CODE_WITH: tuple[tuple[int, tuple[str, ...]], ...] = (
    (_MATHS, ("=>", "->", "==", "!=", "</", "select * ")),
    (_MARK, ("::", "()", "print(", "&&", "#include")),
    (_LINE, (";\n", "{\n", "}\n")),
    (_DIGIT, ("0x",)),
    (_QUOTE, ("```",)),
)

FEATURES = (
    "size",
    "size_squared",
    "lines",
    "numbers",
    "digit_share",
    "maths",
    "latex",
    "formulas",
    "code",
    "options",
    "bullets",
    "questions",
    "rigour",
    "constraints",
    "quotes",
    "word_length",
)


def _character_classes() -> NDArray[np.uint8]:
    """Return the class of every code point below `_WIDE_FROM`, and of the first wide one."""
    table = np.full(_WIDE_FROM + 1, _OTHER, dtype=np.uint8)
    members: list[tuple[int, Iterable[str]]] = [
        (_DIGIT, "0123456789"),
        (_MATHS, "=+*^<>≤≥≠≡≈∑∏∫√π±×÷∞∂∈∀∃→⇒%$|"),  # noqa: RUF001
        (_QUESTION, "?؟"),
        (_QUOTE, '"`“”«»'),
        (_SLASH, "\\"),
        (_LINE, "\n"),
        (_MARK, ":(&#"),
    ]
    for label, characters in members:
        table[[ord(character) for character in characters]] = label
    table[_WIDE_FROM] = _WIDE
    return table


_CLASS_OF = _character_classes()
_CLASS_OF_ASCII = bytes(_CLASS_OF[:128].tolist()) + bytes(128)
_CLASSES = range(_WIDE + 1)
_ASCII = list(map(chr, range(128)))
_NO_CLASS = bytes(code for code in range(128) if _CLASS_OF[code] == _OTHER)
_LETTERS = bytes(ord(one) if one.isalpha() else 32 for one in _ASCII) + bytes(128)
_KINDS = bytes(ord("a" if one.isalpha() else "0" if one.isdigit() else " ") for one in _ASCII)
_KINDS += bytes(128)


def surface(texts: Sequence[str]) -> list[list[float]]:
    """Return a row of features for each text, in the order of FEATURES: plain numbers, as numpy
    takes longer for those of one prompt."""
    return [_row(text.lower()) for text in texts]


def _row(text: str) -> list[float]:
    """Return FEATURES of a text in lower case without lone surrogates, in their order."""
    counts, words = _counted(text)
    wide, length = counts[_WIDE], len(text)
    size = log1p(length + (_WIDE_AS_CHARS - 1) * wide)
    digits = counts[_DIGIT] > 0 or not text.isascii()  # some script's
    lined = counts[_LINE] > 0
    said = _SAID.intersection(words)
    return [
        size,
        size**2 / 8,
        log1p(counts[_LINE]),
        log1p(len(_NUMBER.findall(text))) if digits else 0.0,
        counts[_DIGIT] / max(length, 1),
        log1p(counts[_MATHS]),
        log1p(counts[_SLASH]),
        log1p(len(_FORMULA.findall(text))) if _may_hold_formulas(text, digits) else 0.0,
        _code(text, counts),
        _begun(_OPTION, text, lined),
        _begun(_BULLET, text, lined),
        log1p(counts[_QUESTION]) + (log1p(text.count("\uff1f")) if wide else 0.0),
        _times(said & _RIGOUR, words)
        + (log1p(sum(map(text.count, _RIGOUR_UNSPACED))) if wide else 0.0),
        _times(said & _CONSTRAINT, words),
        log1p(counts[_QUOTE]),
        min(length / max(len(words), 1), 30.0),
    ]


def _counted(text: str) -> tuple[list[int], list[str]]:
    """Return how many characters there are of each class but for the first, and the words."""
    if text.isascii():
        raw = text.encode()
        told = raw.translate(_CLASS_OF_ASCII, _NO_CLASS)
        return list(map(told.count, _CLASSES)), raw.translate(_LETTERS).decode().split()
    codes = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    classes = _CLASS_OF[np.minimum(codes, _WIDE_FROM)]
    return np.bincount(classes, minlength=len(_CLASSES)).tolist(), _WORD.findall(text)


def _may_hold_formulas(text: str, digits: bool) -> bool:
    """False where the dearest of the patterns need not be tried."""
    if "(" in text or "^" in text or "_" in text:
        return True
    return digits and not (text.isascii() and b"a0" not in text.encode().translate(_KINDS))


def _code(text: str, counts: Sequence[int]) -> float:
    """Log of how often any of the substrings of code occurs."""
    found = sum(map(text.count, _CODE))
    for label, marks in _CODE_WITH:
        if counts[label]:
            found += sum(map(text.count, marks))
    return log1p(found)


def _begun(pattern: re.Pattern[str], text: str, lined: bool) -> float:
    """Log of how many lines begin with a pattern; a single line is not searched to its end."""
    return log1p(len(pattern.findall(text)) if lined else pattern.match(text) is not None)


def _times(said: AbstractSet[str], words: Sequence[str]) -> float:
    """Log of how many of the words are of those said."""
    return log1p(sum(map(words.count, said))) if said else 0.0
