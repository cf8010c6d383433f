"""Which models count as small and large: of the public tables as named, of others by their mean."""

from __future__ import annotations

from classifiers import targets
from classifiers.sizes import model_sizes


def test_an_unknown_tables_worst_and_best_third_are_small_and_large() -> None:
    means = {"a": 0.1, "b": 0.3, "c": 0.5, "d": 0.6, "e": 0.8, "f": 0.9}

    assert model_sizes({("mine", "1"): means}) == {"mine": (("a", "b"), ("e", "f"))}


def test_two_models_are_one_of_each_and_one_is_neither() -> None:
    scores = {("two", "1"): {"x": 0.9, "y": 0.2}, ("one", "1"): {"x": 0.9}}

    assert model_sizes(scores) == {"two": (("y",), ("x",)), "one": ((), ())}


def test_a_public_tables_are_those_it_is_reported_with() -> None:
    found = model_sizes({("mmlu_pro", "1"): {"anything": 1.0, "else": 0.0}})

    expected = targets.SMALL_MODELS["mmlu_pro"], targets.LARGE_MODELS["mmlu_pro"]
    assert found["mmlu_pro"] == expected
