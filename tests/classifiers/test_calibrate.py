from __future__ import annotations

import numpy as np
import pytest

from classifiers.calibrate import Calibration, fit_platt, fit_temperature


def test_platt_scaling_finds_the_slope_and_offset_that_made_the_outcomes() -> None:
    draw = np.random.default_rng(0)
    margin = draw.normal(size=20_000)
    chance = 1 / (1 + np.exp(-(2 * margin - 1)))
    scores = np.stack([np.zeros_like(margin), margin], axis=1)

    found = fit_platt(scores, (draw.random(20_000) < chance).astype(float))

    assert found.slope == pytest.approx(2, abs=0.1)
    assert found.offset == pytest.approx(-1, abs=0.1)


def test_platt_scaling_of_scores_that_say_nothing_gives_the_base_rate() -> None:
    found = fit_platt(np.zeros((10, 2)), np.array([1.0, 1.0, *[0.0] * 8]))

    assert found.apply(np.zeros((1, 2), np.float32))[0, 1] == pytest.approx(0.2, abs=0.01)


def test_temperature_scaling_tempers_scores_that_are_too_sure() -> None:
    draw = np.random.default_rng(1)
    scores = draw.normal(size=(5000, 3))
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    labels = np.array([draw.choice(3, p=row) for row in chances])

    assert fit_temperature(5 * scores, labels).slope == pytest.approx(0.2, abs=0.02)


def test_calibration_keeps_the_order_of_prompts_and_leaves_its_input_alone() -> None:
    scores = np.array([[0, -1], [0, 0.5], [0, 3]], dtype=np.float32)
    before = scores.copy()

    chances = Calibration(slope=0.3, offset=-2).apply(scores)[:, 1]

    assert chances.tolist() == sorted(chances.tolist())
    assert np.array_equal(scores, before)
