"""Policy, Rule, Condition, Comparison: frozen values that are both the YAML schema and what
`decide` reads. Structured conditions, no expression strings: errors point at a line, editors
complete from `schema.json`, and there is nothing to parse.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self, final, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_serializer,
    model_validator,
)

from router.core.catalog import Location
from router.core.certificate import Certificate
from router.core.judging import Judging
from router.core.limits import Limits, PolicyLimits, Share
from router.core.session import Sessions
from router.core.signals import SignalValue
from router.core.strategies import Strategy
from router.core.tags import METADATA_KEY, MOST_TAGS

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=64)]
MetadataKey = Annotated[str, Field(pattern=METADATA_KEY)]
Number = float
Operator = Literal["is", "is_not", "in", "not_in", "at_least", "above", "at_most", "below"]
_FIELDS: Mapping[Operator, str] = {
    name: f"{name}_" if name in ("is", "in") else name for name in get_args(Operator)
}


class _FromFile(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, allow_inf_nan=False
    )


@final
class Comparison(_FromFile):
    """One signal against one constant, by exactly one operator."""

    signal: str
    is_: SignalValue | None = Field(None, alias="is")
    is_not: SignalValue | None = None
    in_: tuple[SignalValue, ...] | None = Field(None, alias="in", min_length=1)
    not_in: tuple[SignalValue, ...] | None = Field(None, min_length=1)
    at_least: Number | None = None
    above: Number | None = None
    at_most: Number | None = None
    below: Number | None = None

    @model_validator(mode="after")
    def _one_operator(self) -> Self:
        if len(self._given) != 1:
            raise ValueError(
                "expected exactly one of is, is_not, in, not_in, at_least, above, at_most, below"
            )
        return self

    @model_serializer
    def _as_given(self) -> dict[str, Any]:
        # Not by pydantic's own way: within a union it guesses at types as soon as the instance
        # has cached its `operation`, and then true is written as 1.0.
        return {"signal": self.signal, self.operator: self.operand}

    @cached_property
    def operation(self) -> tuple[Operator, Any]:
        """The operator in use, and the constant compared with."""
        return self._given[0]

    @property
    def operator(self) -> Operator:
        """The operator in use."""
        return self.operation[0]

    @property
    def operand(self) -> Any:
        """The constant compared with."""
        return self.operation[1]

    @property
    def _given(self) -> list[tuple[Operator, Any]]:
        named = ((name, getattr(self, field)) for name, field in _FIELDS.items())
        return [(name, value) for name, value in named if value is not None]


@final
class Condition(_FromFile):
    """All, any or none of its parts; several of the three together must hold together."""

    all_: tuple["When", ...] | None = Field(None, alias="all", min_length=1)
    any_: tuple["When", ...] | None = Field(None, alias="any", min_length=1)
    none_: tuple["When", ...] | None = Field(None, alias="none", min_length=1)

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.all_ is None and self.any_ is None and self.none_ is None:
            raise ValueError("expected all, any or none with a list of comparisons")
        return self

    @property
    def parts(self) -> Iterator["Condition | Comparison"]:
        """Every part, whichever list it stands in."""
        for group in (self.all_, self.any_, self.none_):
            yield from group or ()


def _form(value: object) -> str:
    has_signal = "signal" in value if isinstance(value, Mapping) else hasattr(value, "signal")
    return "comparison" if has_signal else "condition"


When = Annotated[
    Annotated[Comparison, Tag("comparison")] | Annotated[Condition, Tag("condition")],
    Discriminator(_form),
]
Condition.model_rebuild()


@final
class Selector(_FromFile):
    """Candidates by what they are, so that a policy works with any catalog."""

    location: Location | None = None
    specialises_in_domain: str | None = None
    specialises_in_task: str | None = None
    without: tuple[str, ...] = ()


def _candidates_form(value: object) -> str:
    if isinstance(value, str):
        return "all"
    return "names" if isinstance(value, list | tuple) else "selector"


Candidates = Annotated[
    Annotated[Literal["all"], Tag("all")]
    | Annotated[tuple[str, ...], Tag("names"), Field(min_length=1)]
    | Annotated[Selector, Tag("selector")],
    Discriminator(_candidates_form),
]


class Route(_FromFile):
    """Where requests go: which candidates, in which order, within which limits."""

    candidates: Candidates = "all"
    strategy: Strategy
    limits: Limits = Limits()
    prefer_specialists: bool = False

    @property
    def keeps_local(self) -> bool:
        """Whether nothing that goes this way may leave: by its limits, or by `location: local`."""
        chosen = self.candidates
        return self.limits.local_only or (type(chosen) is Selector and chosen.location == "local")


class Rule(Route):
    """A route for the requests that `when` holds for."""

    name: Name
    when: When


class Policy(_FromFile):
    """The whole policy: the first rule that holds, else the default.

    `baseline` is the model that savings are counted against. `explore` is the share of routed
    requests that go to a good-enough candidate drawn at random, so that others are measured too.
    `control` is the share that is sent to the baseline whatever the rules say, where it may and can
    serve, so that the saving is measured and not only priced; with `explore` at most 1.
    `sessions` says how much a conversation sticks to its model. `signals` holds the options of
    signal kinds; each kind checks its own. `certificate` says what a threshold was calibrated to;
    it changes no decision. `tags_from` names keys of a request's metadata that tag it, as
    `key=value`: none by itself, for metadata often says who somebody is. `judging` says which
    answers are judged, and changes no decision either.
    """

    name: Name
    description: str = ""
    baseline: str | None = None
    explore: Share = 0.0
    control: Share = 0.0
    limits: PolicyLimits = PolicyLimits()
    sessions: Sessions = Sessions()
    signals: Mapping[str, Any] = {}
    rules: tuple[Rule, ...] = ()
    default: Route
    certificate: Certificate | None = None
    tags_from: tuple[MetadataKey, ...] = Field((), max_length=MOST_TAGS)
    judging: Judging | None = None

    @model_validator(mode="after")
    def _one_draw(self) -> Self:
        if self.explore + self.control > 1:
            raise ValueError("expected explore and control to be at most 1 together")
        return self

    @property
    def routes(self) -> Iterator[Route]:
        """Every route, the default last."""
        yield from self.rules
        yield self.default

    @cached_property
    def confidences(self) -> tuple[frozenset[str], ...]:
        """For each route, the names of the confidences that a decision by it rests on.

        They belong to the signals that its strategy reads, and to those of its own condition and
        of every one before it. Made once: put other rules into a new policy, not into a copy.
        """
        read: set[str] = set()
        found = []
        for rule in self.rules:
            read.update(comparison.signal for comparison in comparisons(rule.when))
            found.append(read.union(rule.strategy.reads))
        found.append(read.union(self.default.strategy.reads))
        return tuple(frozenset(f"{name}_confidence" for name in names) for names in found)

    @cached_property
    def binding(self) -> Self:
        """The policy as far as it binds a request that names its model, which nobody orders.

        These are the rules up to the last whose limits are not the default's; where none of them
        holds the default's apply, as they would by any rule behind them.
        """
        free = _bounds(self.default)
        others = [at for at, rule in enumerate(self.rules, 1) if _bounds(rule) != free]
        return self.model_copy(update={"rules": self.rules[: others[-1] if others else 0]})


def _bounds(route: Route) -> tuple[Limits, bool]:
    return route.limits, route.keeps_local


def comparisons(when: Condition | Comparison) -> Iterator[Comparison]:
    """Every comparison of a condition, in file order."""
    if isinstance(when, Comparison):
        yield when
    else:
        for part in when.parts:
            yield from comparisons(part)


def signals_read(policy: Policy) -> frozenset[str]:
    """The names of the signals that the policy's rules and strategies read."""
    named = {c.signal for rule in policy.rules for c in comparisons(rule.when)}
    return frozenset(named.union(*(route.strategy.reads for route in policy.routes)))


def signals_binding(policy: Policy) -> frozenset[str]:
    """The names of the signals that limits may depend on; those that only order are not among
    them."""
    read = {c.signal for rule in policy.binding.rules for c in comparisons(rule.when)}
    limits = (policy.limits, *(route.limits for route in policy.routes))
    if any(limit.min_quality is not None for limit in limits):
        return signals_read(policy)
    return frozenset(read)
