"""What every request adds to, summed by kind: the figures are those of counting one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from router.telemetry.metrics import OVERHEAD_SECONDS
from router.telemetry.request_tallies import Distribution, RequestTallies
from tests.fakes.events import an_event, decided

SECONDS = st.one_of(st.floats(0, 1), st.sampled_from(OVERHEAD_SECONDS.buckets))


@settings(max_examples=25)
@given(values=st.lists(SECONDS, max_size=20))
def test_values_fall_into_the_buckets_of_a_histogram_of_prometheus(values: list[float]) -> None:
    ours = Distribution(OVERHEAD_SECONDS)
    theirs = Histogram("h", "h", buckets=OVERHEAD_SECONDS.buckets, registry=CollectorRegistry())
    for value in values:
        ours.add(value)
        theirs.observe(value)
    (family,) = theirs.collect()
    told = {s.labels["le"]: s.value for s in family.samples if s.name == "h_bucket"}
    assert dict(ours.buckets()) == told
    assert [s.value for s in family.samples if s.name == "h_sum"] == [ours.total]


def test_requests_of_different_kinds_add_up_where_a_metric_does_not_tell_them_apart() -> None:
    tallies = RequestTallies()
    tallies.add(an_event(decision=decided(rule="easy")))
    tallies.add(an_event(decision=decided(rule="hard"), outcome="broken"))
    tallies.paid_for("default", "small", 0.5)
    found = {s.name + str(s.labels): s.value for it in tallies.collect() for s in it.samples}
    name = "slm_router_cost_usd_total{'policy': 'default', 'model': 'small'}"
    assert found[name] == 0.00012 + 0.00012 + 0.5


def test_a_reading_leaves_what_was_counted_as_it_is() -> None:
    tallies = RequestTallies()
    tallies.add(an_event())
    once, again = ([it.samples for it in tallies.collect()] for _ in range(2))
    assert once == again
