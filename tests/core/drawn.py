"""What Hypothesis may draw: whole worlds that `decide` has to cope with.

Rule: strategies are made once, here. One made for each example takes longer than all it tests.
"""

from dataclasses import dataclass, replace
from typing import Any, get_args

from hypothesis import strategies as st

from router.core.catalog import Catalog, ModelCard, SimulatedSpec, Specialities
from router.core.circuit import CLOSED, Circuit
from router.core.decide import decide
from router.core.decision import Decision
from router.core.limits import Limits, PolicyLimits
from router.core.policy import Comparison, Condition, Policy, Route, Rule, Selector
from router.core.request import RoutedRequest, Turn
from router.core.session import Held, Sessions, Stick
from router.core.signals import DOMAINS, QUALITY, TASKS, Signals, SignalValue
from router.core.stats import ModelStats, StatsSnapshot
from router.core.strategies import STRATEGIES

SHARES = st.floats(0, 1)
DOLLARS = st.floats(0, 1000)
ALL = ("tools", "vision", "json_schema", "audio", "files")
NOW = 1000.0

MODELS = ("small", "qwen3:4b", "a: b, c", "\u6a21\u578b", "<b>&\"'", "default")
"""Names of models, hostile on purpose: they come from other people's servers."""

_ONE_IN_FIVE = st.integers(0, 4)

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
        **{f"{QUALITY}{model}": SHARES for model in MODELS[:3]},
    },
)

OPTIONS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "cheapest_good_enough": st.fixed_dictionaries(
        {"min_quality": SHARES}, optional={"within": SHARES}
    ),
    "threshold": st.fixed_dictionaries({"complexity": SHARES}),
    "fastest": st.fixed_dictionaries({"min_quality": SHARES}),
    "best_quality": st.just({}),
    "weighted": st.fixed_dictionaries(
        {"quality": st.floats(0.01, 9), "cost": st.floats(0, 9), "latency": st.floats(0, 9)}
    ),
}
"""For every strategy: the options it may be given, `kind` aside."""


@st.composite
def seldom(draw: st.DrawFn, rare: st.SearchStrategy[Any], usual: Any) -> Any:
    """Mostly `usual`, so that worlds remain in which several models can serve."""
    return draw(rare) if draw(_ONE_IN_FIVE) == 4 else usual


def strategy_of(kind: str) -> st.SearchStrategy[Any]:
    """A strategy of one kind, with any options."""
    return OPTIONS[kind].map(
        lambda options: STRATEGIES[kind].model_validate({"kind": kind, **options})
    )


RANKINGS = st.one_of([strategy_of(kind) for kind in sorted(STRATEGIES)])


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
    *(
        st.builds(
            lambda operator, values, name=name: _comparison(
                signal=name, **{operator: tuple(values)}
            ),
            st.sampled_from(("in", "not_in")),
            st.lists(st.sampled_from(values), min_size=1, max_size=3),
        )
        for name, values in TEXTS.items()
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


LIMITS: st.SearchStrategy[Limits] = seldom(
    st.builds(
        Limits,
        allowed_models=st.none() | st.lists(st.sampled_from(MODELS), unique=True).map(tuple),
        local_only=st.booleans(),
        max_cost_usd=st.none() | st.floats(1e-6, 1),
        min_quality=st.none() | SHARES,
        max_latency=st.none() | st.integers(1, 30).map("{}s".format),
    ),
    Limits(),
)
"""Limits of any kind; most are free."""

PRICES = st.none() | st.one_of(
    st.fixed_dictionaries({"usd_per_hour": st.floats(0.01, 50)}),
    st.fixed_dictionaries(
        {"input_usd_per_mtok": DOLLARS, "output_usd_per_mtok": DOLLARS},
        optional={"cached_input_usd_per_mtok": DOLLARS},
    ),
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


def catalog_of(cards: dict[str, ModelCard]) -> Catalog:
    """A catalog of these cards, served by one simulated upstream."""
    return Catalog(upstreams={"here": SimulatedSpec(kind="simulated")}, models=cards)


_SOME = seldom(st.just(1), 0)
TURNS = st.builds(
    Turn,
    st.sampled_from(("system", "user", "assistant", "tool")),
    st.text(max_size=40),
    images=_SOME,
    audio=_SOME,
    files=_SOME,
)
REQUESTS = st.builds(
    RoutedRequest,
    model=seldom(st.sampled_from(("auto:test", *MODELS)), "auto"),
    turns=st.lists(TURNS, max_size=3).map(tuple),
    tools=_SOME,
    json_schema=seldom(st.just(True), False),
    max_output_tokens=seldom(st.integers(1, 20_000), None),
    answers=st.integers(1, 3),
    limits=LIMITS,
)

_SELECTORS = st.builds(
    Selector,
    location=st.none() | st.sampled_from(("local", "cloud")),
    specialises_in_domain=st.none() | st.sampled_from(DOMAINS[:3]),
)
_NAMED = st.lists(st.sampled_from(MODELS), min_size=1).map(tuple)
_ROUTE = {
    "candidates": seldom(_NAMED | _SELECTORS, "all"),
    "strategy": RANKINGS,
    "limits": LIMITS,
    "prefer_specialists": st.booleans(),
}
ROUTES = st.builds(Route, **_ROUTE)
_RULES = st.builds(Rule, name=st.just("unnamed"), when=conditions_of(COMPARISONS), **_ROUTE)


def _numbered(rules: list[Rule]) -> tuple[Rule, ...]:
    return tuple(
        rule.model_copy(update={"name": f"rule-{index}"}) for index, rule in enumerate(rules)
    )


POLICIES = st.builds(
    Policy,
    name=st.just("test"),
    explore=st.just(0.0) | SHARES,
    limits=LIMITS.map(lambda limits: PolicyLimits.model_construct(**dict(limits))),
    rules=st.lists(_RULES, max_size=3).map(_numbered),
    default=ROUTES,
)

HELD = st.builds(
    Held,
    model=st.sampled_from(MODELS),
    tokens=st.integers(0, 5000),
    idle_s=st.sampled_from((0.0, 299.0, 301.0)),
)
SESSIONS = st.builds(
    Sessions,
    stick=st.sampled_from(get_args(Stick)),
    min_cached_tokens=st.sampled_from((0, 1024)),
)

STATS = st.builds(
    ModelStats,
    first_byte_s=st.none() | st.floats(0, 10),
    tokens_per_second=st.none() | st.floats(1, 500),
    output_tokens=st.none() | st.floats(0, 4000),
    circuit=seldom(
        st.builds(Circuit, st.just(5), st.sampled_from((NOW - 1, NOW, NOW + 5))), CLOSED
    ),
    seen_at=st.none() | st.floats(0, NOW),
)


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


def worlds(min_models: int = 0) -> st.SearchStrategy[World]:
    """Any world."""
    return st.builds(
        World,
        request=REQUESTS,
        signals=SIGNALS,
        policy=POLICIES,
        catalog=st.dictionaries(
            st.sampled_from(MODELS), CARDS, min_size=min_models, max_size=4
        ).map(catalog_of),
        stats=st.dictionaries(st.sampled_from(MODELS), STATS, max_size=3).map(
            lambda models: StatsSnapshot(NOW, models)
        ),
        draw=st.floats(0, 1, exclude_max=True),
    )
