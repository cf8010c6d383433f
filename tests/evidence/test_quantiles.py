"""Quantiles from histograms: within a bucket of the truth, with an interval or a reason."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.buckets import bucket_of
from router.evidence.quantiles import Counts, cost_quantile, quantile_of


def hours(many: int, each: int, seed: int = 0) -> list[Counts]:
    """Histograms of costs about 0.01 US dollars."""
    random = np.random.default_rng(seed)
    found: list[Counts] = []
    for _ in range(many):
        counts: dict[int, int] = {}
        for cost in random.lognormal(-4.6, 1, each).tolist():
            counts[bucket_of(cost)] = counts.get(bucket_of(cost), 0) + 1
        found.append(counts)
    return found


def test_the_median_is_told_in_dollars_with_its_interval() -> None:
    figure = cost_quantile(hours(48, 20), 0.5)

    assert figure.name == "cost_p50" and figure.n == 960
    assert figure.value == pytest.approx(0.01, rel=0.15)
    assert figure.low is not None and figure.high is not None and figure.value is not None
    assert figure.low <= figure.value <= figure.high
    assert figure.sentence.startswith("Half of the requests cost at most 0.0")
    assert figure.sentence.endswith("; 960 priced requests.")


def test_a_tail_wants_more_requests_than_a_middle() -> None:
    some = hours(24, 5)

    assert cost_quantile(some, 0.5).known
    tail = cost_quantile(some, 0.95)
    assert (tail.state, tail.n, tail.needed) == ("not_enough_data", 120, 200)


def test_a_few_hours_are_too_few_and_none_is_not_measured() -> None:
    assert cost_quantile(hours(5, 500), 0.5).state == "not_enough_data"
    assert cost_quantile([], 0.5).state == "not_measured"
    assert cost_quantile([{}, {}], 0.95).state == "not_measured"


def test_only_what_is_missing_is_told() -> None:
    few, short, both = hours(24, 5), hours(5, 500), hours(5, 5)

    assert cost_quantile(few, 0.95).sentence.endswith("requests cost: 120 of 200.")
    assert cost_quantile(short, 0.5).sentence.endswith("cost: in 5 of 20 hours or days.")
    assert cost_quantile(both, 0.95).sentence.endswith("cost: 25 of 200, in 5 of 20 hours or days.")


histograms = st.lists(
    st.dictionaries(st.integers(-400, 50), st.integers(1, 50), max_size=5), max_size=30
)


@given(histograms, st.sampled_from([0.05, 0.5, 0.95]))
@settings(max_examples=50)
def test_an_interval_holds_its_quantile(clusters: list[dict[int, int]], share: float) -> None:
    found = quantile_of(clusters, share)

    assert (found is None) == (not any(clusters))
    if found is not None:
        assert found.low <= found.value <= found.high


def test_hours_of_their_own_kind_widen_it() -> None:
    alike = [{bucket_of(0.01): 10, bucket_of(0.02): 10}] * 40
    apart = [{bucket_of(0.01): 20}, {bucket_of(0.02): 20}] * 20
    one, other = quantile_of(alike, 0.45), quantile_of(apart, 0.45)

    assert one is not None and other is not None
    assert other.high - other.low > one.high - one.low
