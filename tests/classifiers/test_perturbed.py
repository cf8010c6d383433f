from __future__ import annotations

import random

import pytest

from classifiers.perturbed import PERTURBATIONS

TEXT = "Which enzyme unwinds the DNA double helix during replication?"


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_a_perturbation_changes_the_text_and_keeps_most_of_it(name: str) -> None:
    changed = PERTURBATIONS[name](TEXT, random.Random(3))

    assert changed != TEXT
    letters = sorted(filter(str.isalpha, TEXT.lower()))
    left = sorted(filter(str.isalpha, changed.lower()))
    assert all(left.count(letter) >= letters.count(letter) for letter in set(letters))


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_the_same_draw_gives_the_same_words(name: str) -> None:
    change = PERTURBATIONS[name]

    assert change(TEXT, random.Random(1)) == change(TEXT, random.Random(1))
