"""Metrics in Prometheus' text format."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4


def exposed(families: Iterable[Metric]) -> bytes:
    """Metrics in Prometheus' text format, to be served as CONTENT_TYPE."""
    return generate_latest(_Collected(families))


class _Collected:
    """What is collected already, for a function that wants a registry."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


class WithoutCreated:
    """A registry less the `_created` times, which would double the series and tell nobody much."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [s for s in metric.samples if not s.name.endswith("_created")]
            yield metric
