"""Answers beside the baseline's own to the same requests: intervals that hold at every look."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from router.core.session_score import SessionPairs, SessionScore
from router.evidence.quality import paired, verdict
from router.evidence.sequences import confidence_sequence

RUNS = 1000
MARGIN = 0.05


def drawn(random: np.random.Generator, sessions: int, loss: float) -> list[SessionPairs]:
    """Sessions of some pairs each. A judge gives points of ten, the more the easier the requests of
    a session are; half of the sessions lose nothing, the others twice the `loss`."""
    pairs = random.geometric(0.5, sessions)
    lost = 2 * loss * random.integers(0, 2, sessions)
    ease = random.beta(8, 2, sessions) * (1 - 2 * loss) + 2 * loss
    answers, shadows = (random.binomial(10 * pairs, it) / 10 for it in (ease - lost, ease))
    return [
        SessionPairs(str(at), *told)
        for at, told in enumerate(zip(pairs.tolist(), (answers - shadows).tolist(), strict=True))
    ]


def misses(pairs: Sequence[SessionPairs], loss: float, every: int) -> Iterator[tuple[bool, bool]]:
    """At each look: whether the interval lies above what is true, and whether it lies below."""
    means = paired(pairs)
    for n in range(every, len(means) + 1, every):
        seen = means[:n]
        # Half an interval is three standard errors or more: nothing else can miss.
        if abs(float(seen.mean()) + loss) > 2.8 * max(float(seen.std()), 0.01) / n**0.5:
            low, high = confidence_sequence(seen, (-1.0, 1.0), 0.05)
            yield low > -loss, high < -loss


@pytest.mark.simulation
def test_looked_at_daily_the_interval_holds_the_difference_at_every_look() -> None:
    random = np.random.default_rng(0)
    above = below = 0
    for _ in range(RUNS):
        told = [*misses(drawn(random, 240, MARGIN), MARGIN, 12)]
        above += any(it for it, _ in told)
        below += any(it for _, it in told)

    # Above the margin at any look would be a false "no loss", below it a false "worse".
    assert above / RUNS <= 0.025
    assert below / RUNS <= 0.025
    assert (above + below) / RUNS <= 0.05


def test_an_interval_is_no_wider_than_it_has_to_be() -> None:
    random = np.random.default_rng(5)
    means = paired(drawn(random, 2000, MARGIN))
    low, high = confidence_sequence(means, (-1.0, 1.0), 0.05)

    assert (high - low) / 2 < 4 * float(means.std()) / len(means) ** 0.5


def test_pairs_settle_it_without_a_control_arm() -> None:
    random = np.random.default_rng(1)
    held, fell = (verdict([], MARGIN, drawn(random, 1500, loss)) for loss in (0.0, 0.15))

    assert (held.ruling, fell.ruling) == ("no loss", "worse")
    assert held.quality.name == "quality.shadow" and held.quality.basis == "measured"
    assert "Against shadows, by the judge, answers of other models score" in held.sentence
    assert "1,500 sessions" in held.sentence and held.n == 1500


def test_a_session_counts_once_however_many_pairs_it_has() -> None:
    many = [SessionPairs("a", 100, -100.0)]
    few = [SessionPairs(str(at), 1, 0.0) for at in range(3)]

    assert paired([*many, *few]).tolist() == [-1.0, 0.0, 0.0, 0.0]


def test_the_order_of_sessions_says_nothing() -> None:
    pairs = drawn(np.random.default_rng(6), 300, MARGIN)
    found, turned = verdict([], MARGIN, pairs), verdict([], MARGIN, pairs[::-1])

    assert turned.sentence == found.sentence
    assert turned.quality.low == pytest.approx(found.quality.low, abs=1e-6)


def test_pairs_come_before_the_judges_scores_of_arms_and_after_checks() -> None:
    random = np.random.default_rng(2)
    pairs = drawn(random, 40, 0.0)

    def arms(source: Any) -> list[SessionScore]:
        return [
            SessionScore(f"{source}{at}", arm, source, float(at), 1, 1.0)
            for at in range(40)
            for arm in ("treated", "control")
        ]

    judge, check = arms("judge"), arms("check")
    assert verdict([*judge, *arms("user")], MARGIN, pairs).quality.name == "quality.shadow"
    assert verdict([*judge, *check], MARGIN, pairs).quality.name == "quality.check"


def test_all_evidence_shares_the_error() -> None:
    random = np.random.default_rng(3)
    pairs = drawn(random, 200, 0.0)
    users = [
        SessionScore(str(at), arm, "user", float(at), 1, 1.0)
        for at in range(30)
        for arm in ("treated", "control")
    ]
    alone = verdict([], MARGIN, pairs).by_source["shadow"]
    beside = verdict(users, MARGIN, pairs).by_source["shadow"]
    low, _ = confidence_sequence(paired(pairs), (-1.0, 1.0), 0.025)

    assert alone.low is not None and beside.low is not None
    assert beside.low == pytest.approx(low) and beside.low < alone.low


def test_one_loss_against_shadows_is_enough() -> None:
    random = np.random.default_rng(4)
    users = [
        SessionScore(str(at), arm, "user", float(at), 1, 1.0)
        for at in range(600)
        for arm in ("treated", "control")
    ]
    assert verdict(users, MARGIN).ruling == "no loss"
    assert verdict(users, MARGIN, drawn(random, 600, 0.25)).ruling == "worse"


def test_few_pairs_say_how_far_they_are_and_none_what_to_set() -> None:
    few = verdict([], MARGIN, [SessionPairs("s", 1, 0.0)])
    none = verdict([])

    assert few.ruling == "not decided" and few.by_source["shadow"].state == "not_enough_data"
    assert "1 of about" in few.by_source["shadow"].sentence
    assert "`shadow` under `judging`" in none.sentence
    assert "`shadow` under `judging`" in none.by_source["shadow"].sentence


def test_answers_of_one_arm_may_be_compared_with_shadows_instead() -> None:
    told = verdict([SessionScore("s", "treated", "user", 1.0, 1, 1.0)]).sentence

    assert "one arm alone" in told
    assert "control: 0.05" in told and "`shadow` under `judging`" in told
