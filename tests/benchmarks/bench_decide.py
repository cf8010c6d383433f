"""How long `decide` takes: python tests/benchmarks/bench_decide.py

Each figure is also given as a ratio to `json.dumps` of a 1 KB body, timed in turns with it in the
same run: the ratio is what may be compared between machines, the microseconds are not.
"""

import json
import timeit
from collections.abc import Callable

from router.core.catalog import Catalog, ModelCard, Price, Quality, SimulatedSpec
from router.core.decide import decide_by
from router.core.plan import Plan
from router.core.policy import Comparison, Condition, Policy, Route, Rule
from router.core.request import RoutedRequest, Turn
from router.core.signals import Signals
from router.core.stats import StatsSnapshot
from router.core.strategies.cheapest_good_enough import CheapestGoodEnough

CALLS = 2_000
ROUNDS = 15

BODY = {
    "model": "auto",
    "messages": [{"role": "user", "content": "Prove that the root of two is irrational. " * 22}],
    "stream": True,
    "temperature": 0.2,
}
SIGNALS: Signals = {
    "input_tokens": 240.0,
    "turns": 1.0,
    "code": False,
    "private_data": False,
    "language": "en",
    "complexity": 0.3,
    "complexity_confidence": 0.8,
    "difficulty": -0.4,
    "domain": "math",
    "domain_confidence": 0.7,
    "task": "reasoning",
    "task_confidence": 0.6,
}
STRATEGY = CheapestGoodEnough(kind="cheapest_good_enough", min_quality=0.7)


def catalog(models: int) -> Catalog:
    """A catalog of `models` models, every second one local, each dearer and better."""
    return Catalog(
        upstreams={"simulated": SimulatedSpec(kind="simulated")},
        models={
            f"model-{index}": ModelCard(
                upstream="simulated",
                location="cloud" if index % 2 else "local",
                quality=Quality(overall=0.6 + 0.03 * index),
                price=Price(input_usd_per_mtok=0.1 * index, output_usd_per_mtok=0.4 * index),
            )
            for index in range(models)
        },
    )


def policy(rules: int) -> Policy:
    """A policy whose last rule is the first that holds for SIGNALS."""
    missing = tuple(
        Rule(
            name=f"rule-{index}",
            when=Condition.model_validate(
                {
                    "all": (
                        {"signal": "private_data", "is": False},
                        {"signal": "input_tokens", "above": 1_000.0 + index},
                    )
                }
            ),
            strategy=STRATEGY,
        )
        for index in range(rules - 1)
    )
    last = Rule(
        name="last",
        when=Comparison.model_validate({"signal": "domain", "in": ("math", "physics")}),
        strategy=STRATEGY,
    )
    return Policy(name="bench", rules=(*missing, last), default=Route(strategy=STRATEGY))


def deciding(rules: int, models: int) -> Callable[[], object]:
    """One decision of a request that has been read already."""
    request = RoutedRequest(
        model="auto", turns=(Turn("user", str(BODY["messages"])),), max_output_tokens=400
    )
    plan, stats = Plan(policy(rules), catalog(models)), StatsSnapshot(0.0, {})
    assert decide_by(plan, request, SIGNALS, stats, 0.5).rule == "last"
    return lambda: decide_by(plan, request, SIGNALS, stats, 0.5)


def microseconds(subject: Callable[[], object]) -> tuple[float, float]:
    """The least microseconds of a call over ROUNDS, and its ratio to the baseline's."""
    spent, baseline = [], []
    for _ in range(ROUNDS):
        spent.append(timeit.timeit(subject, number=CALLS))
        baseline.append(timeit.timeit(lambda: json.dumps(BODY), number=CALLS))
    return min(spent) / CALLS * 1e6, min(spent) / min(baseline)


def main() -> None:
    """Print the table."""
    print(f"{'rules':>5} {'models':>6} {'us':>8} {'x json.dumps of 1 KB':>21}")
    for rules in (3, 101):
        for models in (2, 10):
            spent, ratio = microseconds(deciding(rules, models))
            print(f"{rules:>5} {models:>6} {spent:>8.1f} {ratio:>21.1f}")


if __name__ == "__main__":
    main()
