from __future__ import annotations

import numpy as np

from classifiers.embedders.static import StaticEmbedder


def test_quantised_vectors_stay_within_half_a_step_of_the_real_ones() -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 8))

    embedder = StaticEmbedder.quantise(vectors)

    restored = embedder.vectors * embedder.scales[:, None]
    assert np.all(np.abs(restored - vectors) <= embedder.scales[:, None] / 2 + 1e-6)


def test_a_zero_vector_survives_quantisation() -> None:
    assert not StaticEmbedder.quantise(np.zeros((2, 4))).vectors.any()
