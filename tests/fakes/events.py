"""Events as a gateway would tell them, for tests of what is told: stores and telemetry."""

from typing import Any

from msgspec.structs import replace

from router.core.cost import Usage
from router.core.decision import Candidate, Decision, Rejection
from router.core.event import Attempt, RoutingEvent, Timings
from router.core.session import Held

AT = 1_700_000_000.125
"""2023-11-14T22:13:20.125Z"""

DECISION = Decision(
    policy="default",
    rule="easy",
    strategy="cheapest_good_enough",
    candidates=(
        Candidate("small", "local", 0.82, 0.0001, 0.9, specialist=True),
        Candidate("large", "cloud", 0.95, 0.004, 2.5, switch_cost_usd=0.0018),
    ),
    rejected=(Rejection("tiny", "context_too_small", "about 9000 tokens exceed its window"),),
    reason="cheapest whose predicted quality reaches 0.80",
    confidence=0.75,
    propensities={"small": 0.95, "large": 0.05},
    unknown_rules=("private",),
)

EVENT = RoutingEvent(
    id="d1",
    at=AT,
    endpoint="chat.completions",
    requested_model="auto",
    stream=False,
    session="s1",
    policy_version="1a2b3c4d",
    signals={"complexity": 0.2, "domain": "law", "has_code": False, "quality.small": 0.82},
    failed_signals={"language": "TimeoutError"},
    decision=DECISION,
    draw=0.5,
    model="small",
    attempts=(Attempt("small", "near", 200, None, 0.4),),
    usage=Usage(120, 30, cached_input_tokens=20, reasoning_tokens=10),
    usage_estimated=False,
    cost_usd=0.00012,
    baseline="always:large",
    baseline_cost_usd=0.0006,
    timings=Timings(decision_s=0.001, overhead_s=0.002, first_byte_s=0.3, total_s=0.4),
    outcome="ok",
    status=200,
    key_name="my-app",
    held=Held("small", 2000, idle_s=12.5),
)


def an_event(id: str = "d1", **changes: Any) -> RoutingEvent:
    """A request answered by `small`, with some of its facts changed."""
    return replace(EVENT, id=id, **changes)


def decided(**changes: Any) -> Decision:
    """The decision of that event, with some of its facts changed."""
    return replace(DECISION, **changes)


def unanswered(id: str = "d1", **changes: Any) -> RoutingEvent:
    """A request that no model could serve."""
    nobody = decided(candidates=(), propensities={}, rule="default", confidence=1.0)
    facts: dict[str, Any] = {
        "decision": nobody,
        "model": None,
        "attempts": (),
        "usage": None,
        "cost_usd": None,
        "baseline_cost_usd": None,
        "timings": Timings(0.001, 0.002, None, 0.003),
        "outcome": "no_candidate",
        "status": 400,
    }
    return an_event(id, **{**facts, **changes})
