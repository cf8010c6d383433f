"""Stores that forget with the process: the decision log of tests and demos, and live statistics."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from router.core.event import RoutingEvent
from router.core.feedback import Feedback, Judged, judged
from router.core.shared_time import SharedTime
from router.core.stats import ModelStats, Observation, StatsSnapshot, compare, observe
from router.errors import DecisionLogError
from router.ports import Clock
from router.stores.decision_columns import COLUMNS, CONTENT
from router.stores.decision_row import NOT_A_ROW, DecisionFilter, Row, decoded, encoded
from router.stores.feedback_row import no_such_decision


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
    """The statistics of this process, on the monotonic clock. For one event loop, not threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._models: dict[str, ModelStats] = {}
        self._busy: dict[str, SharedTime] = {}

    def snapshot(self) -> StatsSnapshot:
        """All models' statistics now: a value, which later observations leave alone."""
        return StatsSnapshot(self._clock.elapsed(), self._models)

    def observe(self, model: str, seen: Observation) -> None:
        """Fold one call into a model's statistics."""
        folded = observe(self._models.get(model, ModelStats()), seen, self._clock.elapsed())
        # A new mapping each time: snapshots share the old one, and there are few models.
        self._models = {**self._models, model: folded}

    def compare(self, model: str, control: bool, tokens: float) -> None:
        """Fold in an answer to a request that a draw left to `model` or gave to the baseline."""
        folded = compare(self._models.get(model, ModelStats()), control, tokens)
        self._models = {**self._models, model: folded}

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


def _takes(where: DecisionFilter, at: float, row: Row) -> bool:
    wanted = {"model": where.model, "rule": where.rule, "outcome": where.outcome}
    return all(value in (None, row[name]) for name, value in wanted.items()) and (
        where.since is None or at >= where.since
    )


def _without_content(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in CONTENT}
