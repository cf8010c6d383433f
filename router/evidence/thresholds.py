"""The thresholds that can be calibrated, and where a policy sends prompts at each of them.

Rule: where a prompt goes is asked of the core, which serves by the same functions (`decide`, and
`preferences` at the heart of it), never reckoned anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from router.core.catalog import Catalog
from router.core.decide import DEFAULT_RULE, decide_by, preferences
from router.core.decision import Candidate
from router.core.plan import Plan
from router.core.policy import Policy, Route
from router.core.request import RoutedRequest
from router.core.signals import Signals
from router.core.stats import StatsSnapshot
from router.core.strategies.cheapest_good_enough import CheapestGoodEnough
from router.core.strategies.threshold import Threshold
from router.evidence.bounds import Floats

STEPS = 200
"""The grid is fixed beforehand and does not depend on the data: 0, 0.005, ..., 1."""

KEYS: Mapping[str, str] = {"threshold": "complexity", "cheapest_good_enough": "min_quality"}
"""Strategy -> the key of its threshold."""

_NOTHING_MEASURED = StatsSnapshot(0.0, {})
_NOT_EXPLORED = 1 - 2**-53


@dataclass(frozen=True, slots=True)
class Place:
    """Where a threshold stands: in which rule of the policy (the last: `default`), under which key.

    `path` leads to it in the policy's file, `value` is what stands there now.
    """

    rule: str
    index: int | None
    key: str
    value: float

    @property
    def path(self) -> tuple[str | int, ...]:
        """Keys and indices from the top of the file."""
        route = ("default",) if self.index is None else ("rules", self.index)
        return (*route, "strategy", self.key)

    def grid(self, starts_cheap: bool = False) -> tuple[float, ...]:
        """Every threshold, those that ask the best model most often first, or last."""
        rising = tuple(step / STEPS for step in range(STEPS + 1))
        # From complexity 0 on, and up to min_quality 1, the best model is asked.
        best_first = rising if self.key == "complexity" else rising[::-1]
        return best_first[::-1] if starts_cheap else best_first


def place_of(policy: Policy, rule: str) -> Place:
    """The threshold of a rule, or of `default`. Raises ValueError where it has none."""
    names = [one.name for one in policy.rules]
    if rule != DEFAULT_RULE and rule not in names:
        raise ValueError(f"no rule {rule!r}; there are {', '.join((*names, DEFAULT_RULE))}")
    index = None if rule == DEFAULT_RULE else names.index(rule)
    route: Route = policy.default if index is None else policy.rules[index]
    strategy = route.strategy
    if isinstance(strategy, Threshold):
        return Place(rule, index, "complexity", strategy.complexity)
    if isinstance(strategy, CheapestGoodEnough):
        return Place(rule, index, "min_quality", strategy.min_quality)
    raise ValueError(
        f"rule {rule} orders by {strategy.kind}, which has no threshold to calibrate;"
        f" {' and '.join(KEYS)} have"
    )


def with_threshold(policy: Policy, place: Place, value: float) -> Policy:
    """The policy with another threshold there."""
    route = route_of(policy, place)
    strategy = route.strategy.model_copy(update={place.key: value})
    moved = route.model_copy(update={"strategy": strategy})
    kept = {name: getattr(policy, name) for name in type(policy).model_fields}
    if place.index is None:
        return Policy.model_validate({**kept, "default": moved})
    rules = list(policy.rules)
    rules[place.index] = moved  # type: ignore[call-overload]  # a rule's copy is a rule
    return Policy.model_validate({**kept, "rules": tuple(rules)})


def route_of(policy: Policy, place: Place) -> Route:
    """The route that a threshold stands in."""
    return policy.default if place.index is None else policy.rules[place.index]


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt as the gateway would have it: its facts and its signals."""

    request: RoutedRequest
    signals: Signals


@dataclass(frozen=True, slots=True)
class Routes:
    """Where n prompts go at T thresholds, over the m models of the catalog.

    `shares` [T, n, m] is the probability that a model is tried first (exploration included; all 0
    where none can serve), `expected_usd` [n, m] what the router expects it to cost (NaN: no
    price), `ours` [n] whether the rule of the threshold decides the prompt.
    """

    models: tuple[str, ...]
    thresholds: tuple[float, ...]
    shares: Floats
    expected_usd: Floats
    ours: np.ndarray[tuple[int], np.dtype[np.bool_]]


def routes(
    asked: Sequence[Asked],
    policy: Policy,
    catalog: Catalog,
    place: Place,
    thresholds: tuple[float, ...],
) -> Routes:
    """Where every prompt goes at every threshold."""
    models = tuple(catalog.models)
    column = {model: number for number, model in enumerate(models)}
    shares = np.zeros((len(thresholds), len(asked), len(models)))
    costs = np.full((len(asked), len(models)), np.nan)
    ours = np.zeros(len(asked), dtype=bool)
    moved = [route_of(with_threshold(policy, place, value), place) for value in thresholds]
    plan = Plan(policy, catalog)
    for row, one in enumerate(asked):
        decision = decide_by(plan, one.request, one.signals, _NOTHING_MEASURED, _NOT_EXPLORED)
        for candidate in decision.candidates:
            if candidate.cost_usd is not None:
                costs[row, column[candidate.model]] = candidate.cost_usd
        ours[row] = decision.rule == place.rule
        if not ours[row]:
            # Another rule decides, whatever the threshold of this one.
            for model, share in decision.propensities.items():
                shares[:, row, column[model]] = share
            continue
        for at, wanted in enumerate(along(moved, decision.candidates, one.signals, policy.explore)):
            for model, share in wanted.items():
                shares[at, row, column[model]] = share
    return Routes(models, thresholds, shares, costs, ours)


def along(
    moved: Sequence[Route], candidates: Sequence[Candidate], signals: Signals, explore: float
) -> list[Mapping[str, float]]:
    """The `preferences` of a request on each of these routes, which differ in a threshold that
    rises or falls along them.

    The models that a threshold lets through become fewer as it is tightened and never more, so
    where both ends of a stretch prefer alike, all between them do: asked is only where they differ.
    """
    found: list[Mapping[str, float] | None] = [None] * len(moved)

    def at(place: int) -> Mapping[str, float]:
        known = found[place]
        if known is None:
            known = found[place] = preferences(moved[place], candidates, signals, explore)
        return known

    stretches = [(0, len(moved) - 1)]
    while stretches:
        low, high = stretches.pop()
        if at(low) == at(high):
            found[low : high + 1] = [at(low)] * (high + 1 - low)
        elif high - low > 1:
            middle = (low + high) // 2
            stretches += [(low, middle), (middle, high)]
    return [at(place) for place in range(len(moved))]


def of_rows(found: Routes, kept: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Routes:
    """The routes of the chosen prompts (indices)."""
    return replace(
        found,
        shares=found.shares[:, kept],
        expected_usd=found.expected_usd[kept],
        ours=found.ours[kept],
    )
