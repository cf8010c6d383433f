"""What is set after fitting: how likely languages are beforehand, and how sure to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from classifiers.base import IntArray, softmax
from classifiers.language.identifier import LowRank, bags, scores

ENGLISH_ODDS, COMMON_ODDS = 1.0, 0.3
"""Logits that English, and other languages with much text on the web, are likelier beforehand.

In training all languages are equally likely; what a gateway sees is mostly in few. These cost
nothing on the (uniform) table; twice as much would.
"""

_COMMON = "ar cs da de el es fa fi fr hi hu id it ja ko nb nl pl pt ro ru sv tr uk vi zh"

_FIRST = np.arange(-0.4, 0.41, 0.1)
_SECOND = np.arange(-0.2, 0.11, 0.05)


def with_odds(model: LowRank, languages: Sequence[str]) -> LowRank:
    """Return the model with likelier languages likelier; `languages` by the tables' codes."""
    odds = [
        ENGLISH_ODDS if code == "en" else COMMON_ODDS if code in _COMMON.split() else 0.0
        for code in languages
    ]
    return replace(model, bias=model.bias + np.array(odds, dtype=np.float32))


def calibrated(model: LowRank, texts: Sequence[str], truth: IntArray) -> LowRank:
    """Return the model as sure as it is right on n held-back texts of any length.

    Its two sharpness parameters are shifted by what makes the negative log-likelihood least.
    """
    found = bags(model, texts)

    def loss(candidate: LowRank) -> float:
        likely = softmax(scores(candidate, found))
        return float(-np.log(likely[np.arange(len(texts)), truth] + 1e-9).mean())

    shifts = (np.array(pair, dtype=np.float32) for pair in product(_FIRST, _SECOND))
    return min((replace(model, sharpness=model.sharpness + shift) for shift in shifts), key=loss)
