"""95 % intervals cover what they should in 93 to 97 of 100 runs, estimator by estimator.

A thousand runs each, so chance alone moves a share by 0.7 points (one standard error). Where too
few clusters would cover less, no interval is told: those thresholds are measured here too.
"""

import numpy as np
import pytest

from router.core.buckets import PER_DOUBLING
from router.core.ledger import NANO
from router.evidence.bounds import Floats
from router.evidence.drift import chance_of, drift, stability_index
from router.evidence.experiment import ArmSums, measured_saving
from router.evidence.projection import month_end
from router.evidence.quantiles import Counts, quantile_of
from router.evidence.rates import clustered_wilson
from router.evidence.resampling import (
    Estimate,
    ratio,
    ratio_slope,
    resamples,
    studentised,
    studentised_each,
)
from router.evidence.savings import priced_saving
from tests.evidence.traffic import MANY, experiments, savings, sums_of

RUNS = 1000
LOW, HIGH = 0.93, 0.97

pytestmark = pytest.mark.simulation


@pytest.mark.parametrize(("sessions", "tail"), [(50, 1.2), (100, 1.6), (256, 1.2)])
def test_priced_savings(sessions: int, tail: float) -> None:
    random = np.random.default_rng(sessions)
    truth = float(ratio(savings(random, 1, MANY, tail).sum(axis=(0, 1))))
    found = each_of(savings(random, RUNS, sessions, tail))

    covered = [it is not None and it.low <= truth <= it.high for it in found]
    assert LOW <= np.mean(covered) <= HIGH


def each_of(runs: Floats) -> list[Estimate | None]:
    """Of runs [n, sessions, 2]; a hundred at a time, so that none waits for memory."""
    parts = (runs[at : at + 100] for at in range(0, len(runs), 100))
    return [it for part in parts for it in studentised_each(list(part), ratio, ratio_slope)]


def test_the_plain_percentile_interval_would_not_do() -> None:
    random = np.random.default_rng(50)
    truth = float(ratio(savings(random, 1, MANY).sum(axis=(0, 1))))
    weights = resamples(50)
    ends = [
        np.quantile(ratio(weights @ run), [0.025, 0.975]) for run in savings(random, RUNS // 2, 50)
    ]

    assert np.mean([low <= truth <= high for low, high in ends]) < LOW


def test_few_sessions_get_an_interval_only_where_it_holds() -> None:
    random = np.random.default_rng(30)
    truth = float(ratio(savings(random, 1, MANY).sum(axis=(0, 1))))
    runs = savings(random, RUNS, 30)
    told = [priced_saving(sums_of(run), "always:large").share for run in runs]
    known = [it for it in told if it.low is not None and it.high is not None]
    covered = [it.low <= truth <= it.high for it in known]  # type: ignore[operator]

    assert 0.3 * RUNS < len(known) < 0.9 * RUNS
    assert LOW <= np.mean(covered) <= HIGH
    below = [priced_saving(sums_of(run[:29]), "always:large").share for run in runs[:50]]
    assert {it.state for it in below} == {"not_enough_data"}


def test_below_the_threshold_intervals_would_cover_too_little() -> None:
    random = np.random.default_rng(10)
    truth = float(ratio(savings(random, 1, MANY, 1.6).sum(axis=(0, 1))))
    found = each_of(savings(random, RUNS, 10, 1.6))

    assert np.mean([it is not None and it.low <= truth <= it.high for it in found]) < LOW


@pytest.mark.parametrize(
    ("sessions", "share", "whole"),
    [(150, 0.5, False), (256, 0.1, False)],
)
def test_measured_savings(sessions: int, share: float, whole: bool) -> None:
    random = np.random.default_rng(sessions + whole)
    n0, c0, n1, c1 = experiments(random, 1, MANY, 0.5, whole).sum(axis=(0, 1))
    truths = {"share": 1 - (c1 / n1) / (c0 / n0), "per_request": c0 / n0 - c1 / n1}
    covered: dict[str, list[bool]] = {name: [] for name in truths}
    for run in experiments(random, RUNS, sessions, share, whole):
        found = measured_saving([ArmSums(at, *row) for at, row in enumerate(_nano(run))])
        for name, truth in truths.items():
            figure = getattr(found, name)
            if figure.known:
                covered[name].append(figure.low <= truth <= figure.high)

    for name, hits in covered.items():
        assert len(hits) > RUNS / 2
        assert LOW <= np.mean(hits) <= HIGH, name


def _nano(run: Floats) -> list[tuple[float, float, float, float, int]]:
    """Of a run's sessions [n, 4], in nano-dollars, and how many requests each has."""
    rows = (run * [1.0, NANO, 1.0, NANO]).tolist()
    return [(n0, c0, n1, c1, int(n0 + n1)) for n0, c0, n1, c1 in rows]


@pytest.mark.parametrize("share", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("clusters", [20, 60, 256])
def test_rates(clusters: int, share: float) -> None:
    random = np.random.default_rng(clusters)
    trials = random.geometric(0.2, (RUNS, clusters)).astype(np.float64)
    own = random.beta(10 * share, 10 * (1 - share), trials.shape)
    events = random.binomial(trials.astype(np.int64), own).astype(np.float64)
    found = [clustered_wilson(*both) for both in zip(events, trials, strict=True)]

    assert LOW <= np.mean([it.low <= share <= it.high for it in found]) <= HIGH + 0.005


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_quantiles(share: float) -> None:
    random = np.random.default_rng(7)
    levels = random.normal(0, 0.3, MANY)
    truth = float(np.quantile(np.exp(random.normal(0, 1.2, MANY) + levels), share))
    hits = []
    for _ in range(250):
        hours = [_hour(random, 25) for _ in range(24)]
        found = quantile_of(hours, share)
        hits.append(found is not None and found.low <= truth <= found.high)

    assert LOW <= np.mean(hits) <= HIGH + 0.01


def _hour(random: np.random.Generator, mean: int) -> Counts:
    values = np.exp(random.normal(0, 1.2, random.poisson(mean) + 1) + random.normal(0, 0.3))
    buckets, counts = np.unique(
        np.ceil(np.log2(values) * PER_DOUBLING).astype(int), return_counts=True
    )
    return dict(zip(buckets.tolist(), counts.tolist(), strict=True))


@pytest.mark.parametrize("days", [7, 14, 42])
def test_projections(days: int) -> None:
    random = np.random.default_rng(days)
    week = np.resize([1, 1.1, 1, 0.9, 1, 0.5, 0.4] if days > 21 else [1.0], days + 12)
    hits = []
    for run in random.lognormal(0, 0.35, (RUNS, days + 12)) * week:
        figure = month_end("month_spend", "spend", 10.0, run[:days].tolist(), 12)
        assert figure.low is not None and figure.high is not None
        hits.append(figure.low <= 10 + run[days:].sum() <= figure.high)

    assert 0.92 <= np.mean(hits) <= 0.975


def test_drift() -> None:
    random = np.random.default_rng(0)
    then, now = np.array([0.1, 0.2, 0.3, 0.25, 0.15]), np.array([0.2, 0.25, 0.25, 0.2, 0.1])
    truth = float(((now - then) * np.log(now / then)).sum())
    learned = random.multinomial(5000, then, RUNS)
    figures = [
        drift("size", one.tolist(), seen.tolist())
        for one, seen in zip(learned, random.multinomial(300, now, RUNS), strict=True)
    ]
    covered = [it.low <= truth <= it.high for it in figures]  # type: ignore[operator]
    assert LOW <= np.mean(covered) <= HIGH


def test_without_drift_chance_alone_is_taken_for_it_as_rarely_as_promised() -> None:
    random = np.random.default_rng(9)
    shares = np.array([0.1, 0.2, 0.3, 0.25, 0.15])
    drawn = [
        [random.multinomial(n, shares).astype(float) for n in (5000, 300)] for _ in range(3000)
    ]
    both = [(np.asarray(learned), np.asarray(seen)) for learned, seen in drawn]

    assert np.mean([stability_index(*it) > chance_of(*it) for it in both]) <= 0.06


def test_256_groups_of_sessions_serve_as_well_as_the_sessions_themselves() -> None:
    random = np.random.default_rng(3)
    sessions = savings(random, 1, 2560)[0]
    groups = sessions.reshape(256, 10, 2).sum(axis=1)
    fine, coarse = (studentised(it, ratio, ratio_slope) for it in (sessions, groups))

    assert fine is not None and coarse is not None
    assert coarse.value == pytest.approx(fine.value)
    assert coarse.high - coarse.low == pytest.approx(fine.high - fine.low, rel=0.25)
