"""Events of every kind, drawn by Hypothesis: what a ledger may be told."""

from collections.abc import Mapping
from typing import Any, get_args

from hypothesis import strategies as st
from msgspec.structs import replace

from router.core.baseline import PricedBaseline
from router.core.bill import Bill
from router.core.cost import Usage
from router.core.event import Outcome, RoutingEvent
from router.core.ledger import Arm
from tests.fakes.events import AT, an_event, decided

DOLLARS = st.floats(0, 0.5, allow_subnormal=False)
MAYBE = st.none() | DOLLARS
TOKENS = st.integers(0, 5000)
TAGS = st.sampled_from(["checkout", "team=search", "batch"])


@st.composite
def bills(draw: Any) -> Bill:
    usd = draw(DOLLARS)
    baseline = PricedBaseline(usd, usd * 0.9, usd * 1.2)
    return Bill(
        escalation_usd=draw(st.just(0.0) | MAYBE),
        own_usd=draw(st.just(0.0) | MAYBE),
        cache_loss_usd=draw(st.just(0.0) | DOLLARS),
        baseline=draw(st.none() | st.just(baseline)),
    )


@st.composite
def events(draw: Any, id: str = "d") -> RoutingEvent:
    """One event; give it an id of its own."""
    model = draw(st.sampled_from([None, "small", "large"]))
    usage = draw(st.none() | st.builds(Usage, TOKENS, TOKENS, TOKENS, TOKENS))
    facts: Mapping[str, Any] = {
        "at": AT + draw(st.integers(0, 3 * 86_400)),
        "session": draw(st.sampled_from([None, "s1", "s2", "s3"])),
        "key_name": draw(st.sampled_from([None, "app"])),
        "model": model,
        "outcome": draw(st.sampled_from(get_args(Outcome))),
        "signals": {"domain": draw(st.sampled_from(["law", "maths"]))},
        "usage": None if model is None else usage,
        "cost_usd": None if model is None else draw(MAYBE),
        "baseline": draw(st.sampled_from([None, "always:large", "requested"])),
        "baseline_cost_usd": draw(MAYBE),
        "usage_estimated": draw(st.booleans()),
        "simulated": draw(st.booleans()),
        "bill": draw(bills()),
        "tags": tuple(draw(st.lists(TAGS, max_size=3, unique=True))),
    }
    arm = draw(st.sampled_from(get_args(Arm)))
    rule = draw(st.sampled_from(["easy", "default"]))
    return replace(an_event(id), decision=decided(rule=rule, arm=arm), **facts)
