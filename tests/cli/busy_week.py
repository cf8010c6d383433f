"""A week of traffic in a real decision log, so that a report has something to tell."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from router.core.bill import Bill
from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.ledger import Arm
from router.core.review import Review
from router.stores.sqlite import SQLiteDecisionLog
from tests.fakes.events import an_event, decided

DAY = 86_400.0
BASELINE = "always:large"


def week(sessions: int, seed: int = 0, **changes: object) -> list[RoutingEvent]:
    """Requests of sessions of a few each, over eight days until a minute ago.

    Three in ten sessions are control. The small model costs a tenth; one request in fifty falls
    back, and is paid twice.
    """
    random = np.random.default_rng(seed)
    now = time.time() - 60
    found = []
    for session in range(sessions):
        begun = now - random.random() * 8 * DAY
        control, rule = bool(random.random() < 0.3), ("easy", "code")[session % 2]
        for turn in range(int(random.geometric(0.4))):
            id = f"s{session}t{turn}"
            at = min(begun + 60.0 * turn, now)
            found.append(_request(random, id, at, "control" if control else "treated", rule))
    return [
        an_event(**{**one, **changes, "session": str(one["id"]).partition("t")[0]})  # type: ignore[arg-type]
        for one in found
    ]


def _request(
    random: np.random.Generator, id: str, at: float, arm: Arm, rule: str
) -> dict[str, object]:
    baseline = float(random.lognormal(-6, 1))
    small = arm == "treated" and random.random() < 0.7
    return {
        "id": id,
        "at": at,
        "decision": decided(arm=arm, rule=rule),
        # What is easy is for one team, and a part of all for another beside it.
        "tags": ("team=search", "batch")[: 1 + small] if rule == "easy" else ("batch",) * small,
        "model": "small" if small else "large",
        "cost_usd": baseline * (0.1 if small else 1.0),
        "baseline": BASELINE,
        "baseline_cost_usd": baseline,
        "bill": Bill(
            escalation_usd=baseline * 0.1 if random.random() < 0.02 else 0.0, own_usd=0.00001
        ),
    }


def scores(events: Sequence[RoutingEvent], loss: float, seed: int = 1) -> list[Feedback]:
    """What users say of every answer: nine in ten good, of treated ones `loss` fewer."""
    random = np.random.default_rng(seed)
    return [
        Feedback(
            one.id,
            "user",
            one.at + 30,
            float(random.random() < 0.9 - loss * (one.decision.arm == "treated")),
        )
        for one in events
    ]


def write(
    state: Path,
    events: Sequence[RoutingEvent],
    said: Sequence[Feedback] = (),
    reviews: Sequence[Review] = (),
) -> None:
    """Record them as a gateway would."""

    async def all_of_them() -> None:
        log = SQLiteDecisionLog(state / "decisions.sqlite3")
        await asyncio.gather(*(log.record(one) for one in events))
        await asyncio.gather(*(log.record_feedback(one) for one in said))
        await asyncio.gather(*(log.record_review(one) for one in reviews))
        await log.close()

    asyncio.run(all_of_them())
