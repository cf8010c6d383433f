"""Measured savings: what the control arm shows, by weights and without any price list."""

import numpy as np
import pytest

from router.core.ledger import NANO, ClusterSums
from router.evidence.experiment import LEAST_CLUSTERS, ArmSums, arms, measured_saving


def drawn(sessions: int, ratio: float, seed: int = 0) -> list[ArmSums]:
    """Sessions with two requests in each arm; treated ones cost `ratio` of control's."""
    random = np.random.default_rng(seed)
    control, treated = random.lognormal(0, 0.5, (2, sessions)) * NANO
    return [
        ArmSums(at, 2.0, float(control[at]), 2.0, float(treated[at] * ratio), 4)
        for at in range(sessions)
    ]


def test_it_is_the_difference_in_mean_cost() -> None:
    rows = drawn(120, 0.4)
    found = measured_saving(rows)
    control = sum(it.control_spent for it in rows) / 240
    treated = sum(it.routed_spent for it in rows) / 240

    assert found.share.value == pytest.approx(1 - treated / control)
    assert found.per_request.value == pytest.approx((control - treated) / NANO)
    assert found.share.basis == found.per_request.basis == "measured"
    assert found.share.low is not None and found.share.low < 0.6 < (found.share.high or 0)
    assert found.share.sentence.startswith("Measured: routing cost 6")


def test_weights_undo_a_share_of_control_that_changed() -> None:
    # Half of the dear day went to control, a tenth of the cheap one.
    dear = [ArmSums(at, 5 / 0.5, 50 / 0.5, 5 / 0.5, 25 / 0.5, 10) for at in range(60)]
    cheap = [ArmSums(60 + at, 1 / 0.1, 1 / 0.1, 9 / 0.9, 4.5 / 0.9, 10) for at in range(60)]
    found = measured_saving([*dear, *cheap]).share

    assert found.value == pytest.approx(0.5)
    unweighted = [
        *(ArmSums(at, 5, 50, 5, 25, 10) for at in range(60)),
        *(ArmSums(60 + at, 1, 1, 9, 4.5, 10) for at in range(60)),
    ]
    assert measured_saving(unweighted).share.value != pytest.approx(0.5, abs=0.1)


def test_arms_are_joined_by_cluster_and_count_all_that_was_paid() -> None:
    control = [ClusterSums(1, 3, 2, 1, answer_nano=7, escalation_nano=1)]
    treated = [
        ClusterSums(1, 4, 4, answer_nano=2, escalation_nano=3, cache_loss_nano=4),
        ClusterSums(2, 5, 5, answer_nano=9),
    ]

    assert arms(control, treated) == (
        ArmSums(1, 2.0, 8.0, 4.0, 9.0, 6),
        ArmSums(2, 0.0, 0.0, 5.0, 9.0, 5),
    )


def test_what_judging_costs_is_charged_to_routing_for_nothing_is_judged_without_it() -> None:
    control = [ClusterSums(1, 2, 2, answer_nano=8, own_nano=5)]
    # A review of yesterday's answer may be paid today.
    treated = [ClusterSums(1, 2, 2, answer_nano=2, own_nano=3), ClusterSums(2, own_nano=4)]
    found = arms(control, treated)

    assert found == (ArmSums(1, 2.0, 8.0, 2.0, 5.0, 4), ArmSums(2, 0.0, 0.0, 0.0, 4.0, 0))


def test_a_group_that_only_judging_was_paid_in_makes_routing_dearer() -> None:
    many = [ArmSums(at, 5, 10e9, 5, 5e9, 10) for at in range(100)]
    alone = [ArmSums(100 + at, 0, 0, 0, 10e9, 0) for at in range(10)]
    share = measured_saving([*many, *alone]).share

    assert share.value == pytest.approx(1 - (5 * 100 + 100) / (10 * 100))


def test_without_control_it_says_how_to_get_one() -> None:
    for rows in (
        (),
        [ArmSums(at, routed_weight=1, routed_spent=1, requests=1) for at in range(99)],
    ):
        found = measured_saving(rows)
        assert found.share.state == found.per_request.state == "not_measured"
        assert "control: 0.05" in found.share.sentence


def test_few_sessions_in_an_arm_are_not_enough() -> None:
    found = measured_saving(drawn(LEAST_CLUSTERS - 1, 0.4))

    assert found.share.state == "not_enough_data"
    assert (found.share.n, found.share.needed) == (LEAST_CLUSTERS - 1, LEAST_CLUSTERS)
    assert measured_saving(drawn(LEAST_CLUSTERS, 0.4)).share.known


def test_dearer_routing_is_told_as_dearer() -> None:
    found = measured_saving(drawn(150, 3.0)).share

    assert found.value is not None and found.value < 0
    assert " more than the baseline model" in found.sentence


def test_a_control_arm_that_costs_nothing_measures_no_share() -> None:
    free = [ArmSums(at, 1.0, 0.0, 1.0, 1.0, 2) for at in range(99)]

    assert measured_saving(free).share.state == "not_enough_data"
