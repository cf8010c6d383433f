"""A classifier that fails, stalls or is not there costs nobody an answer: the default serves."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from router.classifier import load_classifier
from router.signals import Classifier
from router.signals.learned import LearnedOptions, LearnedSignal
from router.telemetry.prometheus import PrometheusObserver
from tests.fakes.classifier import FakeClassifier
from tests.fakes.exchange import exchange_with, recorded
from tests.fakes.gateway import fake_gateway, policy
from tests.fakes.upstream import FakeUpstream, plain_reply

HARD_TO_LARGE = policy(
    rules=[
        {
            "name": "easy",
            "when": {"signal": "complexity", "below": 0.5},
            "candidates": ["small"],
            "strategy": {"kind": "best_quality"},
        }
    ],
    default={"candidates": ["large"], "strategy": {"kind": "best_quality"}},
)


class Failing:
    """Satisfies router.signals.learned.Classifier."""

    def judge(self, texts: object, /) -> list[object]:
        raise MemoryError("no room for the model")


def stalled() -> FakeClassifier:
    classifier = FakeClassifier()
    classifier.gate.clear()
    return classifier


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (Failing, "MemoryError"),
        (stalled, "SignalTimeout"),
        (lambda: load_classifier(Path("/nowhere")), "ArtifactError"),
    ],
    ids=["raises", "stalls", "no file"],
)
async def test_the_default_route_serves_and_a_metric_counts_it(make: object, error: str) -> None:
    assert callable(make)
    classifier: Classifier = make()
    signal = LearnedSignal(LearnedOptions(), classifier)
    far, metrics = FakeUpstream(plain_reply("From the cloud.")), PrometheusObserver()
    gateway = replace(
        fake_gateway({"far": far}, {"learned": signal}, (HARD_TO_LARGE,)), observers=(metrics,)
    )

    begun = time.monotonic()
    exchange = await exchange_with(gateway)
    await exchange.open()
    spent = time.monotonic() - begun

    row = recorded(gateway)
    assert (exchange.status, row.model, row.decision.rule) == (200, "large", "default")
    assert list(row.failed_signals) == ["learned"]
    counted = (
        f'signal_failures_total{{error="{row.failed_signals["learned"]}",signal="learned"}} 1.0'
    )
    assert counted in metrics.exposition().decode()
    assert row.failed_signals["learned"] == error
    # The time allowed is 0.1 s; a classifier that stalls would never end.
    assert spent < 5
    if isinstance(classifier, FakeClassifier):
        classifier.gate.set()
