"""ReviewCounters: the metrics of what the router has judged, and of what that cost."""

from collections.abc import Callable, Mapping
from functools import cache
from math import isfinite

from prometheus_client import Counter

from router.core.bill import OwnCall
from router.core.review import RESULTS
from router.telemetry import metrics
from router.telemetry.metrics import MetricSpec


class ReviewCounters:
    """Part of PrometheusObserver; `counter` makes one in its registry."""

    def __init__(self, counter: Callable[[MetricSpec], Counter]) -> None:
        self._reviews = cache(counter(metrics.REVIEWS).labels)
        self._cost = cache(counter(metrics.OWN_COST).labels)
        self._unpriced = cache(counter(metrics.UNPRICED_OWN).labels)

    def judging(self, asked: Mapping[str, Mapping[str, str]]) -> None:
        """These policies have answers judged; by purpose, whom they ask. All that may come of it is
        at zero from the start: an alert on the first of a kind needs a value before it."""
        for policy, models in asked.items():
            for purpose, model in models.items():
                self._cost(policy, model, purpose)
                self._unpriced(policy, model, purpose)
                for result in RESULTS:
                    self._reviews(policy, purpose, result)

    def reviewed(self, policy: str, purpose: str, result: str) -> None:
        """What became of an answer that was drawn, or of its shadow."""
        self._reviews(policy, purpose, result).inc()

    def paid(self, policy: str, call: OwnCall) -> None:
        """A call of the router's own was paid for, or may have been."""
        usd = call.cost_usd
        if usd is None:
            self._unpriced(policy, call.model, call.purpose).inc()
        elif usd > 0 and isfinite(usd):
            self._cost(policy, call.model, call.purpose).inc(usd)
