"""Each strategy on the same three models: who leads, who is good enough, and the reason given."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from router.core.signals import Signals
from router.core.strategies import Strategy
from router.core.strategies.base import StrategyOptions
from tests.core.made import candidate

SMALL = candidate("small", quality=0.6, cost=0.001, latency=2.0)
MIDDLE = candidate("middle", quality=0.8, cost=0.01, latency=1.0)
LARGE = candidate("large", quality=0.9, cost=0.1, latency=4.0)
UNPRICED = candidate("unpriced", quality=0.8, cost=None, latency=3.0)


def strategy(kind: str, **options: Any) -> Any:
    return TypeAdapter[Any](Strategy).validate_python({"kind": kind, **options})


@pytest.mark.parametrize(
    ("options", "order", "good_enough", "reason"),
    [
        (
            {"kind": "cheapest_good_enough", "min_quality": 0.7},
            "middle large small",
            2,
            "cheapest of 2 whose predicted quality reaches 0.70 (its own is 0.80)",
        ),
        (
            {"kind": "cheapest_good_enough", "min_quality": 0.95},
            "large middle small",
            1,
            "best of 3: predicted quality 0.90, none reaches 0.95",
        ),
        (
            {"kind": "cheapest_good_enough", "min_quality": 0.85, "within": 0.0},
            "large middle small",
            1,
            "cheapest of 1 whose predicted quality reaches 0.85 (its own is 0.90)",
        ),
        (
            {"kind": "cheapest_good_enough", "min_quality": 0.85, "within": 0.12},
            "middle large small",
            2,
            "cheapest of 2 that are about as good as any: predicted quality 0.80, of the best 0.90",
        ),
        (
            {"kind": "cheapest_good_enough", "min_quality": 1.0, "within": 1.0},
            "large middle small",
            1,
            "best of 3: predicted quality 0.90, none reaches 1.00",
        ),
        (
            {"kind": "best_quality"},
            "large middle small",
            1,
            "highest predicted quality of 3 (0.90)",
        ),
        ({"kind": "fastest"}, "middle small large", 3, "fastest of 3, expected in 1.00 s"),
        (
            {"kind": "fastest", "min_quality": 0.85},
            "large middle small",
            1,
            "fastest of 1, expected in 4.00 s",
        ),
        (
            {"kind": "fastest", "min_quality": 0.99},
            "middle small large",
            1,
            "fastest of 3, expected in 1.00 s",
        ),
        (
            {"kind": "weighted", "quality": 1.0},
            "large middle small",
            1,
            "best weighted score of 3 (1.00)",
        ),
        (
            {"kind": "weighted", "quality": 0.0, "cost": 1.0},
            "small middle large",
            1,
            "best weighted score of 3 (1.00)",
        ),
        (
            {"kind": "weighted", "quality": 0.5, "latency": 0.5},
            "middle large small",
            1,
            "best weighted score of 3 (0.83)",
        ),
    ],
)
def test_the_order_the_good_enough_and_the_reason(
    options: dict[str, Any], order: str, good_enough: int, reason: str
) -> None:
    ranking = strategy(**options).rank([SMALL, MIDDLE, LARGE], {"difficulty": 0.0})

    assert [c.model for c in ranking.candidates] == order.split()
    assert (ranking.good_enough, ranking.reason) == (good_enough, reason)


@pytest.mark.parametrize(
    ("signals", "order", "good_enough", "reason"),
    [
        (
            {"complexity": 0.2},
            "small middle large",
            3,
            "complexity 0.20 is below the threshold 0.50",
        ),
        (
            {"complexity": 0.5},
            "large middle small",
            1,
            "complexity 0.50 reaches the threshold 0.50",
        ),
        ({}, "large middle small", 1, "complexity is not known, so the best candidate leads"),
    ],
)
def test_threshold_asks_the_best_for_what_is_hard_or_not_known(
    signals: Signals, order: str, good_enough: int, reason: str
) -> None:
    ranking = strategy("threshold", complexity=0.5).rank([SMALL, MIDDLE, LARGE], signals)

    assert [c.model for c in ranking.candidates] == order.split()
    assert (ranking.good_enough, ranking.reason) == (good_enough, reason)


@pytest.mark.parametrize(
    "options",
    [
        {"kind": "cheapest_good_enough", "min_quality": 0.5},
        {"kind": "best_quality"},
        {"kind": "weighted", "cost": 1.0, "quality": 0.0},
    ],
)
def test_a_model_without_a_price_counts_as_the_dearest(options: dict[str, Any]) -> None:
    ranking = strategy(**options).rank([UNPRICED, MIDDLE], {"difficulty": 0.0})

    assert [c.model for c in ranking.candidates] == ["middle", "unpriced"]


def test_cheapest_good_enough_asks_the_best_where_the_difficulty_is_not_known() -> None:
    ranking = strategy("cheapest_good_enough", min_quality=0.5).rank([SMALL, MIDDLE, LARGE], {})

    assert [c.model for c in ranking.candidates] == ["large", "middle", "small"]
    assert ranking.reason == "difficulty is not known, so the best candidate leads"
    assert ranking.good_enough == 1


def test_of_models_equally_fast_the_better_leads() -> None:
    worse, better = candidate("a", quality=0.6), candidate("b", quality=0.9)

    ranked = strategy("fastest").rank([worse, better], {}).candidates
    assert [c.model for c in ranked] == ["b", "a"]


def test_weights_do_not_matter_where_all_models_are_alike() -> None:
    twins = [candidate("b", 0.5), candidate("a", 0.5)]

    assert [c.model for c in strategy("weighted").rank(twins, {}).candidates] == ["a", "b"]


def test_weights_that_are_all_zero_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least one weight above 0"):
        strategy("weighted", quality=0.0)


@pytest.mark.parametrize("weight", [float("inf"), float("nan"), -1.0])
def test_a_weight_that_cannot_be_summed_is_refused(weight: float) -> None:
    with pytest.raises(ValidationError):
        strategy("weighted", quality=weight)


def test_a_strategy_nobody_wrote_is_refused() -> None:
    with pytest.raises(ValidationError, match="cheapest_good_enough"):
        strategy("cheapest")


def test_options_alone_cannot_rank() -> None:
    with pytest.raises(TypeError, match="rank"):
        StrategyOptions()  # type: ignore[abstract]


HOPELESS = [
    candidate("small", quality=0.05, cost=0.001),
    candidate("large", quality=0.14, cost=0.1),
]


def test_what_nobody_would_answer_well_is_not_worth_the_dear_model() -> None:
    ranking = strategy("cheapest_good_enough", min_quality=0.7).rank(HOPELESS, {"difficulty": 0.0})

    assert [c.model for c in ranking.candidates] == ["small", "large"]


def test_a_quality_foreseen_is_knowledge_enough_without_a_difficulty() -> None:
    cheap = strategy("cheapest_good_enough", min_quality=0.7)

    assert cheap.rank(HOPELESS, {"quality.small": 0.05}).candidates[0].model == "small"
    assert cheap.rank(HOPELESS, {"quality.other": 0.05}).candidates[0].model == "large"
