"""Abilities: measured models, and models known by a quality prior and a few labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.ability import (
    Abilities,
    Population,
    bounded,
    chance,
    expit,
    log_odds,
    logit,
    penalised_logistic,
)
from classifiers.artifact import pack, unpack
from classifiers.base import FloatArray

DRAW = np.random.default_rng(5)
TYPICAL: FloatArray = DRAW.normal(size=(200, 3)).astype(np.float32)


def population() -> Population:
    """Models that share the first latent and differ in the second."""
    levels = np.linspace(-2, 2, 40)
    loadings = np.stack([np.ones(40), 0.5 * DRAW.normal(size=40), np.zeros(40)], axis=1)
    return Population.of(TYPICAL, levels, loadings)


def abilities() -> Abilities:
    levels = np.array([-1.0, 1.0], dtype=np.float32)
    loadings = np.array([[1, 0.5, 0], [1, -0.5, 0]], dtype=np.float32)
    return Abilities(("small", "large"), levels, loadings, population())


def test_chances_are_the_logistic_of_level_plus_loadings_times_latents() -> None:
    latents = np.array([[1, 2, 0]], dtype=np.float32)

    found = abilities().quality(latents, ["large", "small"])

    np.testing.assert_allclose(found, [[expit(np.array(1.0)), expit(np.array(1.0))]], atol=1e-6)
    assert found.dtype == np.float32


def test_one_model_answers_as_in_the_table_of_all() -> None:
    np.testing.assert_allclose(
        abilities().of("small").quality(TYPICAL),
        abilities().quality(TYPICAL, ["small"])[:, 0],
        atol=1e-6,
    )


@pytest.mark.parametrize("ask", ["of", "quality"])
def test_an_unknown_model_is_a_key_error_that_names_it(ask: str) -> None:
    with pytest.raises(KeyError, match="nobody"):
        if ask == "of":
            abilities().of("nobody")
        else:
            abilities().quality(TYPICAL, ["small", "nobody"])


@settings(max_examples=30, deadline=None)
@given(st.floats(0.02, 0.98))
def test_a_prior_is_the_mean_chance_over_typical_prompts(prior: float) -> None:
    found = population().from_prior(prior)

    assert found.quality(TYPICAL).mean() == pytest.approx(prior, abs=1e-3)


@pytest.mark.parametrize("prior", [0.0, 1.0, -0.1, 1.1])
def test_a_prior_outside_nought_and_one_is_refused(prior: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        population().from_prior(prior)


def test_without_labels_the_prior_stands() -> None:
    here = population()

    found = here.fitted(0.7, TYPICAL[:0], [])

    assert found.level == pytest.approx(here.from_prior(0.7).level, abs=1e-6)


def test_twenty_labels_bring_a_model_with_a_wrong_prior_closer() -> None:
    here = population()
    truth = here.from_prior(0.85)
    latents: FloatArray = DRAW.normal(size=(20, 3)).astype(np.float32)
    scores = (np.random.default_rng(2).random(20) < truth.quality(latents)).astype(float)

    before, after = here.from_prior(0.5), here.fitted(0.5, latents, scores.tolist())

    def error(quality: FloatArray) -> float:
        return float(np.abs(quality - truth.quality(TYPICAL)).mean())

    assert error(after.quality(TYPICAL)) < 0.6 * error(before.quality(TYPICAL))


def test_many_labels_teach_what_a_model_is_unusually_good_at() -> None:
    here = population()
    latents: FloatArray = DRAW.normal(size=(2000, 3)).astype(np.float32)
    scores = expit(latents @ np.array([1.0, 1.5, 0.0]))

    found = here.fitted(0.5, latents, scores.tolist())

    np.testing.assert_allclose(found.loadings[:2], [1.0, 1.5], atol=0.15)


def test_abilities_come_back_from_their_arrays(tmp_path: Path) -> None:
    before = abilities()

    after = Abilities.restore(before.names, unpack(pack(before.arrays()), tmp_path))

    assert np.array_equal(
        after.quality(TYPICAL, before.names), before.quality(TYPICAL, before.names)
    )
    assert after.population.from_prior(0.3).level == before.population.from_prior(0.3).level


def test_names_and_arrays_that_disagree_are_refused() -> None:
    with pytest.raises(ValueError, match="1 models, 2 levels"):
        Abilities.restore(["one"], abilities().arrays())


def test_a_population_of_one_model_has_its_loadings() -> None:
    here = Population.of(TYPICAL, np.array([0.5]), np.array([[1.0, 2.0, 3.0]]))

    np.testing.assert_allclose(here.at(0.1).loadings, [1, 2, 3], atol=1e-6)


def test_penalised_logistic_regression_stays_where_a_stiff_penalty_puts_it() -> None:
    X, y = np.ones((50, 1)), np.ones(50)
    centre = np.array([-1.0])

    stiff = penalised_logistic(X, y, np.ones(50), centre, np.array([[1e6]]))
    loose = penalised_logistic(X, y, np.ones(50), centre, np.array([[1e-3]]))

    assert stiff[0] == pytest.approx(-1, abs=1e-2) and loose[0] > 3


@given(st.floats(-1e6, 1e6) | st.sampled_from([-np.inf, np.inf]))
def test_one_chance_is_as_of_an_array(odds: float) -> None:
    assert chance(odds) == pytest.approx(float(expit(np.array(odds))), abs=1e-6)
    assert bounded(odds) == pytest.approx(log_odds(chance(odds)), abs=1e-3)


@given(st.floats(0, 1))
def test_the_log_odds_of_one_chance_are_as_of_an_array(probability: float) -> None:
    assert log_odds(probability) == pytest.approx(float(logit(probability)), abs=1e-9)
