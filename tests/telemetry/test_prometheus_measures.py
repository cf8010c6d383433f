"""What the Prometheus observer tells of quality, inputs, arms and energy."""

import pytest

from router.core.feedback import Feedback
from router.telemetry.prometheus import PrometheusObserver
from tests.fakes.counted import added, samples
from tests.fakes.events import an_event, decided


@pytest.fixture
def observer() -> PrometheusObserver:
    return PrometheusObserver(now=lambda: 1_700_000_000.0)


def test_a_score_counts_for_the_model_that_answered_and_for_who_chose_it(
    observer: PrometheusObserver,
) -> None:
    routed, named = {"model": "small", "arm": "routed"}, {"model": "big", "arm": "named"}
    for row, score in ((routed, 0.5), (routed, 1.0), (named, 0.25), (None, 1.0)):
        observer.rated(Feedback("d1", "user", 1.0, score), row)
    scores = {name: n for name, n in samples(observer).items() if name.startswith("feedback_score")}
    assert scores == {
        "feedback_score_ratio_count arm=routed model=small source=user": 2,
        "feedback_score_ratio_sum arm=routed model=small source=user": 1.5,
        "feedback_score_ratio_count arm=named model=big source=user": 1,
        "feedback_score_ratio_sum arm=named model=big source=user": 0.25,
        "feedback_score_ratio_count arm=none model=none source=user": 1,
        "feedback_score_ratio_sum arm=none model=none source=user": 1,
    }


def test_what_the_classifier_saw_is_counted_as_a_distribution(observer: PrometheusObserver) -> None:
    strange = {"complexity": 0.9, "abstain": True, "domain": "made up"}
    counted = added(observer, an_event(), an_event(signals=strange), an_event(signals={}))
    assert counted["complexity_ratio_count"] == 2
    assert counted["complexity_ratio_sum"] == pytest.approx(1.1)
    assert counted["abstained_total"] == 1
    assert [name for name in counted if "domain" in name] == ["domain_requests_total domain=law"]


def test_the_domains_of_training_are_those_of_the_classifier_in_force(
    observer: PrometheusObserver,
) -> None:
    observer.trained({"law": 1, "math": 3})
    observer.trained({"math": 3, "health": 9})
    told = {name: n for name, n in samples(observer).items() if "training" in name}
    assert told == {
        "domain_training_ratio domain=math": 0.25,
        "domain_training_ratio domain=health": 0.75,
    }
    observer.trained({})
    assert not [name for name in samples(observer) if "training" in name]


def test_a_model_that_the_caller_named_is_an_arm_of_its_own(observer: PrometheusObserver) -> None:
    counted = added(
        observer, an_event(decision=decided(strategy="named", arm="named"), model="large")
    )
    assert counted["answers_total arm=named location=cloud model=large policy=default"] == 1


def test_energy_is_counted_in_joules_at_both_ends_of_its_range(
    observer: PrometheusObserver,
) -> None:
    observer.metered("small", (1.0, 2.0), (0.3, 0.6))
    observer.metered("small", (1.0, 2.0), None)
    counted = samples(observer)
    assert counted["energy_joules_total bound=low model=small"] == 7200
    assert counted["energy_joules_total bound=high model=small"] == 14400
    assert counted["emissions_grams_total bound=low model=small"] == 0.3
    assert counted["emissions_grams_total bound=high model=small"] == 0.6
