from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.artifact import pack
from classifiers.embedders.static import VECTORS, StaticEmbedder
from classifiers.errors import ArtifactError


def test_quantised_vectors_stay_within_half_a_step_of_the_real_ones() -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 8))

    embedder = StaticEmbedder.quantise(vectors)

    restored = embedder.vectors * embedder.scales[:, None]
    assert np.all(np.abs(restored - vectors) <= embedder.scales[:, None] / 2 + 1e-6)


def test_a_zero_vector_survives_quantisation() -> None:
    assert not StaticEmbedder.quantise(np.zeros((2, 4))).vectors.any()


def test_it_opens_what_distillation_wrote_by_folder_or_file(tmp_path: Path) -> None:
    made = StaticEmbedder.quantise(np.random.default_rng(2).normal(size=(5, 3)))
    (tmp_path / VECTORS).write_bytes(pack(made.arrays()))

    for model in (tmp_path, tmp_path / VECTORS):
        assert np.array_equal(StaticEmbedder.open(str(model)).vectors, made.vectors)


def test_the_arrays_of_another_embedder_are_refused(tmp_path: Path) -> None:
    (tmp_path / VECTORS).write_bytes(pack({"model": np.zeros(3)}))

    with pytest.raises(ArtifactError, match="holds no"):
        StaticEmbedder.open(str(tmp_path))
