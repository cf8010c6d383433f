"""What the ledger says: sums over requests, as pages and statistics read them.

Rule: money is summed in whole nano-dollars (1e-9 US dollars), so that parts add up to their total
exactly, whatever the order. A sum holds only what is known; what is not is counted beside it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Literal, NamedTuple, Self, get_args

NANO = 1_000_000_000
CLUSTERS = 256
"""Groups of sessions: what the bootstrap draws, so that a long conversation counts as one thing."""

SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86_400

Dimension = Literal["policy_version", "rule", "domain", "model", "key_name", "arm", "baseline"]
"""What figures can be told apart by. `model`: who answered. `arm`: who chose."""

Grouping = Dimension | Literal["tag"]
"""The same and `tag`: what the caller said a request is for, of which it may have said several
things. A request counts under each, so sums by tag do not add up to the whole."""

MOST_TAGS_OF_A_LOG = 200
OTHER_TAGS = "(other tags)"
"""What further tags are summed under: whoever may call must not make a log grow without bound."""

Step = Literal["hour", "day"]
Arm = Literal["routed", "treated", "control", "named"]
"""routed: the policy chose. treated: it chose, and a lot might have sent the request to the
baseline instead. control: the lot did. named: the caller chose. Treated and control compare."""
ARMS: tuple[Arm, ...] = get_args(Arm)

UnpricedReason = Literal["no_price", "no_usage", "no_baseline_price", "no_own_price"]
"""no_price: no price is known of a model that was paid for, or of what it did beside. no_usage:
nobody told the tokens and they could not be estimated. no_baseline_price: the call is priced, the
baseline's is not. no_own_price: a call that the router made for its own ends has no price."""

Measure = Literal["total_s", "first_byte_s", "overhead_s", "cost_usd"]
"""What histograms are kept of. Seconds; `cost_usd` is the request's cost in US dollars."""


def nano(usd: float | None) -> int:
    """US dollars as whole nano-dollars; 0 for None, which a count beside the sum tells of."""
    return 0 if usd is None else round(usd * NANO)


def dollars(amount: int) -> float:
    """Nano-dollars as US dollars, for people to read."""
    return amount / NANO


@dataclass(frozen=True, slots=True)
class Window:
    """From `since` until before `until`, in Unix seconds."""

    since: float
    until: float


class Span(NamedTuple):
    """The first and the last hour of something, by their starts in Unix seconds."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class LedgerFilter:
    """Which requests to sum; None = any. `simulated`: only, or only not, made-up answers."""

    policy_version: str | None = None
    rule: str | None = None
    domain: str | None = None
    model: str | None = None
    key_name: str | None = None
    arm: Arm | None = None
    baseline: str | None = None
    simulated: bool | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """A net saving taken apart, in nano-dollars, signed; the parts sum to the net exactly.

    `cache`: what switching models lost of prompt caches. `routing`: the baseline less what the
    model that answered cost. `escalation`: other calls that were paid for. `own`: the router's own.
    """

    cache: int
    routing: int
    escalation: int
    own: int

    @property
    def net(self) -> int:
        """Their sum."""
        return self.cache + self.routing + self.escalation + self.own


@dataclass(frozen=True, slots=True)
class ClusterSums:
    """One cluster of sessions. Money in nano-dollars, of the `priced_requests` alone, but for
    `own_nano`: the router's own calls cost what they cost, whatever became of the request.

    A request is priced if both what it cost and what its baseline would have cost are known;
    `unpriced_requests` were paid for and lack one of these, and so are the router's own calls that
    have no price. The rest cost nothing: nobody answered.
    `baseline_low_nano` and `baseline_high_nano` are the ends of the 95 % interval of the assumed
    verbosity ratio, summed.
    """

    cluster: int
    requests: int = 0
    priced_requests: int = 0
    unpriced_requests: int = 0
    baseline_nano: int = 0
    baseline_low_nano: int = 0
    baseline_high_nano: int = 0
    answer_nano: int = 0
    escalation_nano: int = 0
    own_nano: int = 0
    cache_loss_nano: int = 0

    @property
    def upstream_nano(self) -> int:
        """All that upstreams were paid."""
        return self.answer_nano + self.escalation_nano

    @property
    def net_nano(self) -> int:
        """Baseline less upstream, own cost and prompt-cache loss: negative if nothing was saved."""
        return self.baseline_nano - self.upstream_nano - self.own_nano - self.cache_loss_nano

    @property
    def parts(self) -> Parts:
        """`net_nano`, taken apart."""
        return Parts(
            cache=-self.cache_loss_nano,
            routing=self.baseline_nano - self.answer_nano,
            escalation=-self.escalation_nano,
            own=-self.own_nano,
        )


@dataclass(frozen=True, slots=True)
class Clusters:
    """Clusters of every value of a dimension (None alone where none was asked for).

    `window` is what was counted: long windows are rounded outwards to whole UTC days.
    """

    window: Window
    of: Mapping[str | None, Sequence[ClusterSums]]


@dataclass(frozen=True, slots=True)
class TaggedSums:
    """Clusters of tagged requests by value of a dimension, or by tag; then `any` counts each once.

    `window` is what was read, whole UTC days; it may begin later than what was asked for.
    """

    window: Window
    of: Mapping[str | None, Sequence[ClusterSums]]
    any: Sequence[ClusterSums]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over requests. The outcomes are counts and sum to `requests`.

    `priced`, `unpriced` and the money from `baseline_nano` to `cache_loss_nano` are as in
    ClusterSums. `spend_nano` is every cost known, also where no baseline is. By model, `own_nano`
    is told of whose answer a call was about, and what was spent on it, or could not be priced, of
    whom the router called. An hour may have such costs and no request. `estimated` requests
    are priced by our own count of tokens, for the upstream told none. Energy is in micro-watt-hours
    and emissions in micrograms of CO2 equivalent, of `metered` requests alone.
    """

    requests: int = 0
    ok: int = 0
    refused: int = 0
    no_candidate: int = 0
    unavailable: int = 0
    upstream_error: int = 0
    broken: int = 0
    cancelled: int = 0
    local: int = 0
    fallbacks: int = 0
    explored: int = 0
    streamed: int = 0
    priced: int = 0
    unpriced: int = 0
    estimated: int = 0
    spend_nano: int = 0
    baseline_nano: int = 0
    baseline_low_nano: int = 0
    baseline_high_nano: int = 0
    answer_nano: int = 0
    escalation_nano: int = 0
    own_nano: int = 0
    cache_loss_nano: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    metered: int = 0
    energy_low_uwh: int = 0
    energy_high_uwh: int = 0
    co2_low_ug: int = 0
    co2_high_ug: int = 0

    @classmethod
    def of(cls, many: Iterable[Self]) -> Self:
        """All of them together."""
        columns = zip(*map(_FIGURES, many), strict=True)
        return cls(*map(sum, columns))

    def __add__(self, other: Self) -> Self:
        return type(self).of((self, other))

    @property
    def net_nano(self) -> int:
        """Baseline less upstream, own cost and prompt-cache loss, of the priced requests."""
        spent = self.answer_nano + self.escalation_nano + self.own_nano + self.cache_loss_nano
        return self.baseline_nano - spent


TOTALS: tuple[str, ...] = tuple(one.name for one in fields(Totals))
"""The names of a total's figures, in order."""

_FIGURES = attrgetter(*TOTALS)


@dataclass(frozen=True, slots=True)
class Point:
    """What happened from `at` (Unix seconds) on for one step, to one value of a dimension."""

    at: int
    of: str | None
    totals: Totals


@dataclass(frozen=True, slots=True)
class Histogram:
    """How a measure spread, for one step from `at` on.

    `counts` goes from a bucket of `core/buckets.py` to how many requests fell into it.
    """

    at: int
    measure: Measure
    counts: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class QualitySums:
    """What one source said of answers, told apart by some dimensions: `of` has a value of each.

    Of `judged` decisions, the sum of their scores (each in [0, 1]) and of the scores' squares.
    """

    of: tuple[str | None, ...]
    source: str
    judged: int
    score: float
    square: float


@dataclass(frozen=True, slots=True)
class Unpriced:
    """Requests that could not be priced, by why and by the model that answered; `latest` is one.

    Of `no_own_price` they are calls of the router's own, by the model that it called.
    """

    reason: UnpricedReason
    model: str | None
    requests: int
    latest: str
    latest_at: float


@dataclass(frozen=True, slots=True)
class PriceSheet:
    """The prices that requests were priced by: `prices` is JSON, model -> price; `id` its hash."""

    id: str
    prices: str
