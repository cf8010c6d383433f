"""What a Prometheus observer has counted, read from its exposition."""

from prometheus_client.parser import text_string_to_metric_families

from router.core.event import RoutingEvent
from router.telemetry.metrics import PREFIX
from router.telemetry.prometheus import PrometheusObserver


def samples(observer: PrometheusObserver) -> dict[str, float]:
    """Every sample that the text exposition holds, as Prometheus' own parser reads it."""
    text = observer.exposition().decode()
    return {
        sample.name.removeprefix(PREFIX)
        + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def added(observer: PrometheusObserver, *events: RoutingEvent) -> dict[str, float]:
    """What the events changed, without histograms' buckets."""
    before = samples(observer)
    for event in events:
        observer.observe(event)
    return {
        name: value - before.get(name, 0)
        for name, value in samples(observer).items()
        if value != before.get(name, 0) and "_bucket" not in name
    }
