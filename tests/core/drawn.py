"""What Hypothesis may draw: whole worlds that `decide` has to cope with.

Names of models are hostile on purpose: they come from other people's servers.
"""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from router.core.catalog import Catalog, ModelCard, SimulatedSpec, Specialities
from router.core.decide import decide
from router.core.decision import Decision
from router.core.limits import Limits
from router.core.policy import Comparison, Condition, Policy, Route, Rule, Selector
from router.core.request import RoutedRequest, Turn
from router.core.signals import DOMAINS, TASKS, Signals, SignalValue
from router.core.stats import ModelStats, StatsSnapshot
from router.core.strategies import STRATEGIES

SHARES = st.floats(0, 1)
DOLLARS = st.floats(0, 1000)
ALL = ("tools", "vision", "json_schema", "audio", "files")
NOW = 1000.0

NUMBERS = ("difficulty", "complexity", "complexity_confidence", "domain_confidence", "input_tokens")
FLAGS = ("code", "private_data", "tools")
TEXTS: dict[str, tuple[str, ...]] = {"domain": DOMAINS[:3], "task": TASKS[:3]}

_NUMBER_VALUES: dict[str, st.SearchStrategy[SignalValue]] = {
    "difficulty": st.floats(-8, 8),
    "complexity": SHARES,
    "complexity_confidence": SHARES,
    "domain_confidence": SHARES,
    "input_tokens": st.floats(0, 1e6),
}

SIGNALS: st.SearchStrategy[Signals] = st.fixed_dictionaries(
    {},
    optional={
        **_NUMBER_VALUES,
        **{name: st.booleans() for name in FLAGS},
        **{name: st.sampled_from(values) for name, values in TEXTS.items()},
    },
)

OPTIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "cheapest_good_enough": st.fixed_dictionaries({"min_quality": SHARES}),
    "threshold": st.fixed_dictionaries({"complexity": SHARES}),
    "fastest": st.fixed_dictionaries({"min_quality": SHARES}),
    "best_quality": st.just({}),
    "weighted": st.fixed_dictionaries(
        {"quality": st.floats(0.01, 9), "cost": st.floats(0, 9), "latency": st.floats(0, 9)}
    ),
}
"""For every strategy: the options it may be given, `kind` aside."""


def seldom(rare: st.SearchStrategy[Any], usual: Any) -> st.SearchStrategy[Any]:
    """Mostly `usual`, so that worlds remain in which several models can serve."""
    return st.integers(0, 4).flatmap(lambda n: rare if n == 4 else st.just(usual))


def strategy_of(kind: str) -> st.SearchStrategy[Any]:
    """A strategy of one kind, with any options."""
    return OPTIONS[kind].map(
        lambda options: STRATEGIES[kind].model_validate({"kind": kind, **options})
    )


RANKINGS = st.sampled_from(sorted(STRATEGIES)).flatmap(strategy_of)


def _comparison(**fields: Any) -> Comparison:
    return Comparison.model_validate(fields)


COMPARISONS: st.SearchStrategy[Comparison] = st.one_of(
    st.builds(
        lambda name, operator, bound: _comparison(signal=name, **{operator: bound}),
        st.sampled_from(NUMBERS),
        st.sampled_from(("at_least", "above", "at_most", "below")),
        SHARES,
    ),
    st.builds(
        lambda name, operator, flag: _comparison(signal=name, **{operator: flag}),
        st.sampled_from(FLAGS),
        st.sampled_from(("is", "is_not")),
        st.booleans(),
    ),
    st.sampled_from(sorted(TEXTS)).flatmap(
        lambda name: st.builds(
            lambda operator, values: _comparison(signal=name, **{operator: tuple(values)}),
            st.sampled_from(("in", "not_in")),
            st.lists(st.sampled_from(TEXTS[name]), min_size=1, max_size=3),
        )
    ),
)


def conditions_of(
    leaves: st.SearchStrategy[Comparison],
) -> st.SearchStrategy[Condition | Comparison]:
    """Conditions of any depth over the given comparisons."""
    return st.recursive(leaves, _joined, max_leaves=6)


def _joined(
    parts: st.SearchStrategy[Condition | Comparison],
) -> st.SearchStrategy[Condition | Comparison]:
    group = st.lists(parts, min_size=1, max_size=3).map(tuple)
    return st.dictionaries(st.sampled_from(("all", "any", "none")), group, min_size=1).map(
        Condition.model_validate
    )


def limits_for(models: list[str]) -> st.SearchStrategy[Limits]:
    """Limits of any kind; most are free."""
    names = st.lists(st.sampled_from(models), unique=True).map(tuple) if models else st.just(())
    drawn = st.builds(
        Limits,
        allowed_models=st.none() | names,
        local_only=st.booleans(),
        max_cost_usd=st.none() | st.floats(1e-6, 1),
        min_quality=st.none() | SHARES,
        max_latency=st.none() | st.integers(1, 30).map("{}s".format),
    )
    return seldom(drawn, Limits())


PRICES = st.none() | st.one_of(
    st.fixed_dictionaries({"usd_per_hour": st.floats(0.01, 50)}),
    st.fixed_dictionaries({"input_usd_per_mtok": DOLLARS, "output_usd_per_mtok": DOLLARS}),
)

CARDS: st.SearchStrategy[ModelCard] = st.builds(
    lambda **fields: ModelCard.model_validate({"upstream": "here", **fields}),
    location=st.sampled_from(("local", "cloud")),
    quality=st.fixed_dictionaries(
        {"overall": SHARES, "domains": st.dictionaries(st.sampled_from(DOMAINS[:3]), SHARES)}
    ),
    specialises_in=st.builds(
        Specialities, domains=st.lists(st.sampled_from(DOMAINS[:3]), unique=True).map(tuple)
    ),
    context_window=seldom(st.none() | st.integers(1, 20_000), 30_000),
    max_output_tokens=seldom(st.integers(1, 20_000), None),
    capabilities=seldom(st.none() | st.lists(st.sampled_from(ALL), unique=True).map(tuple), ALL),
    price=PRICES,
)

MODEL_NAMES = st.text(min_size=1, max_size=12).filter(
    lambda name: name != "auto" and not name.startswith("auto:")
)


def catalog_of(cards: dict[str, ModelCard]) -> Catalog:
    """A catalog of these cards, served by one simulated upstream."""
    return Catalog(upstreams={"here": SimulatedSpec(kind="simulated")}, models=cards)


def requests_for(models: list[str]) -> st.SearchStrategy[RoutedRequest]:
    """Requests that ask for "auto", for a policy, or for one of the models by name."""
    some = seldom(st.just(1), 0)
    roles = st.sampled_from(("system", "user", "assistant", "tool"))
    turn = st.builds(Turn, roles, st.text(max_size=40), images=some, audio=some, files=some)
    return st.builds(
        RoutedRequest,
        model=seldom(st.sampled_from(("auto:test", *models)), "auto"),
        turns=st.lists(turn, max_size=4).map(tuple),
        tools=st.integers(0, 2),
        json_schema=st.booleans(),
        max_output_tokens=seldom(st.integers(1, 20_000), None),
        answers=st.integers(1, 3),
        limits=limits_for(models),
    )


def routes_for(models: list[str]) -> st.SearchStrategy[Route]:
    """Routes to any of the models."""
    selector = st.builds(
        Selector,
        location=st.none() | st.sampled_from(("local", "cloud")),
        specialises_in_domain=st.none() | st.sampled_from(DOMAINS[:3]),
    )
    names = st.lists(st.sampled_from(models), min_size=1).map(tuple) if models else st.just("all")
    return st.builds(
        Route,
        candidates=seldom(names | selector, "all"),
        strategy=RANKINGS,
        limits=limits_for(models),
        prefer_specialists=st.booleans(),
    )


@st.composite
def policies_for(draw: st.DrawFn, models: list[str]) -> Policy:
    """Policies of up to three rules over any of the models."""
    whens = draw(st.lists(conditions_of(COMPARISONS), max_size=3))
    routes = [draw(routes_for(models)) for _ in range(len(whens) + 1)]
    rules = tuple(
        Rule(name=f"rule-{index}", when=when, **_fields(route))
        for index, (when, route) in enumerate(zip(whens, routes, strict=False))
    )
    return Policy(
        name="test",
        explore=draw(st.just(0.0) | SHARES),
        limits=draw(limits_for(models)),
        rules=rules,
        default=routes[-1],
    )


def _fields(route: Route) -> dict[str, Any]:
    return {name: getattr(route, name) for name in Route.model_fields}


@dataclass(frozen=True)
class World:
    """All that `decide` is given."""

    request: RoutedRequest
    signals: Signals
    policy: Policy
    catalog: Catalog
    stats: StatsSnapshot
    draw: float

    def decide(self) -> Decision:
        """The decision in this world."""
        return decide(self.request, self.signals, self.policy, self.catalog, self.stats, self.draw)

    def but(self, **changed: Any) -> "World":
        """This world with some of its parts replaced."""
        return replace(self, **changed)


@st.composite
def worlds(draw: st.DrawFn, min_models: int = 0) -> World:
    """Any world."""
    cards = draw(st.dictionaries(MODEL_NAMES, CARDS, min_size=min_models, max_size=4))
    models = list(cards)
    seen = st.builds(
        ModelStats,
        first_byte_s=st.none() | st.floats(0, 10),
        tokens_per_second=st.none() | st.floats(1, 500),
        output_tokens=st.none() | st.floats(0, 4000),
        cooldown_until=seldom(st.sampled_from((NOW - 1, NOW, NOW + 5)), 0.0),
    )
    return World(
        request=draw(requests_for(models)),
        signals=draw(SIGNALS),
        policy=draw(policies_for(models)),
        catalog=catalog_of(cards),
        stats=StatsSnapshot(NOW, {model: draw(seen) for model in models}),
        draw=draw(st.floats(0, 1, exclude_max=True)),
    )
