"""decide: from the facts of one request to the models that may answer it, best first.

Pure: the same arguments always give the same decision. Time and chance are arguments.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from router.core.catalog import Catalog
from router.core.conditions import holds
from router.core.control import with_control
from router.core.decision import Candidate, Decision, Rejection
from router.core.gate import selected, weigh
from router.core.limits import Limits
from router.core.policy import Policy, Route
from router.core.request import RoutedRequest
from router.core.signals import Signals
from router.core.stats import StatsSnapshot
from router.core.stickiness import Stay, cache_loss, charged, stay_of, staying
from router.core.strategies import Ranking

DEFAULT_RULE = "default"
NAMED = "named"
"""Strategy of a request that named its model."""

STAYED = "session"
"""Strategy of a request whose conversation stayed with its model, whatever the rule's own says."""

_FREE = Limits()
_LOCAL = Limits(local_only=True)


class _Match(Struct, frozen=True):
    """The route in force, with the limits of every rule that could not be ruled out before it."""

    rule: str
    route: Route
    limits: Limits
    unknown: tuple[str, ...]
    confidences: frozenset[str]


def decide(
    request: RoutedRequest,
    signals: Signals,
    policy: Policy,
    catalog: Catalog,
    stats: StatsSnapshot,
    draw: float,
) -> Decision:
    """The decision for one request; its `candidates` are empty if no model may and can serve.

    `draw` is uniform in [0, 1) and settles the lots. A request that names a model is bound by the
    policy's limits, but not routed: that model is its only candidate (of embeddings: everywhere).
    """
    match = _match(policy if request.is_routed else policy.binding, signals)
    limits = policy.limits.tightened(match.limits).tightened(request.limits)
    stay, loss = stay_of(request, policy.sessions), cache_loss(request, policy.sessions, catalog)
    weighed = [
        _passed_over(name, request, match, catalog, stay)
        or weigh(name, request, signals, catalog, stats, limits)
        for name in catalog.models
    ]
    candidates = [charged(it, request, loss) for it in weighed if isinstance(it, Candidate)]
    rejected = tuple(it for it in weighed if isinstance(it, Rejection))
    ranking = staying(_ranked(request, candidates, match, signals), stay, rejected)
    strategy = _strategy(request, match, ranking, stay)
    chosen = strategy not in (NAMED, STAYED)
    explore = policy.explore if chosen else 0.0
    decision = replace(
        _undrawn(match, ranking, explore, strategy),
        policy=policy.name,
        rejected=rejected,
        confidence=_confidence(match, signals) if chosen else 1.0,
    )
    if request.is_routed and policy.control > 0 and (against := policy.baseline) is not None:
        compared = weigh(against, request, signals, catalog, stats, limits)
        drawn = with_control(decision, compared, policy.control, draw)
        # What stays with its model is part of the experiment only where that is its arm's.
        if chosen or drawn.models[:1] == decision.models[:1]:
            decision = drawn
    return _explored(decision, ranking, explore, draw)


def _undrawn(match: _Match, ranking: Ranking, explore: float, strategy: str) -> Decision:
    """The decision as the strategy has it, before any lot is drawn."""
    return Decision(
        policy="",
        rule=match.rule,
        strategy=strategy,
        candidates=ranking.candidates,
        rejected=(),
        reason=ranking.reason,
        confidence=1.0,
        propensities=_propensities(ranking, explore),
        unknown_rules=match.unknown,
        arm="named" if strategy == NAMED else "routed",
        preferred=ranking.candidates[0].model if ranking.candidates else None,
    )


def _strategy(request: RoutedRequest, match: _Match, ranking: Ranking, stay: Stay | None) -> str:
    """By what the first candidate came first."""
    if not request.is_routed:
        return NAMED
    stayed = stay is not None and any(c.model == stay.model for c in ranking.candidates[:1])
    return STAYED if stayed else match.route.strategy.kind


def preferences(
    route: Route, candidates: Sequence[Candidate], signals: Signals, explore: float
) -> Mapping[str, float]:
    """With what probability each candidate comes first on a route, as `decide` has it."""
    return _propensities(_ordered(route, candidates, signals), explore) if candidates else {}


def _match(policy: Policy, signals: Signals) -> _Match:
    unknown: list[str] = []
    limits = _FREE
    for index, rule in enumerate(policy.rules):
        verdict = holds(rule.when, signals)
        if verdict:
            return _Match(
                rule.name,
                rule,
                limits.tightened(_bounds(rule)),
                tuple(unknown),
                policy.confidences[index],
            )
        if verdict is None:
            unknown.append(rule.name)
            # What still binds where a rule could not be ruled out: data that may be private.
            if rule.keeps_local:
                limits = _LOCAL
    default = policy.default
    limits = limits.tightened(_bounds(default))
    return _Match(DEFAULT_RULE, default, limits, tuple(unknown), policy.confidences[-1])


def _bounds(route: Route) -> Limits:
    # Candidates choose for those who left us the choice; what must not leave binds everybody.
    return route.limits.tightened(_LOCAL) if route.keeps_local else route.limits


def _passed_over(
    name: str, request: RoutedRequest, match: _Match, catalog: Catalog, stay: Stay | None
) -> Rejection | None:
    if stay is not None and name == stay.model:
        return None
    if not request.is_routed:
        if name == request.model or _is_twin(name, request, catalog):
            return None
        return Rejection(name, "not_a_candidate", "the request names another model")
    if selected(name, catalog.models[name], match.route.candidates):
        return None
    return Rejection(name, "not_a_candidate", f"not a candidate of rule {match.rule}")


def _is_twin(name: str, request: RoutedRequest, catalog: Catalog) -> bool:
    """Whether another upstream's card of the very model that was named may stand in for it.

    Only for embeddings: vectors of another model would not fit those that the caller has.
    """
    named = request.model
    return (
        request.endpoints == ("embeddings",)
        and named in catalog.models
        and catalog.served_name(name) == catalog.served_name(named)
    )


def _ranked(
    request: RoutedRequest, candidates: list[Candidate], match: _Match, signals: Signals
) -> Ranking:
    if not candidates:
        return Ranking((), "no model may and can serve this request", good_enough=0)
    if not request.is_routed:
        ordered = sorted(candidates, key=lambda candidate: candidate.model != request.model)
        return Ranking(tuple(ordered), "the request names this model", good_enough=1)
    return _ordered(match.route, candidates, signals)


def _ordered(route: Route, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
    ranking = route.strategy.rank(candidates, signals)
    return _specialists_first(ranking) if route.prefer_specialists else ranking


def _specialists_first(ranking: Ranking) -> Ranking:
    """Specialists before generalists among the good enough; their order stays the strategy's."""
    good = ranking.candidates[: ranking.good_enough]
    rest = ranking.candidates[ranking.good_enough :]
    ordered = tuple(sorted(good, key=lambda candidate: not candidate.specialist))
    reason = ranking.reason
    if ordered[0] is not good[0]:
        reason = f"specialist for this request, before: {reason}"
    return replace(ranking, candidates=ordered + rest, reason=reason)


def _confidence(match: _Match, signals: Signals) -> float:
    if match.unknown:
        return 0.0
    return min((float(signals[name]) for name in match.confidences & signals.keys()), default=1.0)


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
    # By name: a conversation keeps its draw, and so its arm, however the order changes.
    good = sorted(decision.candidates[: ranking.good_enough], key=lambda it: it.model)
    chosen = good[index]
    others = tuple(c for c in decision.candidates if c is not chosen)
    return replace(
        decision,
        candidates=(chosen, *others),
        reason=f"drawn for exploration among {ranking.good_enough} good enough",
        explored=True,
    )
