"""Plan: a policy on its catalog, with all worked out that no request changes.

Made once, when a policy is loaded. Rule: it keeps nothing of any request, so it decides the first
as it decides the thousandth. What belongs to one route is worked out when that is first taken, for
a plan is also made for a single decision.
"""

from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from router.core.catalog import Catalog
from router.core.conditions import Check, check_of
from router.core.decision import Rejection
from router.core.gate import Gate, selected
from router.core.limits import Limits
from router.core.policy import Policy, Route, Rule
from router.core.request import RoutedRequest
from router.core.signals import Signals

DEFAULT_RULE = "default"

_LOCAL = Limits(local_only=True)
_DEFAULT = -1
"""Place of the default among the routes, which `Policy.confidences` has last."""

_Checks = tuple[tuple[int, Check, Rule], ...]
Gates = tuple[Gate | Rejection, ...]


class PlannedRoute(Struct, frozen=True):
    """A route; `kind` is its strategy's. `limits` are the policy's and its own together, None where
    they bind nothing. `confidences` are the names of those that it rests on. `gates` has for each
    model of the catalog that can be chosen, in order, its gate, or why the route does not choose
    it.
    """

    rule: str
    route: Route
    kind: str
    limits: Limits | None
    confidences: tuple[str, ...]
    gates: Gates


class Match(Struct, frozen=True):
    """The route in force for a request. `unknown` are the rules that could not be ruled out before
    it. `limits` are all that bind the request, those rules' and its own too; None: it is free."""

    route: PlannedRoute
    limits: Limits | None
    unknown: tuple[str, ...]


class Plan:
    """For one policy and one catalog. `gates` has the gate of every model, in order."""

    def __init__(self, policy: Policy, catalog: Catalog) -> None:
        self.policy = policy
        self.catalog = catalog
        self.gates = {name: Gate(name, catalog) for name in catalog.models}
        self._rules: _Checks = tuple(
            (at, check_of(rule.when), rule) for at, rule in enumerate(policy.rules)
        )
        self._routes: dict[int, PlannedRoute] = {}
        self._for_model: dict[tuple[str, bool], Gates] = {}

    def match(self, request: RoutedRequest, signals: Signals) -> Match:
        """The first rule that holds, of those that bind the request, else the default."""
        unknown: tuple[str, ...] = ()
        keep_local = False
        place = _DEFAULT
        for at, check, rule in self._rules if request.is_routed else self._binding:
            verdict = check(signals)
            if verdict:
                place = at
                break
            if verdict is None:
                unknown += (rule.name,)
                # What still binds where a rule could not be ruled out: data that may be private.
                keep_local = keep_local or rule.keeps_local
        route = self._routes.get(place) or self._planned(place)
        limits = _together(route.limits, request.limits)
        if keep_local:
            limits = _together(limits, _LOCAL)
        return Match(route, limits, unknown)

    def with_model(self, route: PlannedRoute, model: str) -> Gates:
        """The gates of a route, with that of a model whether the route chooses it or not."""
        return tuple(
            self.gates[gate.model] if isinstance(gate, Rejection) and gate.model == model else gate
            for gate in route.gates
        )

    def keeping(self, gates: Gates, model: str) -> Gates:
        """Some of `gates`: those of the models of one model's upstream, which keeps its state."""
        card = self.catalog.models.get(model)
        upstream = None if card is None else card.upstream
        told = f"what the request goes on with is kept by the upstream {upstream}"
        return tuple(
            gate
            if isinstance(gate, Rejection) or self.catalog.models[gate.name].upstream == upstream
            else Rejection(gate.name, "lacks_state", told)
            for gate in gates
        )

    def gates_for(self, request: RoutedRequest) -> Gates:
        """For a request that names its model: that one's gate, and why it is none of the others
        that can be chosen.

        Of what is asked for by name alone, such as embeddings, every card of that model has its
        gate, whichever upstream serves it.
        """
        name, by_name = request.model, request.is_by_name
        known = self._for_model.get((name, by_name))
        if known is not None:
            return known
        names = self._twins_of(name) if by_name else {name}
        others = self._others
        gates = tuple(
            gate if it in names else others[it]
            for it, gate in self.gates.items()
            if it in names or it in others
        )
        if name in self.gates:
            self._for_model[name, by_name] = gates
        return gates

    @cached_property
    def _choosable(self) -> Mapping[str, Gate]:
        """Gates but of what is asked for by name alone: it is no more of a choice than of a row."""
        return {name: self.gates[name] for name in self.catalog.conversing}

    @cached_property
    def _others(self) -> Mapping[str, Rejection]:
        """Why each is no choice of a request that names another."""
        told = "the request names another model"
        return {name: Rejection(name, "not_a_candidate", told) for name in self._choosable}

    @cached_property
    def _binding(self) -> _Checks:
        """The rules that bind a request for a named model."""
        return self._rules[: len(self.policy.binding.rules)]

    def _planned(self, place: int) -> PlannedRoute:
        policy = self.policy
        route = policy.default if place == _DEFAULT else policy.rules[place]
        rule = route.name if isinstance(route, Rule) else DEFAULT_RULE
        # Candidates choose for those who left us the choice; what must not leave binds everybody.
        own = route.limits.tightened(_LOCAL) if route.keeps_local else route.limits
        limits = _together(_together(None, policy.limits), own)
        confidences = tuple(sorted(policy.confidences[place]))
        kind, gates = route.strategy.kind, self._gates(rule, route)
        made = PlannedRoute(rule, route, kind, limits, confidences, gates)
        self._routes[place] = made
        return made

    def _gates(self, rule: str, route: Route) -> Gates:
        told = f"not a candidate of rule {rule}"
        return tuple(
            gate
            if selected(name, self.catalog.models[name], route.candidates)
            else Rejection(name, "not_a_candidate", told)
            for name, gate in self._choosable.items()
        )

    def _twins_of(self, name: str) -> set[str]:
        """Every card of the very model that one name stands for.

        Vectors and scores of another model would not fit those that the caller has.
        """
        if name not in self.gates:
            return set()
        served = self.catalog.served_name(name)
        return {it for it in self.gates if self.catalog.served_name(it) == served}


def _together(limits: Limits | None, more: Limits) -> Limits | None:
    """Both at once, None where they bind nothing."""
    if more.is_free:
        return limits
    return more if limits is None else limits.tightened(more)
