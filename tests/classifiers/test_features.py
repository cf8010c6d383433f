from __future__ import annotations

import numpy as np
import pytest

from classifiers.features import FEATURES, surface


def feature(name: str, text: str) -> float:
    return surface([text])[0][FEATURES.index(name)]


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        ("size", "a long question about many things", "hi"),
        ("size", "证明连续函数", "prove it"),
        ("numbers", "add 3.5 and 7 and 12", "add them up"),
        ("digit_share", "123 456", "one two"),
        ("maths", "x^2 + y^2 = z^2", "the sum of squares"),
        ("latex", r"\frac{a}{b}", "a over b"),
        ("formulas", "C8H8O2 and H2O", "water and acid"),
        ("code", "def f(x):\n    return x == 1", "a function of x is one"),
        ("options", "Which?\nA. one\nB. two\nC. three", "Which of one, two, three?"),
        ("bullets", "- one\n- two", "one and two"),
        ("questions", "why? how? when?", "why and how"),
        ("rigour", "Prove that it converges", "Say that it converges"),
        ("rigour", "证明它收敛", "它收敛"),
        ("rigour", "Докажите, что ряд сходится", "Это ряд, он сходится"),
        ("constraints", "each must be at least two", "they are two or more"),
        ("quotes", '"hello" and "bye"', "hello and bye"),
        ("lines", "a\nb\nc", "a b c"),
        ("word_length", "internationalisation", "a b c d"),
        ("size_squared", "a long question about many things", "hi"),
    ],
)
def test_a_feature_grows_with_what_it_is_named_after(name: str, more: str, less: str) -> None:
    assert feature(name, more) > feature(name, less)


@pytest.mark.parametrize(
    "text", ["Is NASA older than ESA?", "A. H2O\nB. C8H8O2", "SELECT * FROM t"]
)
def test_no_feature_looks_at_capitals(text: str) -> None:
    assert surface([text]) == surface([text.lower()])


def test_no_texts_give_no_rows() -> None:
    assert surface([]) == []


def test_the_empty_text_has_finite_features() -> None:
    assert np.isfinite(surface([""])).all()
