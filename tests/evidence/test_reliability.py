"""Whether predictions come true: bins, their intervals, and the calibration error."""

import random

import pytest

from router.evidence.reliability import LEAST, calibration_error, reliability, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Wilson's interval as in Brown, Cai and DasGupta 2001, and statsmodels' proportion_confint.
        (8, 10, 0.4901625, 0.9433178),
        (0, 20, 0.0, 0.1611252),
        (20, 20, 0.8388748, 1.0),
        (50, 100, 0.4038315, 0.5961685),
    ],
)
def test_the_interval_is_wilsons(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes / n, n) == pytest.approx((low, high), abs=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.85])
def test_the_interval_covers_the_truth_as_often_as_it_says(share: float) -> None:
    draw = random.Random(7)
    covered = 0
    for _ in range(1000):
        mean = sum(draw.random() < share for _ in range(60)) / 60
        low, high = wilson(mean, 60)
        covered += low <= share <= high

    assert 930 <= covered <= 975


def test_each_pair_is_in_the_bin_of_its_prediction() -> None:
    bins = reliability([(0.0, 1.0), (0.05, 0.0), (0.95, 1.0), (1.0, 0.5)])

    assert [(one.low, one.n) for one in bins] == [(0.0, 2), (0.9, 2)]
    assert bins[0].predicted == pytest.approx(0.025)
    assert bins[1].score == 0.75
    assert bins[1].score_low < 0.75 < bins[1].score_high


def test_the_calibration_error_is_the_weighted_distance() -> None:
    pairs = [(0.85, 1.0)] * 30 + [(0.25, 0.0)] * 10

    assert calibration_error(reliability(pairs)) == pytest.approx((30 * 0.15 + 10 * 0.25) / 40)


def test_perfect_predictions_have_no_error() -> None:
    assert calibration_error(reliability([(0.5, 0.0), (0.5, 1.0)] * 20)) == pytest.approx(0.0)


def test_too_few_scores_say_nothing() -> None:
    assert calibration_error(reliability([(0.5, 1.0)] * (LEAST - 1))) is None
    assert reliability([]) == ()
