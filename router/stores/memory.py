"""Stores that forget with the process: the decision log of tests and demos, and live statistics."""

from collections.abc import Sequence

from router.core.event import RoutingEvent
from router.core.stats import ModelStats, Observation, StatsSnapshot, observe
from router.errors import DecisionLogError
from router.ports import Clock
from router.stores.decision_columns import COLUMNS, CONTENT
from router.stores.decision_row import NOT_A_ROW, DecisionFilter, Row, decoded, encoded


class MemoryDecisionLog:
    """Keeps the last `capacity` rows, in the same form as any other decision log."""

    def __init__(self, capacity: int = 10_000) -> None:
        self._capacity = capacity
        self._rows: dict[str, tuple[float, Row]] = {}
        self._closed = False

    async def record(self, event: RoutingEvent) -> None:
        """Keep the event. Raises DecisionLogError if its id is taken or it makes no row."""
        if self._closed:
            raise DecisionLogError("The decision log is closed.")
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
            del self._rows[next(iter(self._rows))]

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

    async def close(self) -> None:
        """Refuse further events."""
        self._closed = True


class MemoryStatsStore:
    """The statistics of this process, on the monotonic clock. For one event loop, not threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._models: dict[str, ModelStats] = {}

    def snapshot(self) -> StatsSnapshot:
        """All models' statistics now: a value, which later observations leave alone."""
        return StatsSnapshot(self._clock.elapsed(), self._models)

    def observe(self, model: str, seen: Observation) -> None:
        """Fold one call into a model's statistics."""
        folded = observe(self._models.get(model, ModelStats()), seen, self._clock.elapsed())
        # A new mapping each time: snapshots share the old one, and there are few models.
        self._models = {**self._models, model: folded}


def _takes(where: DecisionFilter, at: float, row: Row) -> bool:
    wanted = {"model": where.model, "rule": where.rule, "outcome": where.outcome}
    return all(value in (None, row[name]) for name, value in wanted.items()) and (
        where.since is None or at >= where.since
    )


def _without_content(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in CONTENT}
