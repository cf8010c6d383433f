"""ModelStats: what has been seen of a model lately; a value, folded by the pure `observe`.

Rule: stores keep these values and never compute them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

WEIGHT = 0.2
"""Share of the newest observation in a moving mean."""

FAILURES_TO_COOL_DOWN = 5
COOLDOWN_S = 10.0


@dataclass(frozen=True, slots=True)
class Observation:
    """One upstream call, as it went. Times in seconds; None where the call never got that far."""

    ok: bool
    first_byte_s: float | None = None
    total_s: float | None = None
    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class ModelStats:
    """Moving means of one model, and its health. `cooldown_until` is on the clock of `now`."""

    first_byte_s: float | None = None
    tokens_per_second: float | None = None
    output_tokens: float | None = None
    failures_in_a_row: int = 0
    cooldown_until: float = 0.0
    calls: int = 0

    def is_healthy(self, now: float) -> bool:
        """Whether the model may be asked at `now`. After a cooldown one failure starts the next."""
        return now >= self.cooldown_until


@dataclass(frozen=True, slots=True)
class StatsSnapshot:
    """All models' statistics at one moment, so that a decision does not read a clock."""

    now: float
    models: Mapping[str, ModelStats]

    def of(self, model: str) -> ModelStats:
        """What is known of a model; an unseen model has empty statistics."""
        return self.models.get(model, _UNSEEN)


_UNSEEN = ModelStats()


def observe(stats: ModelStats, seen: Observation, now: float) -> ModelStats:
    """`stats` with one more call folded in."""
    if not seen.ok:
        failures = stats.failures_in_a_row + 1
        cooled = now + COOLDOWN_S if failures >= FAILURES_TO_COOL_DOWN else stats.cooldown_until
        return replace(
            stats, calls=stats.calls + 1, failures_in_a_row=failures, cooldown_until=cooled
        )
    return replace(
        stats,
        calls=stats.calls + 1,
        failures_in_a_row=0,
        cooldown_until=0.0,
        first_byte_s=_moved(stats.first_byte_s, seen.first_byte_s),
        tokens_per_second=_moved(stats.tokens_per_second, _speed(seen)),
        output_tokens=_moved(stats.output_tokens, seen.output_tokens),
    )


def _moved(mean: float | None, value: float | None) -> float | None:
    if mean is None or value is None:
        return mean if value is None else float(value)
    return mean + WEIGHT * (value - mean)


def _speed(seen: Observation) -> float | None:
    if not seen.output_tokens or seen.total_s is None or seen.total_s <= 0:
        return None
    # A plain answer arrives whole: its first byte is its last, and the whole time made it.
    writing = seen.total_s - (seen.first_byte_s or 0.0)
    return seen.output_tokens / (writing if writing > 0.1 * seen.total_s else seen.total_s)
