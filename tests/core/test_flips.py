"""What would flip a decision: each flip told is one, and nothing smaller of the kind would do."""

from dataclasses import replace
from typing import Any

import pytest

from router.core.flips import Flip, flips
from router.core.policy import Policy
from router.core.replay import Case
from router.core.signals import Signals, SignalSpec
from tests.core.made import NO_STATS, asking, card, catalog, per_token, policy, rule

CHEAP = {"kind": "cheapest_good_enough", "min_quality": 0.7}
MODELS = catalog(
    small=card(quality=0.8, price=per_token(1.0)),
    large=card(quality=0.95, price=per_token(10.0), location="cloud"),
)


def case(signals: Signals, *rules: Any, model: str = "auto", **fields: Any) -> Case:
    by = policy(*rules, **{"default": {"strategy": CHEAP}, **fields})
    return Case(asking("Hello", model), signals, by, MODELS, NO_STATS)


def told(found: tuple[Flip, ...]) -> dict[tuple[str, str], Flip]:
    return {(flip.kind, flip.name): flip for flip in found}


def test_a_threshold_flips_where_the_choice_no_longer_reaches_it() -> None:
    found = told(flips(case({"difficulty": 0.0})))

    flip = found["threshold", "min_quality"]
    assert (flip.before, flip.model) == (0.7, "large")
    assert 0.8 < float(flip.after) <= 0.96, "above it small is neither good enough nor near enough"


def test_a_price_flips_where_the_dearer_becomes_the_cheaper() -> None:
    found = told(flips(case({"difficulty": 0.0})))

    assert found["price", "small"].model == "large"
    assert float(found["price", "small"].after) == pytest.approx(10.0, rel=0.03)
    assert float(found["price", "large"].after) == pytest.approx(0.1, rel=0.03)
    assert found["price", "small"].size == pytest.approx(0.9, abs=0.01)


def test_a_number_that_a_rule_reads_flips_at_its_bound() -> None:
    hard = rule("hard", {"signal": "complexity", "above": 0.5})
    found = told(flips(case({"complexity": 0.31, "difficulty": 0.0}, hard)))

    flip = found["signal", "complexity"]
    assert flip.model == "large"
    assert 0.5 < float(flip.after) < 0.52


def test_flags_and_words_flip_to_what_a_rule_asks_for() -> None:
    rules = (
        rule("code", {"signal": "code", "is": True}),
        rule("law", {"signal": "domain", "is": "law"}),
    )
    vocabulary = {"domain": SignalSpec("text", "", values=("history", "law", "physics"))}
    found = told(
        flips(case({"code": False, "domain": "history", "difficulty": 0.0}, *rules), vocabulary)
    )

    assert found["signal", "code"].after is True
    assert found["signal", "domain"].after == "law"
    assert {found["signal", name].model for name in ("code", "domain")} == {"large"}


def test_what_is_foreseen_of_a_model_can_flip_it() -> None:
    found = told(flips(case({"quality.small": 0.75, "quality.large": 0.9})))

    assert float(found["signal", "quality.small"].after) == pytest.approx(0.7, abs=0.02)
    assert 0 <= float(found["signal", "quality.small"].after) < 0.7


def test_the_smallest_change_comes_first() -> None:
    found = flips(case({"quality.small": 0.71, "quality.large": 0.95}))

    assert [flip.size for flip in found] == sorted(flip.size for flip in found)
    assert found[0].name == "quality.small"


@pytest.mark.parametrize("model", ["small", "large"])
def test_a_request_that_names_its_model_flips_by_nothing(model: str) -> None:
    assert flips(case({"difficulty": 0.0}, model=model)) == ()


def test_without_an_alternative_there_is_nothing_to_tell() -> None:
    alone = case({"difficulty": 0.0}, limits={"allowed_models": ["small"]})
    nobody = case({"difficulty": 0.0}, limits={"allowed_models": []})

    assert flips(alone) == ()
    assert flips(nobody) == ()


def test_exploration_plays_no_part() -> None:
    assert flips(case({"difficulty": 0.0}, explore=1.0)) == flips(case({"difficulty": 0.0}))


STRATEGIES: list[dict[str, Any]] = [
    CHEAP,
    {"kind": "threshold", "complexity": 0.4},
    {"kind": "fastest", "min_quality": 0.5},
    {"kind": "best_quality"},
    {"kind": "weighted", "quality": 0.5, "cost": 0.4, "latency": 0.1},
]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda it: str(it["kind"]))
@pytest.mark.parametrize("complexity", [0.1, 0.45, 0.9])
def test_every_flip_told_is_one(strategy: dict[str, Any], complexity: float) -> None:
    signals = {"complexity": complexity, "difficulty": complexity - 0.5}
    given = case(signals, default={"strategy": strategy})
    choice = given.decided().choice
    assert choice is not None

    for flip in flips(given):
        changed = applied(given, flip).decided().choice
        assert changed is not None and changed.model == flip.model != choice.model, flip


def applied(given: Case, flip: Flip) -> Case:
    """The case after a flip, changed here by another way than there."""
    if flip.kind == "signal":
        return replace(given, signals={**given.signals, flip.name: flip.after})
    if flip.kind == "threshold":
        strategy = given.policy.default.strategy.model_dump() | {flip.name: flip.after}
        data = given.policy.model_dump(by_alias=True, exclude_defaults=True)
        data["default"] = {**data["default"], "strategy": strategy}
        return replace(given, policy=Policy.model_validate(data, strict=False))
    factors = {"small": 1.0, "large": 1.0, flip.name: float(flip.after)}
    dearer = catalog(
        small=card(quality=0.8, price=per_token(1.0 * factors["small"])),
        large=card(quality=0.95, price=per_token(10.0 * factors["large"]), location="cloud"),
    )
    return replace(given, catalog=dearer)
