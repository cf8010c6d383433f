"""ModelStats: what has been seen of a model lately; a value, folded by the pure `observe`.

Rule: stores keep these values and never compute them.
"""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from router.core.circuit import CLOSED, Circuit, failed
from router.core.lengths import UNMEASURED, Measured

WEIGHT = 0.2
"""Share of the newest observation in a moving mean."""

STALE_S = 600.0
"""After so long a measurement says nothing: a model that was slow then may be fast by now.

Without this, a slow spell under a latency limit would never end: a model that is not asked is not
measured."""


class Observation(Struct, frozen=True):
    """One upstream call, as it went. Times in seconds; None where the call never got that far.

    `first_byte_s` is a stream's alone: a plain answer comes whole. `output_tokens` is over all
    the `answers` that were asked for at once. `input_tokens` is what the upstream counted and
    `estimated_input` what we had estimated, of requests that are text alone. `server_ok` is what
    the call told of the `upstream` as a whole: that it works, that it does not, or nothing (None).
    """

    ok: bool
    first_byte_s: float | None = None
    total_s: float | None = None
    output_tokens: int | None = None
    answers: int = 1
    input_tokens: int | None = None
    estimated_input: int = 0
    upstream: str = ""
    server_ok: bool | None = None


class ModelStats(Struct, frozen=True):
    """Moving means of one model, and its circuit. Moments are on the clock of `now`.

    `tokens_per_second` and `output_tokens` are of one answer: several asked for at once are
    written side by side. Where no stream has told `first_byte_s`, the speed takes in the wait for
    it. `seen_at` is when the model last answered. `measured` is no moving mean, but of all that
    was seen in a long while, by this process and others.
    """

    first_byte_s: float | None = None
    tokens_per_second: float | None = None
    output_tokens: float | None = None
    circuit: Circuit = CLOSED
    calls: int = 0
    seen_at: float | None = None
    measured: Measured = UNMEASURED

    def lately(self, now: float) -> "ModelStats":
        """These statistics without means that are too old to go by; health stays as it is."""
        if self.seen_at is None or now - self.seen_at <= STALE_S:
            return self
        return replace(
            self, first_byte_s=None, tokens_per_second=None, output_tokens=None, seen_at=None
        )


class StatsSnapshot(Struct, frozen=True):
    """All models' statistics at one moment, so that a decision does not read a clock."""

    now: float
    models: Mapping[str, ModelStats]
    upstreams: Mapping[str, Circuit] = field(default_factory=dict)

    def of(self, model: str) -> ModelStats:
        """What is known of a model lately; an unseen model has empty statistics."""
        stats = self.models.get(model, _UNSEEN)
        seen_at = stats.seen_at
        # As `lately` has it, without a call: this is asked of every model for every request.
        if seen_at is None or self.now - seen_at <= STALE_S:
            return stats
        return stats.lately(self.now)

    def circuit_of(self, upstream: str) -> Circuit:
        """The circuit of an upstream; closed, of one that nobody has asked."""
        return self.upstreams.get(upstream, CLOSED)


_UNSEEN = ModelStats()


def observe(stats: ModelStats, seen: Observation, now: float) -> ModelStats:
    """`stats` with one more call folded in."""
    if not seen.ok:
        return replace(stats, calls=stats.calls + 1, circuit=failed(stats.circuit, now))
    known = stats.lately(now)
    first = _moved(known.first_byte_s, seen.first_byte_s)
    return replace(
        known,
        calls=stats.calls + 1,
        circuit=CLOSED,
        first_byte_s=first,
        tokens_per_second=_moved(known.tokens_per_second, _speed(seen, first)),
        output_tokens=_moved(known.output_tokens, _length(seen)),
        seen_at=now,
        measured=_counted(known.measured, seen),
    )


def compare(stats: ModelStats, baseline: str, control: bool, tokens: float) -> ModelStats:
    """`stats` of the model that was to answer, with one more answer, of the baseline if `control`.

    Only for requests that the draw might have sent to either.
    """
    return replace(stats, measured=stats.measured.with_answer(baseline, control, tokens))


def _counted(measured: Measured, seen: Observation) -> Measured:
    if not seen.input_tokens or seen.estimated_input <= 0:
        return measured
    return measured.with_text(seen.input_tokens, seen.estimated_input)


def _moved(mean: float | None, value: float | None) -> float | None:
    if mean is None or value is None:
        return mean if value is None else float(value)
    return mean + WEIGHT * (value - mean)


def _length(seen: Observation) -> float | None:
    """Tokens of one answer."""
    return None if seen.output_tokens is None else seen.output_tokens / max(seen.answers, 1)


def _speed(seen: Observation, usual_first_byte_s: float | None) -> float | None:
    """Tokens a second of one answer, counted over the writing alone as far as that is known."""
    length = _length(seen)
    if not length or seen.total_s is None or seen.total_s <= 0:
        return None
    # A plain answer tells no first byte of its own: it waited about as long as streams do.
    first = usual_first_byte_s if seen.first_byte_s is None else seen.first_byte_s
    writing = seen.total_s - (first or 0.0)
    # Some servers send a stream all at once: then the whole time made it.
    return length / (writing if writing > 0.1 * seen.total_s else seen.total_s)
