"""A logged decision taken again: what the log keeps is enough, and where not, that is told."""

from typing import Any

import msgspec
import pytest

from router.core.catalog import Catalog
from router.core.decide import decide
from router.core.policy import Policy
from router.core.replay import agrees, logged_case
from router.core.request import RoutedRequest
from router.core.stats import ModelStats, Observation, StatsSnapshot, observe
from tests.core.made import NO_STATS, asking, card, catalog, per_token, policy, rule

CHEAP = {"kind": "cheapest_good_enough", "min_quality": 0.7}
MODELS = catalog(
    small=card(quality=0.8, price=per_token(0.1), capabilities=["tools"]),
    large=card(quality=0.95, price=per_token(10.0), location="cloud", capabilities=["tools"]),
    plain=card(quality=0.9, price={"usd_per_hour": 2.0}),
    free=card(quality=0.5, price=per_token(0.0)),
    unpriced=card(quality=0.6),
)
EASY = policy(
    rule("hard", {"signal": "complexity", "above": 0.5}),
    default={"strategy": CHEAP},
)


def logged(
    request: RoutedRequest,
    signals: dict[str, Any],
    by: Policy = EASY,
    over: Catalog = MODELS,
    stats: StatsSnapshot = NO_STATS,
) -> dict[str, Any]:
    """The row that a request leaves in the log, as its readers give it."""
    decision = decide(request, signals, by, over, stats, 0.5)
    told: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(decision))
    return {
        "requested_model": request.model,
        "signals": signals,
        "input_tokens": 17,
        "rule": decision.rule,
        "explored": decision.explored,
        "choice": decision.choice.model if decision.choice else None,
        "candidates": told["candidates"],
        "rejected": told["rejected"],
    }


REQUESTS = [
    asking("Hello"),
    asking("Hello " * 400),
    asking("Hello", tools=2),
    asking("Hello", max_output_tokens=5),
]
SIGNALS: list[dict[str, Any]] = [
    {"complexity": 0.2, "difficulty": -1.0},
    {"complexity": 0.9, "difficulty": 1.5, "tokens": 400},
    {},
    {"difficulty": 0.3, "quality.small": 0.2, "domain": "law"},
]


def failing() -> ModelStats:
    """A model that is out of order."""
    stats = ModelStats()
    for _ in range(5):
        stats = observe(stats, Observation(ok=False), 4.0)
    return stats


STATS = [
    NO_STATS,
    StatsSnapshot(
        5.0, {"small": ModelStats(0.2, 90.0, 123.0), "large": ModelStats(output_tokens=9)}
    ),
    StatsSnapshot(5.0, {"small": failing()}),
]


@pytest.mark.parametrize("request_", REQUESTS, ids=range(len(REQUESTS)))
@pytest.mark.parametrize("signals", SIGNALS, ids=range(len(SIGNALS)))
@pytest.mark.parametrize("stats", STATS, ids=range(len(STATS)))
def test_the_log_keeps_enough_to_decide_again(
    request_: RoutedRequest, signals: dict[str, Any], stats: StatsSnapshot
) -> None:
    row = logged(request_, signals, stats=stats)

    case = logged_case(row, EASY, MODELS)

    again = case.decided().choice
    assert agrees(case, row)
    assert (again.model if again else None) == row["choice"]
    for found, kept in zip(case.decided().candidates, row["candidates"], strict=True):
        assert found.model == kept["model"]
        assert found.latency_s == pytest.approx(kept["latency_s"])


def test_what_the_caller_bound_itself_to_binds_the_replay_too() -> None:
    from router.core.limits import Limits

    for limits in (Limits(local_only=True), Limits(allowed_models=("large", "free"))):
        row = logged(asking("Hello", limits=limits), SIGNALS[0])
        assert agrees(logged_case(row, EASY, MODELS), row)


def test_a_policy_that_explores_is_replayed_as_what_it_prefers() -> None:
    exploring = EASY.model_copy(update={"explore": 1.0})
    row = logged(asking("Hello"), SIGNALS[0])

    choice = logged_case(row, exploring, MODELS).decided().choice

    assert choice is not None and choice.model == row["choice"]


def test_under_other_rules_it_does_not_agree() -> None:
    row = logged(asking("Hello"), SIGNALS[0])
    renamed = policy(
        rule("easy", {"signal": "complexity", "below": 0.5}), default={"strategy": CHEAP}
    )
    stricter = policy(default={"strategy": {**CHEAP, "min_quality": 0.9, "within": 0.0}})

    assert not agrees(logged_case(row, renamed, MODELS), row)
    assert not agrees(logged_case(row, stricter, MODELS), row)


@pytest.mark.parametrize(
    "models",
    [
        catalog(small=card(quality=0.8, price=per_token(0.1), capabilities=["tools"])),
        catalog(**{**MODELS.models, "small": card(quality=0.6, price=per_token(0.1))}),
        catalog(**{**MODELS.models, "another": card(quality=0.9)}),
    ],
    ids=["a model is gone", "a prior has changed", "a model is new"],
)
def test_under_another_catalog_it_does_not_agree(models: Catalog) -> None:
    row = logged(asking("Hello"), SIGNALS[0])

    assert not agrees(logged_case(row, EASY, models), row)


def test_a_price_that_came_or_went_is_noticed() -> None:
    row = logged(asking("Hello"), SIGNALS[0])
    priced = {**MODELS.models, "unpriced": card(quality=0.6, price=per_token(3.0))}

    assert not agrees(logged_case(row, EASY, catalog(**priced)), row)
