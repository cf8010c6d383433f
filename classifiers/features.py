"""What a prompt shows without any model: its length, numbers, formulas, code, options, script.

Nearly language-independent on purpose: these are what is left to judge by when the words are
foreign to the embedder. Every feature is a count or a share, cheap enough for each request:
characters are counted once by class, words once, and the rest is substring search. None looks at
capitals: whoever writes without them asks the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import log1p

import numpy as np
from numpy.typing import NDArray

from classifiers.base import FloatArray

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_OPTION = re.compile(r"^\s*\(?[a-j1-9]\s?[).:]\s", re.MULTILINE)
_BULLET = re.compile(r"^\s*[-*•]\s", re.MULTILINE)
_FORMULA = re.compile(r"(?<![a-z])[a-z]{1,2}\d|[_^][\w{(]|\b[a-z]\([a-z]\)")
_WORD = re.compile(r"[^\W\d_]+")
_CODE = ("```", "def ", "class ", "return ", "import ", "#include", "=>", "->", "::", "()", "==")
_CODE_TOO = ("!=", "select * ", "</", ";\n", "{\n", "}\n", "const ", "print(", "0x", "&&")
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
_WIDE_AS_CHARS = 3  # a Chinese or Japanese character says about as much as three Latin letters

_OTHER, _DIGIT, _MATHS, _QUESTION, _QUOTE, _SLASH, _LINE, _WIDE = range(8)
_WIDE_FROM = 0x2E80


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
    ]
    for label, characters in members:
        table[[ord(character) for character in characters]] = label
    table[_WIDE_FROM] = _WIDE
    return table


_CLASS_OF = _character_classes()
_CLASS_OF_ASCII = bytes(_CLASS_OF[:128].tolist()) + bytes(128)


@dataclass(frozen=True, slots=True)
class Shape:
    """A text with what is counted once for several features.

    Attributes:
        text: in lower case.
        characters: [8] how many characters of each class.
        words: lower-case words, in order.
    """

    text: str
    characters: list[int]
    words: list[str]

    @classmethod
    def of(cls, text: str) -> Shape:
        """Count the characters and words of a text without lone surrogates."""
        lower = text.lower()
        if lower.isascii():
            told = lower.encode().translate(_CLASS_OF_ASCII)
            return cls(lower, [told.count(label) for label in range(8)], _WORD.findall(lower))
        codes = np.frombuffer(lower.encode("utf-32-le"), dtype=np.uint32)
        classes = _CLASS_OF[np.minimum(codes, _WIDE_FROM)]
        return cls(lower, np.bincount(classes, minlength=8).tolist(), _WORD.findall(lower))

    def size(self) -> float:
        """Log of the length in characters, wide ones counting threefold."""
        return log1p(len(self.text) + (_WIDE_AS_CHARS - 1) * self.characters[_WIDE])

    def log(self, character_class: int) -> float:
        """Log of the number of characters of a class."""
        return log1p(self.characters[character_class])

    def share(self, character_class: int) -> float:
        """Share of the characters that are of a class."""
        return self.characters[character_class] / max(len(self.text), 1)

    def found(self, *marks: str) -> float:
        """Log of how often any of the substrings occurs."""
        return log1p(sum(map(self.text.count, marks)))

    def matched(self, pattern: re.Pattern[str]) -> float:
        """Log of how often a pattern matches."""
        return log1p(len(pattern.findall(self.text)))

    def said(self, vocabulary: frozenset[str]) -> float:
        """Log of how many words are of a vocabulary."""
        return log1p(sum(map(vocabulary.__contains__, self.words)))

    def may_hold_digits(self) -> bool:
        """False where no pattern need be tried that takes a digit of any script."""
        return self.characters[_DIGIT] > 0 or not self.text.isascii()


def _numbers(shape: Shape) -> float:
    return shape.matched(_NUMBER) if shape.may_hold_digits() else 0.0


def _formulas(shape: Shape) -> float:
    # The dearest of the patterns; whatever it finds holds one of these.
    if shape.may_hold_digits() or any(mark in shape.text for mark in "_^("):
        return shape.matched(_FORMULA)
    return 0.0


def _rigour(shape: Shape) -> float:
    unspaced = shape.found(*_RIGOUR_UNSPACED) if shape.characters[_WIDE] else 0.0
    return shape.said(_RIGOUR) + unspaced


FEATURES: dict[str, Callable[[Shape], float]] = {
    "size": Shape.size,
    "size_squared": lambda shape: shape.size() ** 2 / 8,
    "lines": lambda shape: shape.log(_LINE),
    "numbers": _numbers,
    "digit_share": lambda shape: shape.share(_DIGIT),
    "maths": lambda shape: shape.log(_MATHS),
    "latex": lambda shape: shape.log(_SLASH),
    "formulas": _formulas,
    "code": lambda shape: shape.found(*_CODE, *_CODE_TOO),
    "options": lambda shape: shape.matched(_OPTION),
    "bullets": lambda shape: shape.matched(_BULLET),
    "questions": lambda shape: shape.log(_QUESTION) + shape.found("？"),  # noqa: RUF001
    "rigour": _rigour,
    "constraints": lambda shape: shape.said(_CONSTRAINT),
    "quotes": lambda shape: shape.log(_QUOTE),
    "word_length": lambda shape: min(len(shape.text) / max(len(shape.words), 1), 30.0),
}


def surface(texts: Sequence[str]) -> FloatArray:
    """Return the features [n, len(FEATURES)] of n texts, in the order of FEATURES."""
    shapes = [Shape.of(text) for text in texts]
    rows = [[measure(shape) for measure in FEATURES.values()] for shape in shapes]
    return np.array(rows, dtype=np.float32).reshape(len(texts), len(FEATURES))
