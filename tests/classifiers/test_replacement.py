"""Replacement: worse only beyond chance, on the same prompts, by groups of near-duplicates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from classifiers.replacement import (
    APGR,
    LOG_LOSS,
    Comparison,
    Trial,
    compare,
    log_loss,
    recovered,
)

Floats = NDArray[np.float64]
DRAW = np.random.default_rng(11)
N = 400
HARD = DRAW.random(N)
WEAK = (DRAW.random(N) > HARD).astype(float)
STRONG = np.ones(N)
ALONE = np.arange(N)


def routed(old: Floats, new: Floats, groups: NDArray[np.int64] = ALONE) -> Comparison:
    trial = Trial(APGR, groups, recovered(old, WEAK, STRONG), recovered(new, WEAK, STRONG))
    (found,) = compare([trial], 300, 0)
    return found


def test_a_router_that_knows_nothing_is_worse_than_one_that_knows() -> None:
    found = routed(HARD, DRAW.random(N))

    assert found.worse and not found.better
    assert (
        found.gain.high < 0
        and "worse by 0." in str(found)
        and "400 held-back prompts" in str(found)
    )


def test_the_other_way_round_it_is_better_by_as_much() -> None:
    other = DRAW.random(N)
    lost, won = routed(HARD, other), routed(other, HARD)

    assert won.better and not won.worse
    assert won.gain.value == -lost.gain.value


def test_equals_are_neither() -> None:
    found = routed(HARD, HARD)

    assert not found.worse and not found.better and found.gain.value == 0


def test_a_small_loss_that_may_be_chance_is_not_worse() -> None:
    found = routed(HARD, HARD + DRAW.normal(scale=0.02, size=N))

    assert not found.worse


def test_few_groups_are_few_observations() -> None:
    """Copies of a prompt say no more than one: the interval must not shrink by them."""
    twenty = np.arange(N) % 20

    alone, together = routed(HARD, DRAW.random(N)), routed(HARD, DRAW.random(N), twenty)

    assert (together.gain.high - together.gain.low) > 0
    copies = np.repeat(np.arange(40), 10)
    rows = np.repeat(np.arange(40), 10)
    old, new = HARD[rows], HARD[:40][::-1][rows]
    weak, strong = WEAK[rows], STRONG[rows]
    measures = recovered(old, weak, strong), recovered(new, weak, strong)
    naive = compare([Trial(APGR, ALONE, *measures)], 300, 0)[0].gain
    grouped = compare([Trial(APGR, copies, *measures)], 300, 0)[0].gain
    assert grouped.high - grouped.low > 1.5 * (naive.high - naive.low)
    assert alone.gain.n == N


def test_less_log_loss_is_a_gain() -> None:
    sure = np.where(WEAK > 0, 0.9, 0.1)[:, None]
    flat = np.full((N, 1), 0.5)
    scores = WEAK[:, None]
    trial = Trial(LOG_LOSS, ALONE, log_loss(flat, scores), log_loss(sure, scores), sign=-1)

    (found,) = compare([trial], 200, 0)

    assert found.better and found.new.value < found.old.value


def test_what_cannot_be_measured_is_left_out() -> None:
    unknown = np.full((N, 1), np.nan)
    trial = Trial(LOG_LOSS, ALONE, log_loss(unknown, unknown), log_loss(unknown, unknown), -1)

    assert compare([trial], 50, 0) == []


def test_several_tables_count_alike_whatever_their_size() -> None:
    small = np.arange(50)
    good = Trial(APGR, small, lambda rows: 0.4, lambda rows: 0.6)
    bad = Trial(APGR, ALONE, lambda rows: 0.6, lambda rows: 0.5)

    (found,) = compare([good, bad], 50, 0)

    assert abs(found.gain.value - 0.05) < 1e-9 and found.gain.n == 450
