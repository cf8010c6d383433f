"""Held-out forecasts: recalled for the prompts that taught, and for no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.artifact import pack, unpack
from classifiers.held_out import HeldOut

TEXTS = ["What is two plus two?", "Prove it.", "Sing a song!"]
CHANCES = np.array([[0.1, 0.9], [0.2, 0.8], [0.3, 0.7]])


def test_forecasts_are_recalled_by_words_alone() -> None:
    held = HeldOut.of(("small", "large"), TEXTS, CHANCES)

    found = held.recalled(
        ["prove it", "something new", "what is  TWO plus two"], ["large", "small"]
    )

    np.testing.assert_allclose(found[[0, 2]], [[0.8, 0.2], [0.9, 0.1]], rtol=1e-6)
    assert np.isnan(found[1]).all()


def test_it_knows_what_it_learned_from_by_words_alone() -> None:
    held = HeldOut.of(("small", "large"), TEXTS, CHANCES)

    assert held.knows(["PROVE it", "something new"]).tolist() == [True, False]
    assert HeldOut.of((), [], np.zeros((0, 0))).knows(["anything"]).tolist() == [False]


def test_models_that_were_not_adapted_have_none() -> None:
    found = HeldOut.of(("small", "large"), TEXTS, CHANCES).recalled(TEXTS, ["other", "small"])

    assert np.isnan(found[:, 0]).all() and not np.isnan(found[:, 1]).any()


def test_it_comes_back_from_its_arrays_and_holds_no_text(tmp_path: Path) -> None:
    held = HeldOut.of(("small", "large"), TEXTS, CHANCES)
    stored = pack(held.arrays())

    again = HeldOut.restore(("small", "large"), unpack(stored, tmp_path))

    np.testing.assert_array_equal(again.recalled(TEXTS, ["small"]), held.recalled(TEXTS, ["small"]))
    assert b"plus" not in stored


def test_arrays_of_other_models_are_refused() -> None:
    held = HeldOut.of(("small", "large"), TEXTS, CHANCES)

    with pytest.raises(ValueError, match="1 models"):
        HeldOut.restore(("small",), held.arrays())


def test_nothing_held_recalls_nothing() -> None:
    held = HeldOut.of(("small",), [], np.zeros((0, 1)))

    assert np.isnan(held.recalled(["anything"], ["small"])).all()
