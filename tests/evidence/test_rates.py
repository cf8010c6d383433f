"""Shares of requests: Wilson's interval, wider where requests come in like groups."""

import numpy as np
import pytest
from scipy.stats import binomtest

from router.evidence.rates import LEAST_CLUSTERS, clustered_wilson, rate, wilson
from router.evidence.student import student


@pytest.mark.parametrize(("events", "n"), [(0, 10), (3, 10), (10, 100), (999, 1000), (7, 7)])
def test_wilsons_interval_is_scipys(events: int, n: int) -> None:
    found = wilson(events / n, n)
    reference = binomtest(events, n).proportion_ci(method="wilson")

    assert (found.low, found.high) == pytest.approx((reference.low, reference.high), abs=1e-9)


def test_requests_that_are_all_alike_in_a_cluster_count_as_one() -> None:
    events, trials = np.array([10.0, 0.0] * 50), np.full(100, 10.0)
    found, alone = clustered_wilson(events, trials), wilson(0.5, 100)

    assert found.high - found.low == pytest.approx(alone.high - alone.low, rel=0.03)


def test_requests_that_are_unlike_count_each() -> None:
    trials = np.full(200, 10.0)
    events = np.random.default_rng(0).binomial(10, 0.3, 200).astype(np.float64)
    found = clustered_wilson(events, trials)
    alone = wilson(float(events.sum()) / 2000, 2000)

    assert found.high - found.low == pytest.approx(alone.high - alone.low, rel=0.1)


def test_what_never_happened_may_still_happen() -> None:
    found = rate("failed", "failed", [0] * 40, [5] * 40)

    assert found.low == 0 and found.high is not None and found.high > 0.05
    assert found.sentence == "0 % [0, 9] of 200 requests failed."


def test_nothing_asked_is_not_measured_and_too_few_groups_are_too_few() -> None:
    assert rate("ok", "were well", [], []).state == "not_measured"
    assert rate("ok", "were well", [0, 0], [0, 0]).state == "not_measured"
    few = rate("ok", "were well", [1] * 19, [2] * 19)
    assert few.state == "not_enough_data"
    assert f"19 of {LEAST_CLUSTERS}" in few.sentence


@pytest.mark.parametrize("freedom", [3, 5, 10, 40, 1000])
@pytest.mark.parametrize("probability", [0.9, 0.975, 0.025])
def test_students_quantile_is_scipys(freedom: int, probability: float) -> None:
    from scipy.stats import t

    assert student(probability, freedom) == pytest.approx(t.ppf(probability, freedom), rel=0.01)


def test_what_is_counted_among_is_told_in_every_state() -> None:
    told = [
        rate("unpriced", "could not be priced", [0] * clusters, [3] * clusters, "paid requests")
        for clusters in (0, 1, LEAST_CLUSTERS)
    ]

    assert [figure.sentence for figure in told] == [
        "No paid requests in this period to say what share could not be priced.",
        "Too few groups of paid requests to say what share could not be priced: 1 of 20.",
        "0 % [0, 16] of 60 paid requests could not be priced.",
    ]
