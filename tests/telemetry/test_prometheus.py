"""The Prometheus observer: what each event adds, and that callers cannot add series."""

from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from router import __version__
from router.core.bill import Bill
from router.core.cost import Usage
from router.core.event import Attempt, Outcome
from router.core.feedback import SOURCES, WORDS, Feedback
from router.telemetry.metrics import METRICS, PREFIX
from router.telemetry.prometheus import PrometheusObserver
from tests.fakes.counted import added, samples
from tests.fakes.events import EVENT, an_event, decided, unanswered


@pytest.fixture
def observer() -> PrometheusObserver:
    return PrometheusObserver(now=lambda: 1_700_000_000.0)


def test_feedback_is_counted_by_its_source_and_its_word(observer: PrometheusObserver) -> None:
    for source in SOURCES:
        for word in (*WORDS, None):
            observer.rated(Feedback("d1", source, 1.0, 0.5, word))
            observer.rated(Feedback("d2", source, 1.0, 0.5, word))
    told = samples(observer).items()
    counted = {name: n for name, n in told if name.startswith("feedback_total")}
    assert counted["feedback_total source=judge word=underpowered"] == 2
    assert counted["feedback_total source=user word=score"] == 2
    assert len(counted) == len(SOURCES) * (len(WORDS) + 1)


def test_an_answer_counts_once_in_every_metric_it_belongs_to(observer: PrometheusObserver) -> None:
    assert added(observer, an_event(failed_signals={})) == {
        "requests_total endpoint=chat.completions outcome=ok": 1,
        "decisions_total model=small policy=default rule=easy": 1,
        "answers_total arm=routed location=local model=small policy=default": 1,
        "decision_confidence_ratio_count": 1,
        "decision_confidence_ratio_sum": 0.75,
        "complexity_ratio_count": 1,
        "complexity_ratio_sum": 0.2,
        "domain_requests_total domain=law": 1,
        "decision_seconds_count": 1,
        "decision_seconds_sum": 0.001,
        "overhead_seconds_count": 1,
        "overhead_seconds_sum": 0.002,
        "first_byte_seconds_count model=small": 1,
        "first_byte_seconds_sum model=small": 0.3,
        "request_seconds_count model=small": 1,
        "request_seconds_sum model=small": 0.4,
        "tokens_total direction=input model=small": 100,
        "tokens_total direction=cached_input model=small": 20,
        "tokens_total direction=output model=small": 20,
        "tokens_total direction=reasoning model=small": 10,
        "cost_usd_total model=small policy=default": 0.00012,
        "baseline_cost_usd_total baseline=always:large policy=default": 0.0006,
        "compared_cost_usd_total baseline=always:large policy=default": 0.00012,
    }


def test_a_request_that_nobody_could_serve_counts_without_a_model(
    observer: PrometheusObserver,
) -> None:
    counted = added(observer, unanswered(failed_signals={}))
    assert counted["requests_total endpoint=chat.completions outcome=no_candidate"] == 1
    assert counted["decisions_total model=none policy=default rule=default"] == 1
    assert not any("model=small" in name or "usd" in name for name in counted)


def test_an_unpriced_answer_is_counted_and_in_no_sum_of_dollars(
    observer: PrometheusObserver,
) -> None:
    counted = added(observer, an_event(cost_usd=None))
    assert counted["unpriced_requests_total model=small policy=default"] == 1
    assert not any("usd" in name for name in counted)


@pytest.mark.parametrize(("outcome", "unpriced"), [("broken", 1), ("cancelled", 1), ("refused", 0)])
def test_only_what_an_upstream_bills_for_can_be_unpriced(
    observer: PrometheusObserver, outcome: Outcome, unpriced: int
) -> None:
    counted = added(observer, an_event(cost_usd=None, outcome=outcome))
    assert counted.get("unpriced_requests_total model=small policy=default", 0) == unpriced


def test_savings_compare_like_with_like(observer: PrometheusObserver) -> None:
    counted = added(observer, an_event(), an_event(baseline_cost_usd=None), an_event(cost_usd=None))
    assert counted["cost_usd_total model=small policy=default"] == pytest.approx(0.00024)
    assert counted["compared_cost_usd_total baseline=always:large policy=default"] == pytest.approx(
        0.00012
    )
    assert counted["baseline_cost_usd_total baseline=always:large policy=default"] == pytest.approx(
        0.0006
    )


def test_savings_are_net_of_paid_failures_and_of_what_a_change_of_model_lost(
    observer: PrometheusObserver,
) -> None:
    cut = Usage(100, 0)
    failed = Attempt("large", "far", 200, "UpstreamBroken", 1.0, cut, cost_usd=0.5, paid=True)
    attempts = (failed, Attempt("small", "near", 200, None, 1.0))
    bill = Bill(escalation_usd=0.5, cache_loss_usd=0.25)
    counted = added(observer, an_event(attempts=attempts, bill=bill))
    assert counted["cost_usd_total model=large policy=default"] == 0.5
    assert counted["cost_usd_total model=small policy=default"] == 0.00012
    assert counted["compared_cost_usd_total baseline=always:large policy=default"] == pytest.approx(
        0.00012 + 0.5 + 0.25
    )


def test_an_explored_decision_is_counted(observer: PrometheusObserver) -> None:
    assert added(observer, an_event(decision=decided(explored=True)))["explored_total"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"usage": Usage(10, 5, cached_input_tokens=99, reasoning_tokens=99)},
        {"usage": Usage(-1, -1)},
        {"cost_usd": -1.0},
        {"cost_usd": float("nan")},
        {"baseline_cost_usd": float("inf")},
    ],
    ids=str,
)
def test_an_absurd_report_of_an_upstream_neither_raises_nor_spoils_a_counter(
    observer: PrometheusObserver, changes: dict[str, Any]
) -> None:
    counted = added(observer, an_event(**changes))
    assert all(value == value and 0 < value < float("inf") for value in counted.values())


def test_four_hundred_hostile_requests_add_no_series(observer: PrometheusObserver) -> None:
    observer.observe(an_event())
    before = set(samples(observer))
    for number in range(400):
        observer.observe(
            an_event(
                f"id-{number}",
                requested_model=f'evil-{number}"}}\n',
                session=f"session-{number}",
                signals={"domain": f"made-up-{number}"},
                decision=decided(reason=f"reason {number}", confidence=number / 400),
            )
        )
    assert set(samples(observer)) == before


def test_policies_in_force_replace_the_earlier_ones(observer: PrometheusObserver) -> None:
    observer.policies({"default": "v1", "old": "v1"})
    observer.policies({"default": "v2"})
    info = {name: value for name, value in samples(observer).items() if "policy_info" in name}
    assert info == {"policy_info policy=default version=v2": 1}


def test_a_refused_reload_shows_until_one_succeeds() -> None:
    times = iter((100.0, 200.0))
    observer = PrometheusObserver(now=lambda: next(times))
    observer.policies({"default": "v1"})
    observer.reloaded(False)
    refused = samples(observer)
    observer.reloaded(True)
    taken = samples(observer)
    assert refused["policy_reload_success"] == 0
    assert refused["policy_reload_timestamp_seconds"] == 100
    assert refused["policy_reloads_total result=refused"] == 1
    assert taken["policy_reload_success"] == 1
    assert taken["policy_reload_timestamp_seconds"] == 200
    assert taken["policy_reloads_total result=ok"] == 1


def test_what_an_alert_needs_is_there_before_anything_went_wrong(
    observer: PrometheusObserver,
) -> None:
    at_rest = samples(observer)
    assert at_rest["log_write_failures_total"] == 0
    assert at_rest["log_waiting_rows"] == 0
    assert at_rest["policy_reloads_total result=refused"] == 0
    assert at_rest[f"build_info version={__version__}"] == 1


def test_failed_and_waiting_writes_are_counted(observer: PrometheusObserver) -> None:
    observer.log_write_failed()
    observer.log_waits(lambda: 2)
    assert samples(observer)["log_write_failures_total"] == 1
    assert samples(observer)["log_waiting_rows"] == 2


def test_two_gateways_in_one_process_share_no_metric(observer: PrometheusObserver) -> None:
    other = PrometheusObserver()
    observer.observe(EVENT)
    assert "requests_total endpoint=chat.completions outcome=ok" not in samples(other)
    assert not any(family.name.startswith(PREFIX) for family in REGISTRY.collect())


def test_exactly_the_listed_metrics_are_exposed_with_their_labels(
    observer: PrometheusObserver,
) -> None:
    observer.observe(an_event())
    observer.observe(an_event(cost_usd=None))
    failed = (
        replace(EVENT.attempts[0], error="UpstreamTimeout"),
        EVENT.attempts[0],
        replace(EVENT.attempts[0], model="large"),
    )
    observer.observe(an_event(attempts=failed))
    observer.targets("upstream", ["near"])
    observer.targets("model", ["small"])
    observer.policies({"default": "v1"})
    observer.trained({"law": 3})
    observer.observe(an_event(signals={"abstain": True}))
    observer.metered("small", (1.0, 2.0), (0.3, 0.6))
    observer.rated(Feedback("d1", "user", 1.0, 0.5))
    observer.reviews.judging({"default": {"judge": "large"}})
    exposed: dict[str, tuple[str, set[str]]] = {}
    for family in text_string_to_metric_families(observer.exposition().decode()):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        exposed[name.removeprefix(PREFIX)] = (family.type, labels)
    assert exposed == {spec.name: (spec.type, set(spec.labels)) for spec in METRICS}
