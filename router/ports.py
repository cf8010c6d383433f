"""Every seam of the gateway on one page. Adapters satisfy these by shape; none inherits.

What pages and statistics read the decision log through stands in `ledger.py`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from pydantic import BaseModel

from router.core.access import APIKey, Caller
from router.core.browsing import DecisionPage, DecisionQuery
from router.core.cost import Usage
from router.core.event import RoutingEvent
from router.core.feedback import Feedback
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
    """One call to make. `body` is the caller's JSON with `model` already the upstream's name.

    `headers` are those of the caller's that belong to its request, lower-case, by allow-list.
    """

    path: str
    model: str
    body: bytes
    stream: bool
    headers: Mapping[str, str] = field(default_factory=dict)


class Told(NamedTuple):
    """A whole answer in the caller's form, with the upstream's own count of its tokens; where it
    tells none, `received_tokens` is about how many were written."""

    body: bytes
    usage: Usage | None
    received_tokens: int


class Events(Protocol):
    """Follows one stream of an upstream and gives it in the caller's form.

    `begun` once an event with data has come, `events` how many held content so far: about as many
    tokens. `usage` is the upstream's own count, once told. `failed`: the stream ended well formed,
    and said that the answer had failed.
    """

    @property
    def begun(self) -> bool: ...

    @property
    def events(self) -> int: ...

    @property
    def usage(self) -> Usage | None: ...

    @property
    def failed(self) -> bool: ...

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        """The events that may go on now, one by one.

        Raises UpstreamError at one that tells a fault, after those before it.
        """
        ...

    def end(self) -> bytes:
        """What is still owed once the upstream has ended. Raises UpstreamBroken if it is cut."""
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """How a request reaches one upstream and how its answer comes back: as bytes where both speak
    the same form, translated where they do not.

    `body` takes the upstream's name of the model. `answer` takes a whole answer; it raises
    UpstreamBroken if that is none.
    """

    path: str
    body: Callable[[str], bytes]
    answer: Callable[[bytes], Told]
    events: Callable[[], Events]
    headers: Mapping[str, str] = field(default_factory=dict)


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

    def compare(self, model: str, control: bool, tokens: float) -> None:
        """Fold in an answer to a request that a draw left to `model` or gave to the baseline."""
        ...

    def began(self, model: str) -> float:
        """A call to a model begins; what to hand to `ended`."""
        ...

    def ended(self, model: str, began: float) -> float:
        """A call is over: its share of the time that its model was busy, in seconds."""
        ...


class DecisionLog(Protocol):
    """One row per request, and what was said of it; durable once recorded."""

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event. Raises DecisionLogError."""
        ...

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None:
        """Keep what a source says of a decision, in place of what it said before.

        With `key_name` only on decisions that came with that API key. Raises UnknownDecision if
        the log holds no such decision, and DecisionLogError.
        """
        ...

    async def close(self) -> None:
        """Finish writing."""
        ...


class Decisions(Protocol):
    """Reads a decision log from any thread, also while it is written.

    Every method raises DecisionLogError.
    """

    def page(self, query: DecisionQuery) -> DecisionPage:
        """Some decisions, newest first; bounded work, however long the log."""
        ...

    def find(self, decision: str) -> Mapping[str, Any] | None:
        """All that is kept of one decision; None if there is none of that id."""
        ...

    def feedback_on(self, decisions: Iterable[str]) -> Mapping[str, Sequence[Feedback]]:
        """What was said of some decisions; those without feedback are left out."""
        ...

    def any_feedback(self) -> bool:
        """Whether anything was said of any decision."""
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
