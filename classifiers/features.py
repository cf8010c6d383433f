"""What a prompt shows without any model: its length, numbers, formulas, code, options, script.

Language-independent on purpose: these are what is left to judge by when the words are foreign to
the embedder. Every feature is a count or a share, cheap enough to take on each request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from classifiers.base import FloatArray

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_OPTION = re.compile(r"^\s*\(?[A-J1-9]\s?[).:]\s", re.MULTILINE)
_BULLET = re.compile(r"^\s*[-*•]\s", re.MULTILINE)
_FORMULA = re.compile(r"\b(?:[A-Z][a-z]?\d{0,3}){2,}\b|[A-Za-z]_\{?\w|\^\{?\w|\b[a-z]\([a-z]\)")
_CODE = re.compile(
    r"```|\bdef \w|\bclass \w+[:({]|\breturn\b|\bimport \w|#include|=>|->|::|\w\(\w*\)|[{};]\s*$"
    r"|\bSELECT\b|</?\w+>|==|!=",
    re.MULTILINE,
)
# "prove, show that, derive" and their like in the languages users write to us in most.
_RIGOUR = re.compile(
    r"\b(?:prove|proof|show that|derive|deriv[ea]|determine|rigorous\w*|justify|demuestra|demostrar"
    r"|demuestre|démontre[rz]?|montrer que|beweise?n?|zeige|begründe|dimostra\w*|prove que"
    r"|докажи\w*|доказать|выведите|обоснуй\w*)\b|证明|證明|推导|求证|証明",
    re.IGNORECASE,
)
_CONSTRAINT = re.compile(
    r"\b(?:must|exactly|at least|at most|each|every|without|only if|if and only if|except|unless"
    r"|given that|assum\w+|subject to|constraints?)\b",
    re.IGNORECASE,
)
_MATHS = frozenset("=+*^<>≤≥≠≡≈∑∏∫√π±×÷∞∂∈∀∃→⇒%$\\|")
_QUESTIONS = "?？؟"
_WIDE_FROM = "\u2e80"
_WIDE_AS_CHARS = 3  # a Chinese or Japanese character says about as much as three Latin letters


def _size(text: str) -> float:
    wide = sum(char >= _WIDE_FROM for char in text) if not text.isascii() else 0
    return float(np.log1p(len(text) + (_WIDE_AS_CHARS - 1) * wide))


def _share(text: str, test: Callable[[str], bool]) -> float:
    return sum(map(test, text)) / max(len(text), 1)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], float]:
    return lambda text: float(np.log1p(sum(1 for _ in pattern.finditer(text))))


def _maths(text: str) -> float:
    return float(np.log1p(sum(char in _MATHS for char in text)))


def _word_length(text: str) -> float:
    return min(len(text) / max(len(text.split()), 1), 30.0)


FEATURES: dict[str, Callable[[str], float]] = {
    "size": _size,
    "size_squared": lambda text: _size(text) ** 2 / 8,
    "lines": lambda text: float(np.log1p(text.count("\n"))),
    "numbers": _matches(_NUMBER),
    "digit_share": lambda text: _share(text, str.isdigit),
    "upper_share": lambda text: _share(text, str.isupper),
    "maths": _maths,
    "latex": lambda text: float(np.log1p(text.count("\\"))),
    "formulas": _matches(_FORMULA),
    "code": _matches(_CODE),
    "options": _matches(_OPTION),
    "bullets": _matches(_BULLET),
    "questions": lambda text: float(np.log1p(sum(text.count(mark) for mark in _QUESTIONS))),
    "rigour": _matches(_RIGOUR),
    "constraints": _matches(_CONSTRAINT),
    "quotes": lambda text: float(np.log1p(text.count('"') + text.count("`"))),
    "word_length": _word_length,
}


def surface(texts: Sequence[str]) -> FloatArray:
    """Return the features [n, len(FEATURES)] of n texts, in the order of FEATURES."""
    rows = [[measure(text) for measure in FEATURES.values()] for text in texts]
    return np.array(rows, dtype=np.float32).reshape(len(texts), len(FEATURES))
