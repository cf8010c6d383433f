"""Stores that forget with the process: the decision log of tests and demos, and live statistics."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from router.core.circuit import (
    CLOSED,
    FAILURES_TO_OPEN,
    Circuit,
    State,
    Target,
    failed,
    probing,
    released,
)
from router.core.event import RoutingEvent
from router.core.feedback import Feedback, Judged, judged
from router.core.shared_time import SharedTime
from router.core.stats import ModelStats, Observation, StatsSnapshot, compare, observe
from router.errors import DecisionLogError
from router.ports import Clock
from router.stores.decision_columns import COLUMNS, CONTENT
from router.stores.decision_row import NOT_A_ROW, DecisionFilter, Row, decoded, encoded
from router.stores.feedback_row import no_such_decision

Told = Callable[[Target, str, State, State], None]

_UNSEEN = ModelStats()


class MemoryDecisionLog:
    """Keeps the last `capacity` rows, in the same form as any other decision log."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._rows: dict[str, tuple[float, Row]] = {}
        self._feedback: dict[str, dict[str, Feedback]] = {}
        self._closed = False

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event. Raises DecisionLogError if its id is taken or it makes no row."""
        self._refuse_if_closed()
        try:
            row = decoded(COLUMNS, encoded(event))
        except NOT_A_ROW as error:
            raise DecisionLogError(
                f"The decision {event.id!r} cannot be logged: {error}."
            ) from error
        if row["decision"] in self._rows:
            raise DecisionLogError(f"The decision {event.id!r} cannot be logged: its id is taken.")
        self._rows[row["decision"]] = event.at, row
        if len(self._rows) > self._capacity:
            oldest = next(iter(self._rows))
            del self._rows[oldest]
            self._feedback.pop(oldest, None)

    async def record_feedback(self, feedback: Feedback, key_name: str | None = None) -> None:
        """Keep the feedback in place of what its source said before. Raises UnknownDecision."""
        self._refuse_if_closed()
        row = self.find(feedback.decision)
        if row is None or key_name not in (None, row["key_name"]):
            raise no_such_decision()
        self._feedback.setdefault(feedback.decision, {})[feedback.source] = feedback

    def recent(self, limit: int, where: DecisionFilter | None = None) -> Sequence[Row]:
        """The last rows that `where` takes, newest first, without their content."""
        wanted = where or DecisionFilter()
        # Reversed before a stable sort: among rows of one instant the last recorded leads.
        newest = sorted(reversed(self._rows.values()), key=lambda kept: kept[0], reverse=True)
        taken = [_without_content(row) for at, row in newest if _takes(wanted, at, row)]
        return taken[: max(limit, 0)]

    def find(self, decision: str) -> Row | None:
        """The row of one decision id, content included; None if there is none."""
        kept = self._rows.get(decision)
        return None if kept is None else kept[1]

    def feedback_on(self, decisions: Iterable[str]) -> Mapping[str, Sequence[Feedback]]:
        """What was said of some decisions, by decision; those without feedback are left out."""
        return {id: self._said_of(id) for id in decisions if id in self._feedback}

    def judged(self, since: float | None = None, unjudged: bool = False) -> Iterator[Judged]:
        """Every decision from `since` (Unix seconds) on that has feedback, oldest first.

        With `unjudged` also those without.
        """
        for id, (at, row) in sorted(self._rows.items(), key=lambda kept: kept[1][0]):
            if (unjudged or id in self._feedback) and (since is None or at >= since):
                yield judged(row, at, self._said_of(id))

    async def close(self) -> None:
        """Refuse further events."""
        self._closed = True

    def _said_of(self, id: str) -> tuple[Feedback, ...]:
        return tuple(said for _, said in sorted(self._feedback.get(id, {}).items()))

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise DecisionLogError("The decision log is closed.")


class MemoryStatsStore:
    """The statistics of this process, on the monotonic clock. For one event loop, not threads.

    `told` hears of every circuit whose state changes: of which kind of target, its name, the state
    before and after.
    """

    def __init__(self, clock: Clock, told: Told = lambda kind, name, before, after: None) -> None:
        self._clock = clock
        self._told = told
        self._models: dict[str, ModelStats] = {}
        self._busy: dict[str, SharedTime] = {}
        self._in_flight: dict[str, int] = {}
        self._upstreams: dict[str, Circuit] = {}

    def snapshot(self) -> StatsSnapshot:
        """All models' statistics now: a value, which later observations leave alone."""
        return StatsSnapshot(self._clock.elapsed(), self._models, self._upstreams)

    def enter(self, model: str, upstream: str) -> bool:
        """Whether a call may be made now. Where it may be the probe of a circuit, it is that."""
        stats, server = self._models.get(model, _UNSEEN), self._upstreams.get(upstream, CLOSED)
        failures = max(stats.circuit.failures_in_a_row, server.failures_in_a_row)
        if failures < FAILURES_TO_OPEN:
            return True
        now = self._clock.elapsed()
        if not (stats.circuit.admits(now) and server.admits(now)):
            return False
        self._keep_model(model, replace(stats, circuit=probing(stats.circuit, now)), now)
        self._keep_upstream(upstream, probing(server, now), now)
        return True

    def release(self, model: str, upstream: str) -> None:
        """A call, if it is a probe, need not keep others out any longer."""
        now = self._clock.elapsed()
        stats, server = self._models.get(model, _UNSEEN), self._upstreams.get(upstream, CLOSED)
        if stats.circuit.probed_until:
            self._keep_model(model, replace(stats, circuit=released(stats.circuit)), now)
        if server.probed_until:
            self._keep_upstream(upstream, released(server), now)

    def observe(self, model: str, seen: Observation) -> None:
        """Fold one call into the statistics of a model and the circuit of its upstream."""
        now = self._clock.elapsed()
        self._keep_model(model, observe(self._models.get(model, _UNSEEN), seen, now), now)
        server = self._upstreams.get(seen.upstream, CLOSED)
        if seen.server_ok is None:
            server = released(server)
        else:
            server = CLOSED if seen.server_ok else failed(server, now)
        self._keep_upstream(seen.upstream, server, now)

    def compare(self, model: str, control: bool, tokens: float) -> None:
        """Fold in an answer to a request that a draw left to `model` or gave to the baseline."""
        folded = compare(self._models.get(model, _UNSEEN), control, tokens)
        self._models = {**self._models, model: folded}

    def call_begins(self, model: str) -> None:
        """One more call to a model is in flight."""
        self._in_flight[model] = self._in_flight.get(model, 0) + 1

    def call_ends(self, model: str) -> None:
        """One less."""
        self._in_flight[model] -= 1

    def in_flight(self) -> Mapping[str, int]:
        """Calls that this process has under way, by model."""
        return dict(self._in_flight)

    def began(self, model: str) -> float:
        """A call to a model begins; what to hand to `ended`."""
        busy = self._busy.get(model, SharedTime()).entered(self._clock.elapsed())
        self._busy[model] = busy
        return busy.charged

    def ended(self, model: str, began: float) -> float:
        """A call is over: its share of the model's busy time, in seconds."""
        busy = self._busy[model].left(self._clock.elapsed())
        self._busy[model] = busy
        return busy.charged - began

    # A new mapping each time: snapshots share the old one, and there are few models.

    def _keep_model(self, model: str, stats: ModelStats, now: float) -> None:
        before = self._models.get(model, _UNSEEN).circuit
        self._models = {**self._models, model: stats}
        if stats.circuit is not before:
            self._tell("model", model, before, stats.circuit, now)

    def _keep_upstream(self, upstream: str, circuit: Circuit, now: float) -> None:
        before = self._upstreams.get(upstream, CLOSED)
        if circuit is not before:
            self._upstreams = {**self._upstreams, upstream: circuit}
            self._tell("upstream", upstream, before, circuit, now)

    def _tell(self, kind: Target, name: str, before: Circuit, after: Circuit, now: float) -> None:
        # Open until its time is up and a probe is sent: nobody has noticed the moment in between.
        was, state = _noticed(before, now), _noticed(after, now)
        if was != state:
            self._told(kind, name, was, state)


def _noticed(circuit: Circuit, now: float) -> State:
    state = circuit.state(now)
    return "open" if state == "half_open" and not circuit.probed_until else state


def _takes(where: DecisionFilter, at: float, row: Row) -> bool:
    wanted = {"model": where.model, "rule": where.rule, "outcome": where.outcome}
    return all(value in (None, row[name]) for name, value in wanted.items()) and (
        where.since is None or at >= where.since
    )


def _without_content(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in CONTENT}
