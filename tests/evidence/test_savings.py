"""Priced savings: exact parts, three states, signed, told in words."""

from array import array
from dataclasses import astuple, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.cluster_table import ClusterTable
from router.core.ledger import NANO, ClusterSums
from router.evidence.savings import (
    LEAST_CLUSTERS,
    ByGroup,
    priced_saving,
    saving_by_group,
)
from tests.evidence.traffic import sums_of

BASELINE = "always:large"

nanos = st.integers(0, 10**15)
clusters = st.builds(
    ClusterSums,
    cluster=st.integers(0, 255),
    requests=st.integers(0, 100),
    priced_requests=st.integers(0, 100),
    unpriced_requests=st.integers(0, 100),
    baseline_nano=nanos,
    answer_nano=nanos,
    escalation_nano=nanos,
    own_nano=nanos,
    cache_loss_nano=nanos,
)


def like(share: float, groups: int = 100, seed: int = 0) -> list[ClusterSums]:
    """Clusters that save about that share."""
    random = np.random.default_rng(seed)
    baseline = random.lognormal(0, 1, groups)
    saved = baseline * (share + random.normal(0, 0.1, groups))
    return [
        replace(it, requests=5, priced_requests=4, unpriced_requests=at % 2)
        for at, it in enumerate(sums_of(np.stack([saved, baseline], axis=-1)))
    ]


@given(st.lists(clusters, max_size=20))
@settings(max_examples=60)
def test_the_parts_add_up_to_the_net_and_the_net_to_the_invoice_exactly(
    sums: list[ClusterSums],
) -> None:
    found = priced_saving(sums, BASELINE)
    paid = sum(it.answer_nano + it.escalation_nano for it in sums)
    other = sum(it.own_nano + it.cache_loss_nano for it in sums)
    parts = found.parts

    assert parts.cache + parts.routing + parts.escalation + parts.own == found.net_nano
    assert found.net_nano == found.baseline_nano - paid - other
    assert found.baseline_nano == sum(it.baseline_nano for it in sums)


def test_many_groups_have_the_figures_that_each_has_alone() -> None:
    """Of as many clusters and of others, among them some that have too few, or nothing."""
    sizes = [100, 40, 100, 3, 0, 40, 31]
    of: ByGroup = {str(at): like(0.1 * at, size, seed=at) for at, size in enumerate(sizes)}
    found = {it.of: it for it in saving_by_group(of, BASELINE)}

    for name, sums in of.items():
        alone = priced_saving(sums, BASELINE)
        told = found[name].saving
        assert (told.parts, told.priced, told.share.state) == (
            alone.parts,
            alone.priced,
            alone.share.state,
        )
        for one, other in ((told.share, alone.share), (told.usd, alone.usd)):
            if other.value is not None:
                ends = (other.value, other.low, other.high)
                assert (one.value, one.low, one.high) == pytest.approx(ends, rel=1e-12)


def test_a_table_of_sums_has_the_figures_of_the_sums_themselves() -> None:
    sums = like(0.3)[::-1]
    table = ClusterTable(array("q", [it for row in sums for it in astuple(row)]).tobytes())

    assert priced_saving(table, BASELINE) == priced_saving(sums, BASELINE)


def test_what_was_paid_to_judge_answers_of_another_period_counts_and_adds_no_group() -> None:
    of = like(0.4)
    alone = ClusterSums(200, own_nano=sum(it.net_nano for it in of) // 4)
    without, found = priced_saving(of, BASELINE), priced_saving([*of, alone], BASELINE)

    assert found.net_nano == without.net_nano - alone.own_nano
    assert found.share.value == pytest.approx(found.net_nano / found.baseline_nano)
    assert found.share.known and f"in {len(of)} groups" in found.share.sentence
    assert not priced_saving([*of[: LEAST_CLUSTERS - 1], alone], BASELINE).share.known


@given(st.lists(clusters, max_size=12))
@settings(max_examples=40, deadline=None)
def test_whatever_was_seen_a_figure_is_a_value_with_an_interval_or_says_why_not(
    sums: list[ClusterSums],
) -> None:
    found = priced_saving(sums, BASELINE)

    for figure in (found.share, found.usd):
        assert figure.sentence.endswith(".")
        assert figure.known == (figure.low is not None)


def test_what_was_not_measured_is_no_saving_of_nothing() -> None:
    nothing = priced_saving([], BASELINE).share
    failed = priced_saving([ClusterSums(1, requests=6)], BASELINE).share
    unpriced = priced_saving([ClusterSums(1, requests=6, unpriced_requests=6)], BASELINE).share

    assert nothing.sentence == "Saving not measured: no request in this period was paid for."
    assert failed.sentence == nothing.sentence
    assert unpriced.sentence.startswith("Saving not measured: 0 priced requests; 6 unpriced. Name")


def test_one_request_is_told_as_one() -> None:
    alone = priced_saving(like(0.4)[:1], BASELINE).share

    assert "1 group of sessions" in alone.sentence
    assert "groups of sessions; 4 priced requests in 1 group" in alone.sentence


def test_it_is_told_as_whoever_pays_would_read_it() -> None:
    found = priced_saving(like(0.4), BASELINE)

    assert found.share.sentence == (
        "Saved 40 % [37, 42] of what always:large would have cost on the same prompts;"
        " 400 priced requests in 100 groups of sessions; 50 unpriced."
    )
    assert found.share.basis == "priced"
    assert found.usd.value == pytest.approx(found.net_nano / NANO)
    assert found.usd.low is not None and found.usd.high is not None
    assert found.usd.low < found.net_nano / NANO < found.usd.high
    assert found.usd.sentence.startswith("Saved ")


def test_a_loss_is_told_as_one() -> None:
    found = priced_saving(like(-0.3), BASELINE)

    assert found.share.value is not None and found.share.value < 0
    assert found.share.high is not None and found.share.high < 0
    assert found.share.sentence.startswith("Cost ")
    assert "% [" in found.share.sentence and " more than what always:large" in found.share.sentence
    assert found.usd.sentence.startswith("Lost ")


def test_a_saving_that_may_be_none_says_so() -> None:
    found = priced_saving(like(0.0, groups=60, seed=3), BASELINE).share

    assert found.low is not None and found.high is not None and found.low < 0 < found.high
    assert "which may be nothing" in found.sentence


def test_without_requests_or_prices_there_is_no_zero() -> None:
    nothing = priced_saving((), BASELINE)
    unpriced = priced_saving([ClusterSums(1, requests=7, unpriced_requests=7)], BASELINE)

    for found in (nothing, unpriced):
        assert found.share.state == found.usd.state == "not_measured"
        assert found.share.value is None and found.net_nano == 0
    assert "7 unpriced" in unpriced.share.sentence
    assert "prices" in unpriced.share.sentence


def test_a_baseline_that_costs_nothing_is_no_measure() -> None:
    free = [ClusterSums(at, requests=1, priced_requests=1, answer_nano=5) for at in range(50)]

    assert priced_saving(free, BASELINE).share.state == "not_measured"


@pytest.mark.parametrize("groups", [1, LEAST_CLUSTERS - 1])
def test_too_few_sessions_have_no_interval(groups: int) -> None:
    found = priced_saving(like(0.4, groups), BASELINE).share

    assert (found.state, found.n, found.needed) == ("not_enough_data", groups, LEAST_CLUSTERS)
    assert f"{groups} of about {LEAST_CLUSTERS} groups" in found.sentence


def test_one_session_that_outweighs_all_is_no_crowd() -> None:
    sums = like(0.4, 60)
    sums[0] = replace(sums[0], baseline_nano=sums[0].baseline_nano * 1000)
    found = priced_saving(sums, BASELINE).share

    assert (found.state, found.needed) == ("not_enough_data", 120)


def test_the_order_in_which_clusters_come_changes_nothing() -> None:
    sums = like(0.4)

    assert priced_saving(sums, BASELINE) == priced_saving(sums[::-1], BASELINE)


def test_the_assumed_verbosity_has_a_range_of_its_own() -> None:
    sums = [
        replace(
            it, baseline_low_nano=it.baseline_nano // 2, baseline_high_nano=it.baseline_nano * 2
        )
        for it in like(0.5)
    ]
    found = priced_saving(sums, BASELINE)

    assert found.assumed is not None and found.share.value is not None
    low, high = found.assumed
    spent = 1 - found.share.value
    assert (low, high) == pytest.approx((1 - 2 * spent, 1 - spent / 2), abs=1e-6)
    assert priced_saving(like(0.5), BASELINE).assumed is None


def test_groups_are_sorted_by_what_they_saved_and_thin_ones_are_marked() -> None:
    found = saving_by_group({"code": like(0.2), None: like(0.9, 5), "chat": like(0.6)}, BASELINE)

    assert [it.of for it in found] == ["chat", "code", None]
    assert [it.is_thin for it in found] == [False, False, True]
    assert [it.requests for it in found] == [500, 500, 25]
