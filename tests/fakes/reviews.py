"""Reviews of every kind: what a ledger may be told of what the router itself had done."""

from typing import Any

from hypothesis import strategies as st

from router.core.bill import OwnCall
from router.core.cost import Usage
from router.core.review import Review, ShadowAnswer
from tests.fakes.events import AT
from tests.fakes.rows import MAYBE

JUDGED = OwnCall("judge", "grader", Usage(400, 8), 0.002)
SHADOWED = OwnCall("shadow", "large", Usage(20, 50), 0.01)
UNPRICED = OwnCall("judge", "grader", Usage(400, 8), None)

CALLS = st.builds(
    OwnCall,
    st.sampled_from(["judge", "shadow"]),
    st.sampled_from(["small", "large", "grader"]),
    st.none() | st.just(Usage(400, 8)),
    st.just(0.0) | MAYBE,
)
SCORES = st.integers(0, 10).map(lambda points: points / 10)


def a_review(decision: str = "d1", **more: Any) -> Review:
    """An answer judged as 0.7, and the shadow's as 0.9."""
    told: dict[str, Any] = {
        "at": AT + 60,
        "calls": (JUDGED, SHADOWED, JUDGED),
        "score": 0.7,
        "shadow": ShadowAnswer("large", 0.9, 50),
    }
    return Review(decision, **{**told, **more})


@st.composite
def reviews(draw: Any, decision: str) -> Review:
    """One review; it may come days after the decision."""
    score = draw(st.none() | SCORES)
    shadow = st.none() | st.builds(ShadowAnswer, st.just("large"), SCORES, st.none() | st.just(9))
    return Review(
        decision,
        at=AT + draw(st.integers(0, 5 * 86_400)),
        calls=tuple(draw(st.lists(CALLS, max_size=3))),
        score=score,
        shadow=None if score is None else draw(shadow),
    )
