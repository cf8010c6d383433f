"""A gateway of two models on fake upstreams, for tests of the shell."""

from collections.abc import Mapping
from typing import Any

import msgspec

from router.core.catalog import Catalog
from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.policy import Policy
from router.core.request import RoutedRequest
from router.core.review import Review
from router.core.signals import Signals
from router.gateway import Gateway, PolicyInForce
from router.ports import Signal, Upstream
from router.stores.feedback_row import no_such_decision
from router.stores.memory import MemoryStatsStore
from router.stores.memory_sessions import MemorySessionStore
from tests.fakes.clock import FakeClock

CATALOG: dict[str, Any] = {
    "upstreams": {
        "near": {"kind": "openai_http", "base_url": "http://127.0.0.1:1/v1"},
        "far": {"kind": "openai_http", "base_url": "http://127.0.0.1:2/v1"},
    },
    "models": {
        "small": {
            "upstream": "near",
            "upstream_model": "small:3b",
            "location": "local",
            "capabilities": ["tools"],
            "price": {"input_usd_per_mtok": 0.1, "output_usd_per_mtok": 0.1},
            "quality": 0.8,
        },
        "large": {
            "upstream": "far",
            "location": "cloud",
            "context_window": 128_000,
            "capabilities": ["tools", "vision", "json_schema"],
            "price": {"input_usd_per_mtok": 2.5, "output_usd_per_mtok": 10.0},
            "quality": 0.95,
        },
    },
}
POLICY: dict[str, Any] = {
    "name": "default",
    "baseline": "large",
    "default": {"strategy": {"kind": "cheapest_good_enough", "min_quality": 0.7}},
}


class MemoryLog:
    """Satisfies router.ports.DecisionLog and keeps the events themselves."""

    def __init__(self) -> None:
        self.events: list[RoutingEvent] = []
        self.feedback: list[Feedback] = []
        self.reviews: list[Review] = []
        self.error: Exception | None = None

    async def record(self, event: RoutingEvent) -> None:
        if self.error is not None:
            raise self.error
        self.events.append(event)

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None:
        if self.error is not None:
            raise self.error
        known = {event.id for event in self.events if key_name in (None, event.key_name)}
        if feedback.decision not in known:
            raise no_such_decision()
        self.feedback.append(feedback)

    async def record_review(self, review: Review) -> None:
        if self.error is not None:
            raise self.error
        if review.decision not in {event.id for event in self.events}:
            raise no_such_decision()
        if review.decision not in {known.decision for known in self.reviews}:
            self.reviews.append(review)

    def recent(self, limit: int) -> list[Mapping[str, Any]]:
        return [{"decision": event.id} for event in reversed(self.events[-limit:])]

    async def close(self) -> None:
        pass


class RecordingObserver:
    """Satisfies router.ports.Observer."""

    def __init__(self) -> None:
        self.events: list[RoutingEvent] = []

    def observe(self, event: RoutingEvent) -> None:
        self.events.append(event)


class FixedSignal:
    """Satisfies router.ports.Signal: says what it was told, or fails as it was told."""

    def __init__(self, signals: Signals | Exception) -> None:
        self._signals = signals

    async def extract(self, request: RoutedRequest) -> Signals:
        if isinstance(self._signals, Exception):
            raise self._signals
        return self._signals


def catalog(data: Mapping[str, Any] = CATALOG) -> Catalog:
    """A catalog from data as it would stand in YAML."""
    return Catalog.model_validate_json(msgspec.json.encode(data))


def policy(**changes: Any) -> Policy:
    """The fake policy with some of its keys replaced."""
    return Policy.model_validate_json(msgspec.json.encode({**POLICY, **changes}))


def fake_gateway(
    upstreams: Mapping[str, Upstream],
    signals: Mapping[str, Signal] | None = None,
    policies: tuple[Policy, ...] = (),
    catalog_data: Mapping[str, Any] = CATALOG,
) -> Gateway:
    """A gateway that answers from `upstreams` ("near" and "far")."""
    clock = FakeClock()
    signals = signals or {"learned": FixedSignal({"complexity": 0.2, "difficulty": 0.0})}
    in_force = {
        it.name: PolicyInForce(it, catalog(catalog_data), "1a2b3c4d", signals, signals, upstreams)
        for it in policies or (policy(),)
    }
    return Gateway(
        policies=in_force,
        default_policy=next(iter(in_force)),
        stats=MemoryStatsStore(clock),
        sessions=MemorySessionStore(clock),
        log=MemoryLog(),
        observers=(RecordingObserver(),),
        clock=clock,
    )
