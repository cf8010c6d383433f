"""Whether quality held: verdicts that are seldom wrong however often one looks."""

from typing import Any

import numpy as np
import pytest

from router.core.feedback import Source
from router.core.ledger import Arm
from router.core.session_score import SessionScore
from router.evidence.quality import (
    LEAST_BLOCKS,
    blocks_needed,
    coverage,
    verdict,
)
from router.evidence.score_blocks import differences
from router.evidence.sequences import confidence_sequence

RUNS = 1000
MARGIN = 0.05


def said(
    session: str, arm: Arm, score: float, source: Source = "user", **more: Any
) -> SessionScore:
    """One judged answer of a session."""
    return SessionScore(session, arm, source, more.get("at", 0.0), more.get("judged", 1), score)


def judged(
    random: np.random.Generator, sessions: int, loss: float, control: float = 0.3
) -> list[SessionScore]:
    """Sessions of some answers each, of an ease of their own; arms drawn; treated loses `loss`."""
    ease = random.beta(8, 2, sessions) * (1 - loss) + loss
    many = random.geometric(0.5, sessions)
    arms = random.random(sessions) < control
    scores = random.binomial(many, np.where(arms, ease, ease - loss))
    return [
        SessionScore(str(at), "control" if drawn else "treated", "user", float(at), judged, good)
        for at, (drawn, judged, good) in enumerate(
            zip(arms.tolist(), many.tolist(), scores.astype(float).tolist(), strict=True)
        )
    ]


def beyond(blocks: np.ndarray[Any, Any]) -> bool:
    """Whether a verdict is possible at all: half an interval is three standard errors or more."""
    error = max(float(blocks.std()), 0.01) / len(blocks) ** 0.5
    return bool(abs(float(blocks.mean()) + MARGIN) > 2.8 * error)


@pytest.mark.simulation
def test_looked_at_daily_a_loss_at_the_margin_is_hardly_ever_called_no_loss() -> None:
    random = np.random.default_rng(0)
    no_loss = worse = 0
    for _ in range(RUNS):
        # Rows are in order of time, so what was closed at a look is a beginning of all blocks.
        blocks = differences(judged(random, 240, MARGIN))
        looks = [blocks[: len(blocks) * day // 30] for day in range(1, 31)]
        looks = [it for it in looks if len(it) >= LEAST_BLOCKS and beyond(it)]
        bounds = [confidence_sequence(it, (-1.0, 1.0), 0.05) for it in looks]
        no_loss += any(low > -MARGIN for low, _ in bounds)
        worse += any(high < -MARGIN for _, high in bounds)

    assert no_loss / RUNS <= 0.025
    assert worse / RUNS <= 0.025


def test_sessions_that_go_on_after_the_first_look_do_not_change_that() -> None:
    random = np.random.default_rng(1)
    wrong = 0
    for _ in range(150):
        whole = judged(random, 160, MARGIN)
        told = set()
        for look in range(20, 161, 20):
            # Of the latest sessions only the first answer has been judged yet.
            rows = [
                it._replace(judged=1, score=float(random.random() < it.mean))
                if it.at > look - 20 and it.judged > 1
                else it
                for it in whole[:look]
            ]
            blocks = differences(rows)
            if len(blocks) >= LEAST_BLOCKS and beyond(blocks):
                told.add(verdict(rows, MARGIN).ruling)
        wrong += "no loss" in told or "worse" in told

    assert wrong / 150 <= 0.05


def test_a_verdict_is_reached_where_quality_held_and_where_it_fell() -> None:
    random = np.random.default_rng(2)
    held = verdict(judged(random, 6000, 0.0), MARGIN)
    fell = verdict(judged(random, 1500, 0.3), MARGIN)

    assert held.ruling == "no loss"
    assert held.sentence.startswith("No loss shown within the margin of 0.05.")
    assert fell.ruling == "worse"
    assert held.quality.low is not None and held.quality.low > -MARGIN
    assert fell.quality.high is not None and fell.quality.high < -MARGIN


def test_before_that_it_says_how_far_it_is() -> None:
    found = verdict(judged(np.random.default_rng(3), 200, 0.0), 0.02)

    assert found.ruling == "not decided"
    assert found.needed is not None and found.needed > found.n
    assert f"({found.n} of about {found.needed:,} comparisons" in found.sentence


def test_as_many_as_it_says_mostly_settle_it() -> None:
    random = np.random.default_rng(4)
    rows = judged(random, 400, 0.0)
    needed = blocks_needed(differences(rows), 0.1)
    assert needed is not None
    per_block = 400 / len(differences(rows))
    found = [verdict(judged(random, round(needed * per_block), 0.0), 0.1).ruling for _ in range(40)]

    assert found.count("no loss") >= 20


def test_what_lies_at_the_margin_is_not_promised_to_be_settled() -> None:
    blocks = np.resize([0.15, -0.25], 40_000)

    assert blocks_needed(blocks, 0.05) is None
    assert blocks_needed(np.empty(0), 0.05) is not None


def test_where_nothing_was_judged_nothing_is_claimed() -> None:
    found = verdict([])

    assert found.ruling == "not measured"
    assert found.quality.state == "not_measured"
    assert "control: 0.05" in found.sentence
    assert {it.state for it in found.by_source.values()} == {"not_measured"}


def test_answers_of_one_arm_alone_are_no_comparison() -> None:
    found = verdict([said(str(at), "treated", 1.0, at=at) for at in range(50)])

    assert found.ruling == "not measured"
    assert "one arm alone" in found.sentence
    assert "50 sessions" in found.by_source["user"].sentence


def test_requests_outside_the_experiment_are_left_out() -> None:
    rows = judged(np.random.default_rng(5), 100, 0.0)
    others = [said(f"n{at}", "named", 0.0, at=at) for at in range(50)]
    others += [said(f"r{at}", "routed", 0.0, at=at) for at in range(50)]

    assert differences([*rows, *others]).tolist() == differences(rows).tolist()


def test_each_source_is_told_by_itself_and_the_strongest_first() -> None:
    rows = judged(np.random.default_rng(6), 300, 0.0)
    checks = [it._replace(source="check", score=0.0) for it in rows[:200]]
    found = verdict([*rows, *checks], MARGIN)

    assert found.quality.name == "quality.check"
    assert found.by_source["user"].known and found.by_source["check"].known
    alone = verdict(rows, MARGIN).by_source["user"]
    both = found.by_source["user"]
    assert both.low is not None and alone.low is not None and both.low < alone.low


def test_one_source_that_shows_a_loss_is_enough() -> None:
    random = np.random.default_rng(7)
    good = judged(random, 6000, 0.0)
    bad = [it._replace(source="judge") for it in judged(random, 1500, 0.3)]

    assert verdict(good, MARGIN).ruling == "no loss"
    assert verdict([*good, *bad], MARGIN).ruling == "worse"


def test_a_session_in_both_arms_is_compared_with_itself() -> None:
    rows = [
        said("a", "treated", 3.0, judged=4, at=1),
        said("a", "control", 1.0, judged=2, at=2),
        said("b", "treated", 1.0, at=3),
        said("c", "treated", 0.0, at=4),
        said("d", "control", 1.0, at=5),
        said("e", "treated", 1.0, at=6),
    ]

    assert differences(rows).tolist() == [0.25, -0.5]
    assert differences(rows[::-1]).tolist() == [0.25, -0.5]


def test_a_margin_that_means_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        verdict([], 0.0)


def test_coverage_is_a_share_of_what_was_answered() -> None:
    figure = coverage([1] * 30, [10] * 30)

    assert figure.value == pytest.approx(0.1)
    assert figure.sentence == "10 % [7, 14] of 300 answered requests were judged."
