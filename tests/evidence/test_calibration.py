"""Calibration keeps its promise: over many simulated data sets it certifies a broken one rarely.

The simulated traffic: each request has a complexity, uniform in [0, 1]; below the threshold the
small model answers, right with a probability that falls with complexity, else the large one.
What a threshold really does is known in closed form.
"""

from dataclasses import replace

import numpy as np
import pytest

from router.evidence.bounds import Floats
from router.evidence.calibration import BETTING, BINOMIAL, Trial, calibrate
from router.evidence.promises import Promise, budget_promise, quality_promise, share_promise

RUNS = 1000
ERROR = 0.05
GRID = tuple(step / 20 for step in range(21))
LARGE = 0.85
FALL = 0.5


def small_is_right(complexity: Floats) -> Floats:
    return np.asarray(0.95 - FALL * complexity)


def routed_quality(threshold: float) -> float:
    """The mean over complexity: the small model's integral up to the threshold, then LARGE."""
    return 0.95 * threshold - FALL * threshold**2 / 2 + (1 - threshold) * LARGE


def drawn(promise: Promise, n: int, random: np.random.Generator) -> Trial:
    complexity = random.random(n)
    small = (random.random(n) < small_is_right(complexity)).astype(float)
    large = (random.random(n) < LARGE).astype(float)
    thresholds = GRID[::-1] if promise.starts_cheap else GRID
    to_small = complexity < np.array(thresholds)[:, None]
    achieved = np.where(to_small, small, large)
    reference = large if promise.of else None
    if promise.kind == "large_share":
        achieved = (~to_small).astype(float)
    elif promise.kind == "budget":
        # Long answers are rare and dear, and come more often to the large model.
        achieved = np.where(to_small, 0.0002, 0.002) * random.exponential(1.0, n)
    return Trial(
        promise=promise,
        thresholds=thresholds,
        losses=promise.losses(achieved, reference),
        bounds=promise.bounds,
        figures=promise.figure(achieved, reference),
        costs=1 - 0.9 * to_small.mean(axis=1),
        large=1 - to_small.mean(axis=1),
    )


def really_kept(promise: Promise, threshold: float) -> bool:
    if promise.kind == "large_share":
        return 1 - threshold <= promise.level + 1e-12
    if promise.kind == "budget":
        return threshold * 0.0002 + (1 - threshold) * 0.002 <= promise.level + 1e-12
    return routed_quality(threshold) >= promise.level * LARGE - 1e-12


JUST_BROKEN = quality_promise(f"quality >= {routed_quality(0.7) / LARGE + 1e-9:.12f} of large")
"""Broken from a threshold of 0.7 on, there by next to nothing."""


@pytest.mark.simulation
@pytest.mark.parametrize("n", [60, 200, 600])
@pytest.mark.parametrize(
    "promise",
    [
        quality_promise("quality >= 0.97 of large"),
        quality_promise("quality >= 0.9 of large"),
        JUST_BROKEN,
        share_promise(0.3, "large"),
        share_promise(0.325, "large"),
        budget_promise(0.9),
    ],
    ids=lambda promise: promise.text,
)
def test_a_broken_promise_is_certified_in_at_most_one_run_of_twenty(
    promise: Promise, n: int
) -> None:
    random = np.random.default_rng(n)
    broken = 0
    for _ in range(RUNS):
        trial = drawn(promise, n, random)
        found = calibrate(trial, ERROR)
        if found.chosen is not None:
            broken += not really_kept(promise, trial.thresholds[found.chosen])

    assert broken <= ERROR * RUNS


def test_with_labels_enough_it_comes_close_to_the_best_threshold_there_is() -> None:
    promise = quality_promise("quality >= 0.97 of large")
    best = max(t for t in GRID if really_kept(promise, t))
    found = [calibrate(drawn(promise, 8000, np.random.default_rng(s)), ERROR) for s in range(20)]
    chosen = [GRID[one.chosen] for one in found if one.chosen is not None]

    assert len(chosen) == 20
    assert best - 0.1 <= np.mean(chosen) <= best


def at_the_boundary(n: int, random: np.random.Generator) -> Trial:
    """Every threshold breaks the promise by nothing: whichever is certified is a false one."""
    promise = quality_promise("quality >= 0.97 of large")
    worse = random.random((1, n)) < 0.03 / 1.0
    losses = np.where(worse, 0.97, -0.03) + np.zeros((len(GRID), 1))
    assert abs(0.03 * 0.97 - 0.97 * 0.03) < 1e-12
    costs = 1 - np.array(GRID) / 2
    return Trial(promise, GRID, losses, promise.bounds, costs, costs, costs)


@pytest.mark.simulation
@pytest.mark.parametrize("n", [60, 200, 600])
def test_at_the_boundary_of_every_threshold_the_error_holds_for_them_together(n: int) -> None:
    random = np.random.default_rng(n)
    certified = sum(
        calibrate(at_the_boundary(n, random), ERROR).chosen is not None for _ in range(RUNS)
    )

    assert certified <= ERROR * RUNS


def test_the_cheapest_certified_threshold_is_taken() -> None:
    trial = drawn(quality_promise("quality >= 0.9 of large"), 4000, np.random.default_rng(1))
    found = calibrate(trial, ERROR)

    assert found.chosen is not None
    passed = int(np.argmax(found.p_values > ERROR)) or len(GRID)
    assert trial.costs[found.chosen] == trial.costs[:passed].min()
    assert found.method == BETTING


def test_a_share_takes_as_much_of_the_large_model_as_it_allows() -> None:
    trial = drawn(share_promise(0.3, "large"), 1000, np.random.default_rng(1))
    found = calibrate(trial, ERROR)

    assert found.chosen is not None and found.method == BINOMIAL
    assert 0.2 < float(trial.large[found.chosen]) < 0.3


def test_a_threshold_behind_one_that_failed_is_not_certified() -> None:
    trial = drawn(quality_promise("quality >= 0.9 of large"), 4000, np.random.default_rng(1))
    losses = trial.losses.copy()
    losses[3] = 0.05
    found = calibrate(replace(trial, losses=losses), ERROR)

    assert found.chosen is not None and found.chosen < 3


def test_too_few_labels_are_told_with_about_the_number_that_suffices() -> None:
    promise = quality_promise("quality >= 0.95 of large")
    told = []
    for seed in range(40):
        few = calibrate(drawn(promise, 60, np.random.default_rng(seed)), ERROR)
        assert few.chosen is None and few.needed is not None and few.needed > 60
        told.append(few.needed)
    usual = int(np.median(told))

    def share_certified(n: int) -> float:
        trials = (drawn(promise, n, np.random.default_rng(seed)) for seed in range(100))
        return float(np.mean([calibrate(trial, ERROR).chosen is not None for trial in trials]))

    assert share_certified(usual // 2) < 0.5
    assert share_certified(usual * 3 // 2) > 0.5


def test_a_promise_that_is_broken_everywhere_asks_for_no_more_labels() -> None:
    promise = quality_promise("quality >= 0.95")
    found = calibrate(drawn(promise, 3000, np.random.default_rng(1)), ERROR)

    assert (found.chosen, found.needed) == (None, None)


def test_sending_everything_to_the_large_model_is_not_worth_a_certificate() -> None:
    promise = quality_promise("quality >= 0.97 of large")
    trial = drawn(promise, 3000, np.random.default_rng(1))
    useless = replace(trial, losses=np.vstack([trial.losses[:1], np.abs(trial.losses[1:])]))
    found = calibrate(useless, ERROR)

    assert (found.chosen, found.needed) == (None, None)
    assert found.aimed_at > 0


def test_bad_luck_asks_for_a_tenth_more_at_least() -> None:
    promise = quality_promise("quality >= 0.95 of large")
    trials = (drawn(promise, 180, np.random.default_rng(s)) for s in range(100))
    unlucky = [found for t in trials if (found := calibrate(t, ERROR)).chosen is None]

    assert unlucky and all(found.needed is None or found.needed >= 198 for found in unlucky)
