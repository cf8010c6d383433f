"""decide: from the facts of one request to the models that may answer it, best first.

Pure: the same arguments always give the same decision. Time and chance are arguments.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from router.core.catalog import Catalog
from router.core.control import with_control
from router.core.decision import Candidate, Decision, Rejection
from router.core.gate import Gate
from router.core.limits import Limits
from router.core.plan import DEFAULT_RULE as DEFAULT_RULE
from router.core.plan import Match, Plan
from router.core.policy import Policy, Route
from router.core.request import RoutedRequest
from router.core.signals import Signals
from router.core.stats import StatsSnapshot
from router.core.stickiness import cache_loss, charged, stay_of, staying
from router.core.strategies import Ranking

NAMED = "named"
"""Strategy of a request that named its model."""

STAYED = "session"
"""Strategy of a request whose conversation stayed with its model, whatever the rule's own says."""

_NOBODY = Ranking((), "no model may and can serve this request", good_enough=0)


def decide(
    request: RoutedRequest,
    signals: Signals,
    policy: Policy,
    catalog: Catalog,
    stats: StatsSnapshot,
    draw: float,
) -> Decision:
    """`decide_by` a plan made for this one decision."""
    return decide_by(Plan(policy, catalog), request, signals, stats, draw)


def decide_by(
    plan: Plan, request: RoutedRequest, signals: Signals, stats: StatsSnapshot, draw: float
) -> Decision:
    """The decision for one request; its `candidates` are empty if no model may and can serve.

    `draw` is uniform in [0, 1) and settles the lots. A request that names a model is bound by the
    policy's limits, but not routed: that model is its only candidate (of embeddings and whatever
    else goes by name: everywhere).
    """
    match = plan.match(request, signals)
    if not request.is_routed:
        gates = plan.gates_for(request)
        found, rejected = _weighed(gates, request, signals, stats, match.limits)
        ranking = _named_first(request.model, found)
        return _undrawn(plan.policy, match, ranking, rejected, NAMED, signals)
    strategy = match.route.kind
    if request.held is None:
        found, rejected = _weighed(match.route.gates, request, signals, stats, match.limits)
        ranking = _ordered(match.route.route, found, signals) if found else _NOBODY
    else:
        ranking, rejected, stays = _going_on(plan, match, request, signals, stats)
        strategy = STAYED if stays else strategy
    decision = _undrawn(plan.policy, match, ranking, rejected, strategy, signals)
    if plan.policy.control > 0 and (against := plan.policy.baseline) is not None:
        compared = plan.gates[against].weigh(request, signals, stats, match.limits)
        decision = _with_control(decision, compared, plan.policy.control, draw)
    if strategy != STAYED and draw < plan.policy.explore:
        return _explored(decision, ranking, plan.policy.explore, draw)
    return decision


def _going_on(
    plan: Plan, match: Match, request: RoutedRequest, signals: Signals, stats: StatsSnapshot
) -> tuple[Ranking, tuple[Rejection, ...], bool]:
    """In a conversation that another request began: whether it stays with its model, too."""
    sessions = plan.policy.sessions
    stay = stay_of(request, sessions)
    gates = match.route.gates if stay is None else plan.with_model(match.route, stay.model)
    if stay is not None and request.state is not None:
        gates = plan.keeping(gates, stay.model)
    found, rejected = _weighed(gates, request, signals, stats, match.limits)
    if loss := cache_loss(request, sessions, plan.catalog):
        found = [charged(it, request, loss) for it in found]
    ranking = _ordered(match.route.route, found, signals) if found else _NOBODY
    ranking = staying(ranking, stay, rejected)
    first = ranking.candidates[:1]
    return ranking, rejected, stay is not None and bool(first) and first[0].model == stay.model


def _weighed(
    gates: Sequence[Gate | Rejection],
    request: RoutedRequest,
    signals: Signals,
    stats: StatsSnapshot,
    limits: Limits | None,
) -> tuple[list[Candidate], tuple[Rejection, ...]]:
    """Who may and can serve, and who not, each in the order of the catalog."""
    found: list[Candidate] = []
    rejected: list[Rejection] = []
    for gate in gates:
        it = gate if isinstance(gate, Rejection) else gate.weigh(request, signals, stats, limits)
        if isinstance(it, Rejection):
            rejected.append(it)
        else:
            found.append(it)
    return found, tuple(rejected)


def _undrawn(
    policy: Policy,
    match: Match,
    ranking: Ranking,
    rejected: tuple[Rejection, ...],
    strategy: str,
    signals: Signals,
) -> Decision:
    """The decision as the strategy has it, before any lot is drawn."""
    chosen = strategy not in (NAMED, STAYED)
    candidates = ranking.candidates
    return Decision(
        policy.name,
        match.route.rule,
        strategy,
        candidates,
        rejected,
        ranking.reason,
        _confidence(match, signals) if chosen else 1.0,
        _propensities(ranking, policy.explore if chosen else 0.0),
        False,
        match.unknown,
        "named" if strategy == NAMED else "routed",
        candidates[0].model if candidates else None,
    )


def _with_control(
    decision: Decision, compared: Candidate | Rejection, share: float, draw: float
) -> Decision:
    drawn = with_control(decision, compared, share, draw)
    if decision.strategy == STAYED:
        # What stays with its model is part of the experiment only where that is its arm's.
        return drawn if drawn.models[:1] == decision.models[:1] else decision
    # No lot sends a conversation to who does not know it.
    knows_all = all(rejection.code != "lacks_state" for rejection in decision.rejected)
    return drawn if knows_all else decision


def preferences(
    route: Route, candidates: Sequence[Candidate], signals: Signals, explore: float
) -> Mapping[str, float]:
    """With what probability each candidate comes first on a route, as `decide` has it."""
    return _propensities(_ordered(route, candidates, signals), explore) if candidates else {}


def _named_first(model: str, found: list[Candidate]) -> Ranking:
    if not found:
        return _NOBODY
    if len(found) > 1:
        found.sort(key=lambda candidate: candidate.model != model)
    return Ranking(tuple(found), "the request names this model", good_enough=1)


def _ordered(route: Route, candidates: Sequence[Candidate], signals: Signals) -> Ranking:
    ranking = route.strategy.rank(candidates, signals)
    return _specialists_first(ranking) if route.prefer_specialists else ranking


def _specialists_first(ranking: Ranking) -> Ranking:
    """Specialists before generalists among the good enough; their order stays the strategy's."""
    good = ranking.candidates[: ranking.good_enough]
    special = [candidate for candidate in good if candidate.specialist]
    if not special or len(special) == len(good):
        return ranking
    reason = ranking.reason
    if special[0] is not good[0]:
        reason = f"specialist for this request, before: {reason}"
    others = (candidate for candidate in good if not candidate.specialist)
    rest = ranking.candidates[ranking.good_enough :]
    return replace(ranking, candidates=(*special, *others, *rest), reason=reason)


def _confidence(match: Match, signals: Signals) -> float:
    if match.unknown:
        return 0.0
    lowest: float | None = None
    for name in match.route.confidences:
        told = signals.get(name)
        if told is not None and (lowest is None or float(told) < lowest):
            lowest = float(told)
    return 1.0 if lowest is None else lowest


def _propensities(ranking: Ranking, explore: float) -> Mapping[str, float]:
    """Epsilon-greedy: the first with 1 - explore, plus explore shared by the good enough."""
    shares = {candidate.model: 0.0 for candidate in ranking.candidates}
    if explore:
        for candidate in ranking.candidates[: ranking.good_enough]:
            shares[candidate.model] = explore / ranking.good_enough
    for candidate in ranking.candidates[:1]:
        shares[candidate.model] += 1 - explore
    return shares


def _explored(decision: Decision, ranking: Ranking, explore: float, draw: float) -> Decision:
    """The decision with a good-enough candidate drawn to the front, for the explored share."""
    if not decision.candidates:
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
