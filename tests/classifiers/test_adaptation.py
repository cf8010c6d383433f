"""Adaptation: from labels of the user's models to abilities and residuals."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.ability import Abilities, Population, expit
from classifiers.adaptation import Adapted, Labels, Start, adapt, logistic
from classifiers.curves import expected_calibration_error
from tests.classifiers.test_ability import population

N, R = 400, 30
KNOWN = Abilities(
    ("measured",),
    np.array([0.5], np.float32),
    np.array([[1, 0.5, 0]], np.float32),
    population(),
)


def labels(n: int = N, seed: int = 1, own: float = 1.5) -> tuple[Labels, np.ndarray]:
    """Labels of two models; the second leans on a direction that no latent shows, by `own`."""
    draw = np.random.default_rng(seed)
    latents, directions = draw.normal(size=(n, 3)), draw.normal(size=(n, R)) / 2
    odds = np.stack(
        [0.5 + latents @ [1, 0.5, 0], -0.5 + latents @ [1, 0, 0] + own * 2 * directions[:, 0]], 1
    )
    scores = (draw.random((n, 2)) < logistic(odds)).astype(float)
    return Labels(latents, directions, scores, np.arange(n)), odds


def loss(found: Adapted, asked: Labels, odds: np.ndarray, column: int) -> float:
    """Expected log loss beyond that of knowing the truth."""
    truth, told = logistic(odds[:, column]), found.log_odds(asked)[:, column]
    best = np.logaddexp(0, odds[:, column]) - truth * odds[:, column]
    return float((np.logaddexp(0, told) - truth * told - best).mean())


START = Start(KNOWN, ("measured", None))


def test_what_no_latent_shows_is_learned_as_a_residual() -> None:
    taught, _ = labels()
    asked, odds = labels(seed=2)

    found = adapt(START, taught, 5, 0)

    blind = Adapted(found.levels, found.loadings, np.zeros_like(found.residuals))
    assert loss(found, asked, odds, 1) < 0.6 * loss(blind, asked, odds, 1)


def test_a_model_that_is_as_measured_stays_so() -> None:
    taught, _ = labels()
    asked, odds = labels(seed=2)

    found = adapt(START, taught, 5, 0)

    assert loss(found, asked, odds, 0) < 0.02


def test_more_labels_teach_more() -> None:
    asked, odds = labels(seed=2)
    losses = [loss(adapt(START, labels(n)[0], 5, 0), asked, odds, 1) for n in (20, 100, 400)]

    assert losses[0] > losses[1] > losses[2]


def test_chances_come_true() -> None:
    asked, _ = labels(4000, seed=3)
    found = adapt(START, labels(seed=4)[0], 5, 0).chances(asked)

    errors = [
        expected_calibration_error(found[:, column], asked.scores[:, column]) for column in (0, 1)
    ]

    assert max(errors) < 0.08


def test_a_model_asked_on_some_prompts_only_learns_from_those() -> None:
    taught, _ = labels()
    scores = taught.scores.copy()
    scores[::2, 1] = np.nan
    some = Labels(taught.latents, taught.directions, scores, taught.groups)
    half = taught.rows(np.arange(1, N, 2))

    found = adapt(START, some, 5, 0)

    np.testing.assert_allclose(found.levels[1], adapt(START, half, 5, 0).levels[1], atol=0.3)
    assert not np.isnan(found.residuals).any()


@pytest.mark.parametrize("score", [0.0, 1.0])
def test_a_model_that_always_fails_or_never_does_is_learned_too(score: float) -> None:
    taught, _ = labels(60)
    same = np.full_like(taught.scores, score)
    always = Labels(taught.latents, taught.directions, same, taught.groups)

    found = adapt(START, always, 5, 0).chances(always)

    assert np.isfinite(found).all() and abs(found.mean() - score) < 0.25


def test_the_same_labels_and_seed_give_the_same_models() -> None:
    taught, _ = labels(80)
    first, again = adapt(START, taught, 5, 3), adapt(START, taught, 5, 3)

    assert np.array_equal(first.residuals, again.residuals)
    assert np.array_equal(first.levels, again.levels)


def test_more_latents_mean_nothing_to_models_that_were_there() -> None:
    wide = KNOWN.widened(2)
    latents = np.random.default_rng(0).normal(size=(9, 5)).astype(np.float32)

    np.testing.assert_allclose(
        wide.quality(latents, ["measured"]), KNOWN.quality(latents[:, :3], ["measured"])
    )


def test_an_unseen_model_keeps_its_prior_when_latents_are_added() -> None:
    narrow: Population = KNOWN.population
    wide = narrow.widened(2)

    assert wide.from_prior(0.7).level == pytest.approx(narrow.from_prior(0.7).level)
    latents = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    scores = expit(5 * latents[:, 4]).tolist()
    assert abs(wide.fitted(0.5, latents, scores).loadings[4]) < 0.3
