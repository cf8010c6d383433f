"""Latents that are blended only as far as models are held against them."""

from __future__ import annotations

import numpy as np

from classifiers.base import FloatArray
from classifiers.latents import Blend, doubled

DRAW = np.random.default_rng(3)


def drawn(*shape: int) -> FloatArray:
    return DRAW.normal(size=shape).astype(np.float32)


def test_a_blend_lies_between_words_and_shape_as_far_as_each_has_a_share() -> None:
    words, shape = drawn(3, 4), drawn(3, 4)
    blend = Blend(np.concatenate((words, shape), axis=1), [1.0, 0.0, 0.25])

    found = blend.latents()

    np.testing.assert_allclose(found[0], words[0], atol=1e-6)
    np.testing.assert_allclose(found[1], shape[1], atol=1e-6)
    np.testing.assert_allclose(found[2], 0.25 * words[2] + 0.75 * shape[2], atol=1e-6)


def test_models_are_held_against_the_latents_themselves() -> None:
    blend = Blend(drawn(5, 8), [0.1, 0.9, 0.5, 0.0, 1.0])
    loadings = drawn(4, 3)

    found = blend.against(doubled(loadings))

    np.testing.assert_allclose(found, blend.latents() @ loadings, atol=1e-5)


def test_latents_that_are_blended_already_stay_as_they_are() -> None:
    latents = drawn(2, 4)

    np.testing.assert_array_equal(Blend.of(latents).latents(), latents)
