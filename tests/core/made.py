"""Values of the core, made in one line each for table tests."""

import json
from typing import Any, TypeVar

from pydantic import BaseModel

from router.core.catalog import Catalog, ModelCard
from router.core.decision import Candidate
from router.core.policy import Comparison, Condition, Policy, Rule
from router.core.request import RoutedRequest, Turn
from router.core.stats import ModelStats, StatsSnapshot

Model = TypeVar("Model", bound=BaseModel)

NO_STATS = StatsSnapshot(0.0, {})
UNSEEN = ModelStats()
BEST = {"kind": "best_quality"}
"""The strategy with the fewest options."""


def read(model: type[Model], data: Any) -> Model:
    """A value read as from a policy file."""
    return model.model_validate_json(json.dumps(data))


def card(**fields: Any) -> ModelCard:
    """A local model card that names no price and no capability."""
    return read(ModelCard, {"upstream": "here", "location": "local", "quality": 0.8, **fields})


def per_token(usd_per_mtok: float) -> dict[str, float]:
    """A price in US dollars per million tokens, the same for input and output."""
    return {"input_usd_per_mtok": usd_per_mtok, "output_usd_per_mtok": usd_per_mtok}


def catalog(**models: ModelCard) -> Catalog:
    """A catalog of the given cards, served by one simulated upstream."""
    upstreams = read(Catalog, {"upstreams": {"here": {"kind": "simulated"}}, "models": {}})
    return Catalog(upstreams=upstreams.upstreams, models=models)


def rule(name: str, when: Any, **fields: Any) -> Rule:
    """A rule that orders by quality unless told otherwise."""
    return read(Rule, {"name": name, "when": when, "strategy": BEST, **fields})


def policy(*rules: Rule, **fields: Any) -> Policy:
    """A policy with the given rules, whose default orders by quality unless told otherwise."""
    data = {"name": "test", "default": {"strategy": BEST}, **fields}
    return Policy(**{**read(Policy, data).__dict__, "rules": rules})


def when(data: Any) -> Condition | Comparison:
    """A condition as a rule reads it."""
    return rule("any", data).when


def asking(text: str = "Hello", model: str = "auto", **fields: Any) -> RoutedRequest:
    """A request of one user turn."""
    return RoutedRequest(model=model, turns=(Turn("user", text),), **fields)


def candidate(
    model: str, quality: float, cost: float | None = 0.0, latency: float = 1.0
) -> Candidate:
    """A local candidate."""
    return Candidate(model, "local", quality, cost, latency)
