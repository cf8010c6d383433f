from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from classifiers.baselines import Floats
from classifiers.flips import ALL, flip_rates

TEXTS = [f"What is the {'very ' * n}large number {n}?" for n in range(20)]


def rates(wants: object) -> dict[str, float]:
    assert callable(wants)
    return {name: found.value for name, found in flip_rates(wants, TEXTS, 50, seed=1).items()}


def test_a_router_that_looks_at_capitals_flips_in_lower_case_and_nowhere_else() -> None:
    def capitals(texts: Sequence[str]) -> Floats:
        return np.array([float(text[0].isupper()) * ("9" in text or "7" in text) for text in texts])

    found = rates(capitals)

    assert found["lower case"] == pytest.approx(4 / 20)
    assert found["typos"] == 0


def test_a_router_that_counts_characters_flips_under_courtesies() -> None:
    found = rates(lambda texts: np.array([float(len(text)) for text in texts]))

    assert found["lower case"] == 0
    assert found["politeness"] > 0
    assert 0 < found[ALL] < found["politeness"]


def test_a_router_that_says_the_same_of_all_never_flips() -> None:
    assert set(rates(lambda texts: np.zeros(len(texts))).values()) == {0.0}
