from __future__ import annotations

from pathlib import Path

import numpy as np

from classifiers.artifact import pack, unpack
from classifiers.base import FloatArray, unit_rows
from classifiers.novelty import Novelty


def near(axis: int, count: int) -> FloatArray:
    """Unit vectors close to one axis of ten."""
    draw = np.random.default_rng(axis)
    return unit_rows(np.eye(10)[axis] + 0.1 * draw.normal(size=(count, 10)))


def fitted() -> Novelty:
    vectors = np.concatenate([near(0, 200), near(1, 200)])
    return Novelty.fit(vectors, np.ones(400), seed=1)


def test_what_lies_where_training_prompts_lie_is_not_new() -> None:
    assert fitted().unlike(near(0, 100)).mean() < 0.1


def test_another_direction_is_new_and_so_is_a_text_without_a_vector() -> None:
    assert fitted().unlike(near(7, 20)).all()
    assert fitted().unlike(np.zeros((1, 10), dtype=np.float32)).all()


def test_it_comes_back_from_its_arrays(tmp_path: Path) -> None:
    before = fitted()
    after = Novelty.restore(unpack(pack(before.arrays()), tmp_path))

    assert np.array_equal(after.unlike(near(3, 50)), before.unlike(near(3, 50)))
