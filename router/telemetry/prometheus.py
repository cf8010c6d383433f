"""PrometheusObserver: turns each event into the metrics that `metrics.py` lists.

Rule: what a caller sent is never a label: neither the model as named, nor a session, nor a header.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from math import isfinite
from threading import Lock
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client.metrics_core import Metric

from router import __version__
from router.core.circuit import State, Target
from router.core.event import RoutingEvent
from router.core.feedback import Feedback
from router.core.signals import DOMAINS, Signals
from router.telemetry import metrics
from router.telemetry.exposition import CONTENT_TYPE as CONTENT_TYPE
from router.telemetry.exposition import WithoutCreated
from router.telemetry.exposition import exposed as exposed
from router.telemetry.metrics import PREFIX, MetricSpec
from router.telemetry.request_tallies import NOBODY, RequestTallies
from router.telemetry.review_counters import ReviewCounters

AS_A_NUMBER = "score"
"""Label of feedback that was given as a number."""

BOUNDS = ("low", "high")
Range = tuple[float, float]
"""From low to high."""

JOULES_PER_WATT_HOUR = 3600.0

MOST_PENDING = 16

_UPSTREAM_ERRORS = frozenset(
    {"UpstreamUnreachable", "UpstreamTimeout", "UpstreamRefused", "UpstreamBroken"}
)
_CIRCUIT: Mapping[State, int] = {"closed": 0, "open": 1, "half_open": 2}
_CALLER_LEFT = "CancelledError"


class PrometheusObserver:
    """All metrics of one gateway, in a registry of their own. `now` gives Unix time in seconds.

    Events are counted MOST_PENDING at a time, and before anything is read: one takes half as long
    right after another.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._registry = CollectorRegistry()
        self._pending: deque[RoutingEvent] = deque()
        self._counting = Lock()
        self._bind_requests()
        self._bind_inputs()
        self._bind_faults()
        self._bind_log()
        self._bind_process()
        self.reviews = ReviewCounters(self._counter)

    def observe(self, event: RoutingEvent) -> None:
        """One request is over."""
        self._pending.append(event)
        if len(self._pending) >= MOST_PENDING:
            self._count_pending()

    def _count_pending(self) -> None:
        # Whoever reads the metrics may do so in a thread of its own.
        with self._counting:
            while self._pending:
                self._count(self._pending.popleft())

    def _count(self, event: RoutingEvent) -> None:
        self._requests.add(event)
        if event.decision.explored:
            self._explored.inc()
        self._observe_signals(event.signals)
        for signal, error in event.failed_signals.items():
            self._signal_failures(signal, error).inc()
        # Nearly always there is one, which answered.
        if len(event.attempts) != 1 or event.outcome != "ok" or event.attempts[0].error:
            self._observe_attempts(event)
        if event.model is not None and (took := event.bill.footprint) is not None:
            grams = None if took.low_g is None or took.high_g is None else (took.low_g, took.high_g)
            self.metered(event.model, (took.low_wh, took.high_wh), grams)

    def metered(self, model: str, watt_hours: Range, grams: Range | None) -> None:
        """An answer took this much energy, and its electricity emitted this much CO2 equivalent.

        Both from low to high; `grams` is None where it is not known.
        """
        for bound, wh in zip(BOUNDS, watt_hours, strict=True):
            _add(self._energy(model, bound), wh * JOULES_PER_WATT_HOUR)
        for bound, emitted in zip(BOUNDS, grams or (), strict=False):
            _add(self._emissions(model, bound), emitted)

    def policies(self, loaded: Mapping[str, str]) -> None:
        """These policies (name -> version) are in force from now on."""
        self._policy_info.clear()
        for policy, version in loaded.items():
            self._policy_info.labels(policy, version).set(1)
        self._policy_reload_timestamp.set(self._now())
        self._policy_reload_success.set(1)

    def trained(self, domains: Mapping[str, int]) -> None:
        """In so many of the prompts held back from training the classifier saw each domain."""
        self._trained_domains.clear()
        for domain, n in domains.items():
            self._trained_domains.labels(domain).set(n / sum(domains.values()))

    def reloaded(self, ok: bool) -> None:
        """The policy files were read again: taken over, or refused."""
        self._policy_reloads[ok].inc()
        self._policy_reload_success.set(1 if ok else 0)
        if ok:
            self._policy_reload_timestamp.set(self._now())

    def targets(self, kind: Target, names: Iterable[str]) -> None:
        """These are the models or the upstreams from now on; a circuit that is new is closed."""
        known, gauge = set(names), self._circuits[kind]
        for gone in self._targets[kind] - known:
            gauge.remove(gone)
        for name in known:
            gauge.labels(name)
        self._targets[kind] = known

    def circuit(self, kind: Target, name: str, state: State) -> None:
        """The circuit of a model or an upstream is in this state from now on."""
        self._circuits[kind].labels(name).set(_CIRCUIT[state])

    def log_write_failed(self) -> None:
        """The decision log could not keep a row."""
        self._log_write_failures.inc()

    def log_waits(self, waiting: Callable[[], int]) -> None:
        """From now on `waiting` tells how many rows wait for the decision log."""
        self._log_waiting.set_function(waiting)

    def rated(self, feedback: Feedback, row: Mapping[str, Any] | None = None) -> None:
        """Feedback was kept on the decision with this row of the log; None: it is gone."""
        self._feedback(feedback.source, feedback.word or AS_A_NUMBER).inc()
        model, arm = (row["model"], row["arm"]) if row else (None, NOBODY)
        score = self._feedback_score(feedback.source, model or NOBODY, arm)
        score.observe(feedback.score)

    def exposition(self) -> bytes:
        """All metrics in Prometheus' text format, to be served as CONTENT_TYPE."""
        return exposed(self.families())

    def families(self) -> Iterator[Metric]:
        """All metrics with what was counted so far."""
        self._count_pending()
        return WithoutCreated(self._registry).collect()

    def _observe_signals(self, signals: Signals) -> None:
        complexity, domain = signals.get("complexity"), signals.get("domain")
        if isinstance(complexity, float):
            self._complexity.observe(complexity)
        if signals.get("abstain") is True:
            self._abstained.inc()
        if domain in DOMAINS:
            self._domains(domain).inc()

    def _observe_attempts(self, event: RoutingEvent) -> None:
        for attempt in event.attempts:
            if attempt.error is not None and attempt.cost_usd is not None:
                self._requests.paid_for(event.decision.policy, attempt.model, attempt.cost_usd)
            if attempt.error is not None and attempt.error != _CALLER_LEFT:
                error = attempt.error if attempt.error in _UPSTREAM_ERRORS else "other"
                self._upstream_errors(attempt.upstream, error).inc()
        if event.outcome == "broken" and event.attempts and not event.attempts[-1].error:
            # It answered, so the attempt itself was none: the answer broke off later.
            self._upstream_errors(event.attempts[-1].upstream, "UpstreamBroken").inc()
        for before, after in pairwise(event.attempts):
            if before.model != after.model:
                self._fallbacks(before.model).inc()
            else:
                self._retries(after.upstream).inc()

    # Looking up a series by its labels costs more than counting, so each is looked up once.

    def _bind_requests(self) -> None:
        self._requests = RequestTallies()
        self._registry.register(self._requests)
        self._explored = self._counter(metrics.EXPLORED)
        self._energy = cache(self._counter(metrics.ENERGY).labels)
        self._emissions = cache(self._counter(metrics.EMISSIONS).labels)

    def _bind_inputs(self) -> None:
        self._complexity = self._histogram(metrics.COMPLEXITY)
        self._abstained = self._counter(metrics.ABSTAINED)
        self._domains = cache(self._counter(metrics.DOMAINS).labels)

    def _bind_faults(self) -> None:
        self._upstream_errors = cache(self._counter(metrics.UPSTREAM_ERRORS).labels)
        self._fallbacks = cache(self._counter(metrics.FALLBACKS).labels)
        self._retries = cache(self._counter(metrics.RETRIES).labels)
        self._circuits = {
            "upstream": self._gauge(metrics.UPSTREAM_CIRCUIT),
            "model": self._gauge(metrics.MODEL_CIRCUIT),
        }
        self._targets: dict[Target, set[str]] = {"upstream": set(), "model": set()}
        self._signal_failures = cache(self._counter(metrics.SIGNAL_FAILURES).labels)

    def _bind_log(self) -> None:
        self._log_write_failures = self._counter(metrics.LOG_WRITE_FAILURES)
        self._log_waiting = self._gauge(metrics.LOG_WAITING)
        self._feedback = cache(self._counter(metrics.FEEDBACK).labels)
        self._feedback_score = cache(self._summary(metrics.FEEDBACK_SCORE).labels)

    def _bind_process(self) -> None:
        reloads = self._counter(metrics.POLICY_RELOADS)
        # Both at zero from the start: an alert on the first refusal needs a value before it.
        self._policy_reloads = {True: reloads.labels("ok"), False: reloads.labels("refused")}
        self._trained_domains = self._gauge(metrics.TRAINED_DOMAINS)
        self._policy_info = self._gauge(metrics.POLICY_INFO)
        self._policy_reload_success = self._gauge(metrics.POLICY_RELOAD_SUCCESS)
        self._policy_reload_timestamp = self._gauge(metrics.POLICY_RELOAD_TIMESTAMP)
        self._gauge(metrics.BUILD_INFO).labels(__version__).set(1)

    def _counter(self, spec: MetricSpec) -> Counter:
        return Counter(PREFIX + spec.name, spec.meaning, spec.labels, registry=self._registry)

    def _gauge(self, spec: MetricSpec) -> Gauge:
        return Gauge(PREFIX + spec.name, spec.meaning, spec.labels, registry=self._registry)

    def _summary(self, spec: MetricSpec) -> Summary:
        return Summary(PREFIX + spec.name, spec.meaning, spec.labels, registry=self._registry)

    def _histogram(self, spec: MetricSpec) -> Histogram:
        return Histogram(
            PREFIX + spec.name,
            spec.meaning,
            spec.labels,
            registry=self._registry,
            buckets=spec.buckets,
        )


def _add(counter: Counter, amount: float) -> None:
    """Count what an upstream reported. One absurd figure must not spoil a counter for ever."""
    if amount > 0 and isfinite(amount):
        counter.inc(amount)
