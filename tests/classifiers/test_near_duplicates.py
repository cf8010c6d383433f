"""Near-duplicates: found whatever the order, joined in chains, never split by a fold."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.near_duplicates import grouped_folds, joined_groups, near_duplicate_groups
from classifiers.perturbed import PERTURBATIONS
from classifiers.sample import sample_prompts

BASE = (
    "A train leaves the station at noon and travels north at ninety kilometres an hour until it"
    " meets another train that left the next town two hours before."
)


def test_what_differs_is_apart() -> None:
    groups = near_duplicate_groups(["What is the capital of Peru?", "Prove the lemma.", "Hi", ""])

    assert len(set(groups)) == 4


@pytest.mark.parametrize("name", sorted(PERTURBATIONS))
def test_the_same_said_a_little_differently_is_one(name: str) -> None:
    changed = PERTURBATIONS[name](BASE, random.Random(1))

    first, _, second = near_duplicate_groups([BASE, "Write a poem about the sea.", changed])

    assert first == second


def test_a_prompt_inside_another_is_one_with_it() -> None:
    inner = "Which of these planets has the shortest year of them all?"
    around = f"{inner} Answer as briefly as you can, please, and do not explain it: I am in a hurry"

    assert len(set(near_duplicate_groups([inner, around]))) == 1


def test_case_and_punctuation_do_not_count_even_in_short_prompts() -> None:
    assert len(set(near_duplicate_groups(["Hello, you!", "hello you", "HELLO YOU..."]))) == 1


def test_a_chain_of_near_duplicates_is_one_group() -> None:
    words = [f"word{number}" for number in range(40)]
    links = [" ".join(words[start : start + 20]) for start in (0, 5, 10, 15, 20)]

    assert len(set(near_duplicate_groups([links[0], links[-1]]))) == 2
    assert len(set(near_duplicate_groups(links))) == 1


def test_what_every_prompt_shares_makes_none_a_duplicate() -> None:
    system = "You are a helpful assistant of a bank. Be brief, be kind, never guess, cite sources. "
    asked = [
        f"Customer {n} asks about the {n} euro fee on product{n} bought{n} in{n}" for n in range(60)
    ]

    assert len(set(near_duplicate_groups([system * 3 + one for one in asked]))) == 60


def test_equal_prompts_are_one_however_many() -> None:
    groups = near_duplicate_groups(["Reset my password please now"] * 40 + ["Another thing"])

    assert len(set(groups[:40])) == 1 and groups[40] != groups[0]


def test_the_order_of_prompts_does_not_matter() -> None:
    texts = sample_prompts()
    order = np.random.default_rng(3).permutation(len(texts))

    straight = near_duplicate_groups(texts)
    shuffled = near_duplicate_groups([texts[each] for each in order])

    pairs = set(zip(straight[order].tolist(), shuffled.tolist(), strict=True))
    assert len(pairs) == len(set(straight))


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.integers(2, 6), st.integers(0, 9))
def test_no_group_stands_in_two_folds_and_folds_are_of_like_size(
    names: list[int], folds: int, seed: int
) -> None:
    groups = np.array(names, dtype=np.int64)

    fold = grouped_folds(groups, folds, seed)

    assert all(len(set(fold[groups == group])) == 1 for group in set(names))
    sizes = np.bincount(fold, minlength=folds)
    assert sizes.max() - sizes.min() <= np.bincount(groups).max()


def test_nothing_has_no_groups() -> None:
    assert len(near_duplicate_groups([])) == 0


def test_a_named_group_joins_near_duplicates_of_its_members() -> None:
    near = np.array([0, 0, 1, 2])

    groups = joined_groups(near, ["a", "b", "b", "c"])

    assert groups[0] == groups[1] == groups[2] != groups[3]
