"""Every seam of the gateway on one page. Adapters satisfy these by shape; none inherits."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from router.core.access import APIKey, Caller
from router.core.event import RoutingEvent
from router.core.request import RoutedRequest
from router.core.signals import Signals, Vocabulary
from router.core.stats import Observation, StatsSnapshot


class Signal(Protocol):
    """Extracts named facts from a request. Work over 0.2 ms must leave the event loop."""

    async def extract(self, request: RoutedRequest) -> Signals:
        """The facts. May raise anything: the gateway counts it and the facts stay unknown."""
        ...


@dataclass(frozen=True, slots=True)
class SignalKind:
    """A kind of signal as policy files see it: its options, and the names it yields with them."""

    options: type[BaseModel]
    vocabulary: Callable[[Any], Vocabulary]


@dataclass(frozen=True, slots=True)
class UpstreamCall:
    """One call to make. `body` is the caller's JSON with `model` already the upstream's name."""

    path: str
    model: str
    body: bytes
    stream: bool


class Reply(Protocol):
    """An upstream's answer from its first byte on. Whoever opened it closes it."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names; only what may be passed on to a caller."""

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives. Raises UpstreamError if it breaks off or stalls."""
        ...

    async def close(self) -> None:
        """Let go of the upstream at once, also midway."""
        ...


class Upstream(Protocol):
    """A way to reach models."""

    async def open(self, call: UpstreamCall) -> Reply:
        """Send a call and wait for the head of its answer, whatever the status says.

        Raises UpstreamUnreachable or UpstreamTimeout, never with an address or a key in the text.
        """
        ...

    async def close(self) -> None:
        """Let go of pooled connections."""
        ...


class StatsStore(Protocol):
    """Keeps `ModelStats` values; folding them is the core's business."""

    def snapshot(self) -> StatsSnapshot:
        """All models' statistics now."""
        ...

    def observe(self, model: str, seen: Observation) -> None:
        """Fold one call into a model's statistics."""
        ...


class DecisionLog(Protocol):
    """One row per request, durable once `record` has returned."""

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event. Raises DecisionLogError."""
        ...

    async def close(self) -> None:
        """Finish writing."""
        ...


class Observer(Protocol):
    """Is told of every event: metrics, logs, traces. Must not raise and must not block."""

    def observe(self, event: RoutingEvent) -> None:
        """One request is over."""
        ...


class KeyStore(Protocol):
    """Keeps API keys, by the SHA-256 of their secrets; for one thread at a time.

    Every method raises KeyStoreError where the keys cannot be read or written.
    """

    def add(self, key: APIKey) -> None:
        """Keep a new key. Raises KeyStoreError if its name is taken, also by a revoked one."""
        ...

    def revoke(self, name: str, at: float) -> None:
        """Put a key out of force. Raises KeyStoreError if there is none of that name in force."""
        ...

    def used(self, at: Mapping[str, float]) -> None:
        """Note when keys, by name, were last used."""
        ...

    def all(self) -> Sequence[APIKey]:
        """All keys, oldest first, revoked ones too."""
        ...

    def changed(self) -> bool:
        """Whether others may have changed what `all` says since it was last asked; cheap."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class Limiter(Protocol):
    """Whether a caller's request may begin: by load today; budgets and rates would be others."""

    def enter(self, caller: Caller) -> Awaitable[None] | None:
        """None: it may begin. Else what to await first; cancelled, the request has not entered.

        Raises Overloaded, at once or from what is awaited.
        """
        ...

    def leave(self, caller: Caller) -> None:
        """A request that had entered is over."""
        ...


class Clock(Protocol):
    """Time, so that tests can own it."""

    def now(self) -> float:
        """Unix time in seconds."""
        ...

    def elapsed(self) -> float:
        """Monotonic seconds, for durations."""
        ...
