"""Gate: whom a review may ask. The gate of `decide` again, for calls that no caller asked for.

Rule: whoever could not have been sent the request is sent nothing of it. What had to stay local,
by limits, by rules or for want of a signal, is judged by a local model or not at all; what may be
asked only as a probe is left to callers.
"""

from typing import Literal

from router.core.circuit import Circuit
from router.core.decision import Candidate, Rejection
from router.core.gate import Gate
from router.core.limits import Limits
from router.core.plan import Match
from router.core.request import RoutedRequest
from router.core.stats import StatsSnapshot
from router.gateway import Routed

Refused = Literal["not_allowed", "too_large", "unavailable"]

_LOCAL = Limits(local_only=True)
_REFUSED: dict[str, Refused] = {"context_too_small": "too_large", "unhealthy": "unavailable"}


def may_ask(
    routed: Routed, model: str, asked: RoutedRequest, stats: StatsSnapshot
) -> Candidate | Refused:
    """The model as a candidate for a call about a request, or why it is not to be called.

    `asked` is what it would be asked: the request itself, or a judge's own. Either way it is held
    to all that binds the request, with the request's own signals.
    """
    plan = routed.in_force.plan
    match = plan.match(routed.request, routed.signals)
    limits = match.limits
    if _stays_local(routed, match):
        limits = _LOCAL if limits is None else limits.tightened(_LOCAL)
    found = plan.gates[model].weigh(asked, routed.signals, stats, limits)
    if isinstance(found, Rejection):
        return _REFUSED.get(found.code, "not_allowed")
    upstream = routed.in_force.catalog.models[model].upstream
    if _is_closed(stats.circuit_of(upstream), stats) and _is_closed(stats.of(model).circuit, stats):
        return found
    return "unavailable"


def _stays_local(routed: Routed, match: Match) -> bool:
    """Whether the request could go to local models alone: who lists none but local ones may mean
    that nothing leaves, and says it in no limit."""
    models = routed.in_force.catalog.models
    chosen = [gate.name for gate in match.route.gates if isinstance(gate, Gate)]
    bound = any(it.code == "must_stay_local" for it in routed.decision.rejected)
    return bound or all(models[name].location == "local" for name in chosen)


def _is_closed(circuit: Circuit, stats: StatsSnapshot) -> bool:
    return circuit.state(stats.now) == "closed"
