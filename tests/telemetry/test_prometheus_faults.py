"""What goes wrong, as the Prometheus observer counts it: faults, fallbacks, retries, circuits."""

import pytest
from msgspec.structs import replace

from router.core.event import Attempt
from router.telemetry.prometheus import PrometheusObserver
from tests.fakes.counted import added
from tests.fakes.events import EVENT, an_event


@pytest.fixture
def observer() -> PrometheusObserver:
    return PrometheusObserver(now=lambda: 1_700_000_000.0)


def test_a_fallback_is_charged_to_the_model_that_failed(observer: PrometheusObserver) -> None:
    attempts = (
        Attempt("small", "near", None, "UpstreamTimeout", 1.0),
        Attempt("small", "near", 503, "UpstreamRefused", 1.0),
        Attempt("large", "far", 200, None, 1.0),
    )
    counted = added(observer, an_event(model="large", attempts=attempts))
    assert counted["upstream_errors_total error=UpstreamTimeout upstream=near"] == 1
    assert counted["upstream_errors_total error=UpstreamRefused upstream=near"] == 1
    assert counted["fallbacks_total model=small"] == 1
    assert not any(
        "upstream=far" in name or "fallbacks_total model=large" in name for name in counted
    )


def test_an_answer_that_breaks_off_is_its_upstreams_error(observer: PrometheusObserver) -> None:
    counted = added(observer, an_event(outcome="broken"))
    assert counted["upstream_errors_total error=UpstreamBroken upstream=near"] == 1


def test_a_caller_who_leaves_is_no_upstream_error(observer: PrometheusObserver) -> None:
    left = (Attempt("small", "near", None, "CancelledError", 0.1),)
    counted = added(observer, an_event(outcome="cancelled", attempts=left))
    assert not any(name.startswith("upstream_errors") for name in counted)


def test_an_error_of_another_class_is_counted_as_other(observer: PrometheusObserver) -> None:
    odd = (Attempt("small", "near", None, "ClientOSError at 10.0.0.1", 0.1),)
    counted = added(observer, an_event(attempts=odd))
    assert counted["upstream_errors_total error=other upstream=near"] == 1


def test_a_failed_signal_is_counted_by_kind_and_error(observer: PrometheusObserver) -> None:
    counted = added(observer, an_event(failed_signals={"learned": "TimeoutError"}))
    assert counted["signal_failures_total error=TimeoutError signal=learned"] == 1


def test_calls_made_again_are_retries_and_not_fallbacks(observer: PrometheusObserver) -> None:
    once = replace(EVENT.attempts[0], error="UpstreamUnreachable")
    observer.observe(an_event(attempts=(once, once, EVENT.attempts[0])))

    exposed = observer.exposition().decode()
    assert 'slm_router_retries_total{upstream="near"} 2.0' in exposed
    assert "slm_router_fallbacks_total{" not in exposed


def test_a_circuit_is_told_from_the_start_and_as_long_as_its_target_is_there(
    observer: PrometheusObserver,
) -> None:
    observer.targets("upstream", ["near", "far"])
    assert 'upstream_circuit_state{upstream="near"} 0.0' in observer.exposition().decode()

    observer.circuit("upstream", "near", "open")
    observer.targets("upstream", ["near"])
    exposed = observer.exposition().decode()
    assert 'upstream_circuit_state{upstream="near"} 1.0' in exposed
    assert 'upstream="far"' not in exposed
