"""Off-policy losses: right on average whatever the log drew, bounded, and refused where blind."""

from functools import cache
from math import inf

import numpy as np
import pytest

from router.core.decide import preferences
from router.core.decision import Candidate
from router.core.feedback import Feedback, Judged
from router.core.policy import Policy
from router.core.signals import Signals
from router.evidence import off_policy
from router.evidence.bounds import betting_p_values
from router.evidence.off_policy import Logged
from router.evidence.promises import quality_promise
from router.evidence.thresholds import place_of
from tests.fakes.gateway import policy

ERROR = 0.05
PROMISE = quality_promise("quality >= 0.9 of large")
THRESHOLDS = (1.0, 0.75, 0.5)
OURS = policy(
    explore=0.2, default={"strategy": {"kind": "cheapest_good_enough", "min_quality": 0.5}}
)
PLACE = place_of(OURS, "default")


def requests(n: int, explore: float, seed: int, ours: Policy = OURS) -> list[Judged]:
    """Decisions as the gateway logs them: small is predicted 0.6 or 0.8, large 0.9.

    Really small is right 0.1 less often than predicted, large as predicted.
    """
    random = np.random.default_rng(seed)
    route = ours.default
    found = []
    for at in range(n):
        small = Candidate("small", "local", 0.6 if random.random() < 0.5 else 0.8, 0.0001, 1.0)
        large = Candidate("large", "cloud", 0.9, 0.004, 1.0)
        signals: Signals = {"difficulty": 0.0}
        chances = preferences(route, (small, large), signals, explore)
        first = small if random.random() < chances["small"] else large
        right = first.quality - (0.1 if first is small else 0.0)
        score = float(random.random() < right)
        found.append(
            Judged(
                f"d{at}", float(at), "default", "1a2b3c4d", "default", "cheapest_good_enough",
                first.model, first.model, chances[first.model], chances, signals,
                (small, large) if first is small else (large, small), 0.001, False,
                (Feedback(f"d{at}", "judge", 0.0, score),),
            )
        )  # fmt: skip
    return found


@cache
def read(n: int, explore: float, seed: int = 0) -> Logged:
    return off_policy.logged(requests(n, explore, seed), OURS, PLACE, THRESHOLDS)


def really(threshold: float) -> float:
    """The mean loss of a threshold under OURS: who is good enough is drawn for a fifth."""
    total = 0.0
    for predicted in (0.6, 0.8):
        good = predicted >= threshold
        share = 0.9 if good else 0.0
        # With large alone good enough at 0.75 and nobody at 1.0, large answers all.
        total += 0.9 * 0.9 - share * (predicted - 0.1) - (1 - share) * 0.9
    return total / 2


def test_on_average_the_losses_are_what_the_thresholds_would_really_have_done() -> None:
    log = read(6_000, 0.4)
    losses, bounds = off_policy.losses(log, PROMISE, "large")

    expected = [really(value) for value in THRESHOLDS]
    spread = losses.std(axis=1) / np.sqrt(losses.shape[1])
    assert np.abs(losses.mean(axis=1) - expected) == pytest.approx(0, abs=float(4 * spread.max()))
    assert bounds[0] <= losses.min() and losses.max() <= bounds[1]


def test_figures_are_the_routed_quality_over_larges() -> None:
    log = read(6_000, 0.4)
    figures = off_policy.quality_figures(log, PROMISE, "large")
    absolute = off_policy.quality_figures(log, quality_promise("quality >= 0.8"), None)

    ratios = [(0.81 - really(value)) / 0.9 for value in THRESHOLDS]
    assert figures == pytest.approx(ratios, abs=0.05)
    assert absolute == pytest.approx([ratio * 0.9 for ratio in ratios], abs=0.05)


def test_over_many_logs_a_broken_promise_is_rarely_certified() -> None:
    losses, bounds = off_policy.losses(read(6_000, 0.4), PROMISE, "large")
    # Moved so that the promise is broken by nothing: its very boundary.
    boundary = losses[2] - losses[2].mean()
    drawn = np.random.default_rng(1).integers(0, len(boundary), (1000, 300))
    p_values = betting_p_values(boundary[drawn], *bounds, ERROR)

    assert bounds[0] <= boundary.min() and boundary.max() <= bounds[1]
    assert (p_values <= ERROR).sum() <= 50


def test_without_exploration_no_other_model_can_be_judged() -> None:
    log = read(200, 0.0)

    assert not off_policy.supported(log, log.drawn, "large").any()


def test_what_was_never_drawn_is_not_supported_where_a_threshold_asks_it() -> None:
    rows = requests(200, 0.4, 0)
    strict = policy(default={"strategy": {"kind": "cheapest_good_enough", "min_quality": 0.7}})
    seen = [row for row in requests(200, 0.4, 0, strict) if row.candidates]
    thresholds = (1.0, 0.75, 0.7, 0.5)

    wide = off_policy.logged(rows, OURS, PLACE, thresholds)
    narrow = off_policy.logged(seen, strict, PLACE, thresholds)

    assert off_policy.supported(wide, wide.drawn, "large").tolist() == [True] * 4
    # Below 0.7 small would get requests that it was never tried on.
    assert off_policy.supported(narrow, narrow.drawn, "large").tolist() == [True, True, True, False]


def test_the_rarest_draw_sets_the_bounds_rounded_to_a_power_of_two() -> None:
    assert off_policy.bounds_of(np.array([[0.3, 0.7], [0.0, 1.0]])) == (-5.0, 5.0)
    assert off_policy.bounds_of(np.array([[1.0, 0.0]])) == (-2.0, 2.0)


def test_more_exploration_needs_fewer_judged_requests() -> None:
    log = read(400, 0.0)
    rows = requests(400, 0.0, 0)

    def needed(explore: float) -> list[float]:
        drawn = np.array(
            [
                [
                    preferences(OURS.default, row.candidates, row.signals, explore)[m]
                    for m in log.models
                ]
                for row in rows
            ]
        )
        found = off_policy.requests_needed(log, drawn, PROMISE, "large", ERROR)
        return [float(one) for one in found]

    assert needed(0.0) == [inf] * 3
    assert inf > needed(0.1)[1] > needed(0.4)[1] > 100
