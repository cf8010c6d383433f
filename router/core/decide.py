"""decide: from the facts of one request to the models that may answer it, best first.

Pure: the same arguments always give the same decision. Time and chance are arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from router.core.catalog import Catalog
from router.core.conditions import holds
from router.core.decision import Candidate, Decision, Rejection
from router.core.gate import selected, weigh
from router.core.limits import Limits
from router.core.policy import Policy, Route, Rule, comparisons
from router.core.request import RoutedRequest
from router.core.signals import Signals
from router.core.stats import StatsSnapshot
from router.core.strategies import Ranking

DEFAULT_RULE = "default"
NAMED = "named"
"""Strategy of a request that named its model."""


@dataclass(frozen=True, slots=True)
class _Match:
    """The route in force, with the limits of every rule that could not be ruled out before it."""

    rule: str
    route: Route
    limits: Limits
    unknown: tuple[str, ...]
    read: frozenset[str]


def decide(
    request: RoutedRequest,
    signals: Signals,
    policy: Policy,
    catalog: Catalog,
    stats: StatsSnapshot,
    draw: float,
) -> Decision:
    """The decision for one request; its `candidates` are empty if no model may and can serve.

    `draw` is uniform in [0, 1) and settles exploration. A request that names a model is not
    routed, but every limit of the policy still binds it: that model is its only candidate.
    Raises KeyError if the request names a model that the catalog lacks (the shell has checked).
    """
    match = _match(policy, signals)
    limits = policy.limits.tightened(match.limits).tightened(request.limits)
    candidates: list[Candidate] = []
    rejected: list[Rejection] = []
    for name, card in catalog.models.items():
        if request.is_routed and not selected(name, card, match.route.candidates):
            rejected.append(Rejection(name, "not_a_candidate", f"not named by rule {match.rule}"))
        elif not request.is_routed and name != request.model:
            rejected.append(Rejection(name, "not_a_candidate", "the request names another model"))
        else:
            weighed = weigh(name, request, signals, catalog, stats, limits)
            (candidates if isinstance(weighed, Candidate) else rejected).append(weighed)  # type: ignore[arg-type]
    ranking = _ranked(request, candidates, match, signals)
    decision = Decision(
        policy=policy.name,
        rule=match.rule,
        strategy=match.route.strategy.kind if request.is_routed else NAMED,
        candidates=ranking.candidates,
        rejected=tuple(rejected),
        reason=ranking.reason,
        confidence=_confidence(match, signals) if request.is_routed else 1.0,
        propensities=_propensities(ranking, policy.explore if request.is_routed else 0.0),
        unknown_rules=match.unknown,
    )
    return _explored(decision, ranking, policy.explore if request.is_routed else 0.0, draw)


def _match(policy: Policy, signals: Signals) -> _Match:
    unknown: list[str] = []
    limits = Limits()
    read: set[str] = set()
    for rule in policy.rules:
        read.update(comparison.signal for comparison in comparisons(rule.when))
        verdict = holds(rule.when, signals)
        if verdict:
            return _match_of(rule.name, rule, limits, unknown, read)
        if verdict is None:
            unknown.append(rule.name)
            limits = limits.tightened(_restraint(rule))
    return _match_of(DEFAULT_RULE, policy.default, limits, unknown, read)


def _match_of(
    name: str, route: Route, limits: Limits, unknown: list[str], read: set[str]
) -> _Match:
    reads = frozenset(read.union(route.strategy.reads))
    return _Match(name, route, limits.tightened(route.limits), tuple(unknown), reads)


def _restraint(rule: Rule) -> Limits:
    """What still binds when a rule could not be ruled out: data that may be private stays local."""
    return Limits(local_only=rule.limits.local_only)


def _ranked(
    request: RoutedRequest, candidates: list[Candidate], match: _Match, signals: Signals
) -> Ranking:
    if not candidates:
        return Ranking((), "no model may and can serve this request", good_enough=0)
    if not request.is_routed:
        return Ranking(tuple(candidates), "the request names this model", good_enough=1)
    ranking = match.route.strategy.rank(candidates, signals)
    return _specialists_first(ranking) if match.route.prefer_specialists else ranking


def _specialists_first(ranking: Ranking) -> Ranking:
    """Specialists before generalists among the good enough; their order stays the strategy's."""
    good, rest = (
        ranking.candidates[: ranking.good_enough],
        ranking.candidates[ranking.good_enough :],
    )
    special = tuple(c for c in good if c.specialist)
    if not special or good[0].specialist:
        return ranking
    ordered = special + tuple(c for c in good if not c.specialist) + rest
    reason = f"specialist for this request, before: {ranking.reason}"
    return replace(ranking, candidates=ordered, reason=reason)


def _confidence(match: _Match, signals: Signals) -> float:
    if match.unknown:
        return 0.0
    values = (signals.get(f"{name}_confidence") for name in match.read)
    return min((float(value) for value in values if value is not None), default=1.0)


def _propensities(ranking: Ranking, explore: float) -> Mapping[str, float]:
    """Epsilon-greedy: the first with 1 - explore, plus explore shared by the good enough."""
    good = ranking.good_enough
    return {
        candidate.model: (explore / good if index < good else 0.0)
        + (1 - explore if index == 0 else 0.0)
        for index, candidate in enumerate(ranking.candidates)
    }


def _explored(decision: Decision, ranking: Ranking, explore: float, draw: float) -> Decision:
    """The decision with a good-enough candidate drawn to the front, for the explored share."""
    if draw >= explore or not decision.candidates:
        return decision
    index = min(int(draw / explore * ranking.good_enough), ranking.good_enough - 1)
    chosen = decision.candidates[index]
    others = tuple(c for c in decision.candidates if c is not chosen)
    return replace(
        decision,
        candidates=(chosen, *others),
        reason=f"drawn for exploration among {ranking.good_enough} good enough",
        explored=True,
    )
