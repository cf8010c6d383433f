"""Every seam of the gateway on one page. Adapters satisfy these by shape; none inherits.

What pages and statistics read the decision log through stands in `ledger.py`.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from router.core.access import APIKey, Caller
from router.core.browsing import DecisionPage, DecisionQuery
from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.request import RoutedRequest
from router.core.review import Review
from router.core.session import Held
from router.core.signals import Signals, Vocabulary
from router.core.stats import Observation, StatsSnapshot
from router.core.trace_context import TraceContext
from router.errors import Overloaded
from router.wire import Events as Events
from router.wire import Reply as Reply
from router.wire import Told as Told
from router.wire import Tries as Tries
from router.wire import Upstream as Upstream
from router.wire import UpstreamCall as UpstreamCall
from router.wire import Way as Way


class Signal(Protocol):
    """Extracts named facts from a request. Work over 0.2 ms must leave the event loop, or be
    shared with other requests.

    A signal that may need neither has `at_once` as well, see AtOnce.
    """

    async def extract(self, request: RoutedRequest) -> Signals:
        """The facts. May raise anything: the gateway counts it and the facts stay unknown."""
        ...


class AtOnce(Protocol):
    """A signal that can tell the facts of most requests without waiting for anything."""

    def at_once(self, request: RoutedRequest) -> Signals | None:
        """The facts; None where `extract` is to be awaited for them. May raise anything."""
        ...


@dataclass(frozen=True, slots=True)
class SignalKind:
    """A kind of signal as policy files see it: its options, and the names it yields with them."""

    options: type[BaseModel]
    vocabulary: Callable[[Any], Vocabulary]


class StatsStore(Protocol):
    """Keeps `ModelStats` and `Circuit` values; folding them is the core's business."""

    def snapshot(self) -> StatsSnapshot:
        """All models' statistics and all upstreams' circuits now."""
        ...

    def enter(self, model: str, upstream: str) -> bool:
        """Whether a call may be made now. Where it may be the probe of a circuit, it is that."""
        ...

    def release(self, model: str, upstream: str) -> None:
        """A call, if it is a probe, need not keep others out any longer."""
        ...

    def observe(self, model: str, seen: Observation) -> None:
        """Fold one call into the statistics of a model and the circuit of its upstream."""
        ...

    def compare(self, model: str, baseline: str, control: bool, tokens: float) -> None:
        """Fold in an answer to a request that a draw left to `model` or gave to the baseline, or
        had the baseline asked too."""
        ...

    def call_begins(self, model: str) -> None:
        """One more call to a model is in flight."""
        ...

    def call_ends(self, model: str) -> None:
        """One less."""
        ...

    def in_flight(self) -> Mapping[str, int]:
        """Calls that this process has under way, by model; those that have none may be missing."""
        ...

    def began(self, model: str) -> float:
        """A call to a model begins; what to hand to `ended`."""
        ...

    def ended(self, model: str, began: float) -> float:
        """A call is over: its share of the time that its model was busy, in seconds."""
        ...


class SessionStore(Protocol):
    """Keeps what each conversation's last answer left behind, for a while and up to a number.

    Losing an entry costs a conversation its model, never an answer: no method raises.
    """

    async def find(self, conversation: str) -> Held | None:
        """What is known of a conversation, None if nothing."""
        ...

    async def hold(self, conversation: str, held: Held) -> None:
        """Keep this from now on (its `idle_s` begins at 0), in place of what was kept before."""
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

    async def record_review(self, review: Review) -> None:
        """Book what a review of a decision cost, in the hour it was paid in, and keep what it told.

        A second review of the same decision changes nothing. Raises UnknownDecision if the log
        holds no such decision, and DecisionLogError.
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

    def review_of(self, decision: str) -> Review | None:
        """What the router itself had done about a decision's answer; None if nothing."""
        ...

    def any_feedback(self) -> bool:
        """Whether anything was said of any decision."""
        ...


class Observer(Protocol):
    """Is told of every event: metrics, logs, traces. Must not raise and must not block."""

    def observe(self, event: RoutingEvent) -> None:
        """One request is over."""
        ...


class Traces(Observer, Protocol):
    """An observer that makes traces, and names each one before its request is over."""

    def begin(self, header: str | None, request: str) -> TraceContext:
        """The trace of a request by its id: the caller's, if its `traceparent` names one."""
        ...

    def close(self) -> None:
        """Send what is left. May take seconds."""
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

    def refusal(self, caller: Caller) -> Overloaded | None:
        """Why a request would be refused at once if it were to enter now; None if it would not."""
        ...

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
