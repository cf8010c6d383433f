"""RequestTallies: what requests add to the metrics, kept by kind of request.

A request adds to some twenty series. To look each of them up and count it under a lock of its own
took longer than to price it, so requests that are alike in everything that is a label are summed
together, and the series are made of those sums when they are read.

Rule: a sum only ever grows. One thread adds; any may read, at worst a figure of the latest request
before another of the same.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from itertools import accumulate
from math import inf

from msgspec import Struct
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric

from router.core.cost import Usage
from router.core.event import RoutingEvent
from router.telemetry import metrics
from router.telemetry.metrics import PREFIX, MetricSpec

NOBODY = "none"
"""Label of a decision without any candidate."""

Labels = tuple[str, ...]


class Distribution:
    """A histogram's values: how many up to each of its bounds, and their sum."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, spec: MetricSpec) -> None:
        self._bounds = spec.buckets
        self.counts = [0] * (len(spec.buckets) + 1)
        self.total = 0.0

    def add(self, value: float) -> None:
        """One more value."""
        self.counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """How many values were at most so large, by the label that says how large."""
        bounds = [*map(str, self._bounds), "+Inf"]
        return list(zip(bounds, accumulate(self.counts), strict=True))


class Kind(Struct, frozen=True):
    """What the requests that are summed together have in common."""

    endpoint: str
    outcome: str
    policy: str
    rule: str
    choice: str
    model: str | None
    location: str
    arm: str
    baseline: str | None
    unpriced: str | None
    has_usage: bool
    is_priced: bool
    is_compared: bool


class Tally:
    """What the requests of one kind add up to: tokens by direction, and US dollars."""

    __slots__ = ("baseline", "cached", "compared", "cost", "given", "n", "thought", "written")

    def __init__(self) -> None:
        self.n = 0
        self.given = self.cached = self.written = self.thought = 0
        self.cost = self.baseline = self.compared = 0.0

    def use(self, usage: Usage) -> None:
        """Tokens by kind, none counted twice, so that their sum is what was billed for."""
        cached, thought = usage.cached_input_tokens, usage.reasoning_tokens
        if (given := usage.input_tokens - cached) > 0:
            self.given += given
        if (written := usage.output_tokens - thought) > 0:
            self.written += written
        if cached > 0:
            self.cached += cached
        if thought > 0:
            self.thought += thought


class RequestTallies:
    """The metrics that every request adds to, as a collector of prometheus_client's registry."""

    def __init__(self) -> None:
        self._tallies: dict[Kind, Tally] = {}
        self._failed_usd: dict[Labels, float] = {}
        self._decision = Distribution(metrics.DECISION_SECONDS)
        self._overhead = Distribution(metrics.OVERHEAD_SECONDS)
        self._confidence = Distribution(metrics.CONFIDENCE)
        self._first_byte: dict[str, Distribution] = {}
        self._request: dict[str, Distribution] = {}

    def add(self, event: RoutingEvent) -> None:
        """One request is over."""
        timings, usage, model = event.timings, event.usage, event.model
        cost = event.cost_usd if event.answered else None
        unpriced = event.unpriced
        counts = event.baseline is not None and unpriced is None
        same = event.baseline_usd if counts else None
        kind = _kind(event, unpriced, (usage is not None, cost is not None, same is not None))
        tally = self._tallies.get(kind)
        if tally is None:
            tally = self._tallies[kind] = Tally()
        tally.n += 1
        self._decision.add(timings.decision_s)
        self._overhead.add(timings.overhead_s)
        self._confidence.add(event.decision.confidence)
        if model is not None:
            if usage is not None:
                tally.use(usage)
            self._time(model, timings.first_byte_s, timings.total_s)
        if cost is not None and _is_sane(cost):
            tally.cost += cost
        if same is not None:
            if _is_sane(same):
                tally.baseline += same
            spent = (event.spend_usd or 0.0) + event.bill.cache_loss_usd
            if _is_sane(spent):
                tally.compared += spent

    def paid_for(self, policy: str, model: str, usd: float) -> None:
        """A call that failed was paid for, in US dollars."""
        if _is_sane(usd):
            known = self._failed_usd.get((policy, model), 0.0)
            self._failed_usd[policy, model] = known + usd

    def collect(self) -> Iterator[Metric]:
        """All of it as it is exposed."""
        sums: dict[MetricSpec, dict[Labels, float]] = {spec: {} for spec in _COUNTERS}
        for kind, tally in [*self._tallies.items()]:
            for spec, labels, amount in _series(kind, tally):
                found = sums[spec]
                found[labels] = found.get(labels, 0.0) + amount
        spent = sums[metrics.COST]
        for labels, usd in [*self._failed_usd.items()]:
            spent[labels] = spent.get(labels, 0.0) + usd
        for spec, found in sums.items():
            family = CounterMetricFamily(PREFIX + spec.name, spec.meaning, labels=spec.labels)
            for labels, amount in found.items():
                family.add_metric(labels, amount)
            yield family
        yield _histogram(metrics.DECISION_SECONDS, {(): self._decision})
        yield _histogram(metrics.OVERHEAD_SECONDS, {(): self._overhead})
        yield _histogram(metrics.CONFIDENCE, {(): self._confidence})
        yield _histogram(
            metrics.FIRST_BYTE_SECONDS, {(it,): d for it, d in [*self._first_byte.items()]}
        )
        yield _histogram(metrics.REQUEST_SECONDS, {(it,): d for it, d in [*self._request.items()]})

    def _time(self, model: str, first_byte_s: float | None, total_s: float) -> None:
        whole = self._request.get(model)
        if whole is None:
            whole = self._request[model] = Distribution(metrics.REQUEST_SECONDS)
        whole.add(total_s)
        if first_byte_s is not None:
            first = self._first_byte.get(model)
            if first is None:
                first = self._first_byte[model] = Distribution(metrics.FIRST_BYTE_SECONDS)
            first.add(first_byte_s)


_COUNTERS = (
    metrics.REQUESTS,
    metrics.DECISIONS,
    metrics.ANSWERS,
    metrics.TOKENS,
    metrics.COST,
    metrics.BASELINE_COST,
    metrics.COMPARED_COST,
    metrics.UNPRICED,
)


def _series(kind: Kind, tally: Tally) -> Iterator[tuple[MetricSpec, Labels, float]]:
    """What requests of a kind add to each of _COUNTERS."""
    policy, model = kind.policy, kind.model
    yield metrics.REQUESTS, (kind.endpoint, kind.outcome), tally.n
    yield metrics.DECISIONS, (policy, kind.rule, kind.choice), tally.n
    if kind.unpriced is not None:
        yield metrics.UNPRICED, (policy, model or NOBODY), tally.n
    if kind.baseline is not None and kind.is_compared:
        yield metrics.BASELINE_COST, (policy, kind.baseline), tally.baseline
        yield metrics.COMPARED_COST, (policy, kind.baseline), tally.compared
    if model is None:
        return
    yield metrics.ANSWERS, (policy, model, kind.location, kind.arm), tally.n
    if kind.is_priced:
        yield metrics.COST, (policy, model), tally.cost
    if kind.has_usage:
        yield metrics.TOKENS, (model, "input"), tally.given
        yield metrics.TOKENS, (model, "cached_input"), tally.cached
        yield metrics.TOKENS, (model, "output"), tally.written
        yield metrics.TOKENS, (model, "reasoning"), tally.thought


def _histogram(spec: MetricSpec, by_labels: Mapping[Labels, Distribution]) -> Metric:
    family = HistogramMetricFamily(PREFIX + spec.name, spec.meaning, labels=spec.labels)
    for labels, found in by_labels.items():
        family.add_metric(labels, found.buckets(), found.total)
    return family


def _kind(event: RoutingEvent, unpriced: str | None, told: tuple[bool, bool, bool]) -> Kind:
    decision, model = event.decision, event.model
    choice, location = NOBODY, NOBODY
    for candidate in reversed(decision.candidates):
        choice = candidate.model
        if choice == model:
            location = candidate.location
    return Kind(
        event.endpoint,
        event.outcome,
        decision.policy,
        decision.rule,
        choice,
        model,
        location,
        decision.arm,
        event.baseline,
        unpriced,
        *told,
    )


def _is_sane(amount: float) -> bool:
    """Whether to count what an upstream reported. One absurd figure must not spoil a counter."""
    return 0 < amount < inf
