"""Baselines: what a request is compared with, and what that would have cost."""

from collections.abc import Mapping

import pytest

from router.core.baseline import (
    Always,
    Control,
    PricedBaseline,
    Requested,
    as_paid,
    baseline_of,
    control_of,
    price_baseline,
)
from router.core.cost import Usage
from router.core.lengths import ALIKE, ASSUMED, LEAST, Compared, Counted, Measured
from router.core.stats import ModelStats, StatsSnapshot
from tests.fakes.events import decided
from tests.fakes.gateway import catalog, policy

USAGE = Usage(1_000_000, 100_000)
"""On `large` 2.5 + 1 US dollars, on `small` 0.11."""

CATALOG = catalog()


def seen(**models: ModelStats) -> StatsSnapshot:
    return StatsSnapshot(0.0, models)


def lengths(own: float, control: float, n: int = LEAST) -> Compared:
    found = Compared()
    for _ in range(n):
        found = found.with_one(False, own).with_one(True, control)
    return found


def beside_large(compared: Compared) -> ModelStats:
    return ModelStats(measured=Measured({"large": compared}))


def texts(n: int, told: int, estimated: int) -> ModelStats:
    return ModelStats(measured=Measured(counted=Counted(n, told, estimated)))


def priced(
    baseline: Always | Requested, models: Mapping[str, ModelStats] | None = None
) -> PricedBaseline | None:
    return price_baseline(baseline, "small", USAGE, 0.11, CATALOG, seen(**(models or {})))


def test_who_named_a_model_is_compared_with_that_model_and_saved_nothing() -> None:
    found = baseline_of(policy(), decided(arm="named"), "small")
    assert found == Requested("small")
    assert priced(Requested("small")) == as_paid(0.11)


def test_routed_requests_are_compared_with_the_policys_baseline() -> None:
    assert baseline_of(policy(), decided(), "auto") == Always("large")
    assert baseline_of(policy(baseline=None), decided(), "auto") is None
    assert (Always("large").name, Requested("small").name) == ("always:large", "requested")


def test_without_an_experiment_the_same_tokens_are_assumed_and_said_to_be() -> None:
    found = priced(Always("large"))
    assert found == PricedBaseline(3.5, 3.5, 3.5, ASSUMED, ALIKE)


def test_output_is_corrected_by_the_verbosity_that_an_experiment_measured() -> None:
    found = priced(Always("large"), {"small": beside_large(lengths(100.0, 80.0))})
    assert found is not None
    assert found.usd == pytest.approx(2.5 + 0.8)
    assert found.verbosity.value == pytest.approx(0.8)
    assert found.verbosity.n == LEAST


def test_the_interval_of_the_verbosity_is_carried_into_the_price() -> None:
    compared = Compared()
    for number in range(60):
        compared = compared.with_one(False, 50.0 + number).with_one(True, 60.0 + 2 * number)
    found = priced(Always("large"), {"small": beside_large(compared)})
    assert found is not None
    assert found.low < found.usd < found.high
    assert found.low == pytest.approx(2.5 + 1.0 * found.verbosity.low, abs=1e-5)


def test_input_is_corrected_where_both_tokenizers_have_been_seen_to_count() -> None:
    stats = {
        "small": texts(LEAST, 1000, 1000),
        "large": texts(LEAST, 1200, 1000),
    }
    found = priced(Always("large"), stats)
    assert found is not None and found.usd == pytest.approx(2.5 * 1.2 + 1.0)
    assert found.tokenizer.value == pytest.approx(1.2)
    assert found.tokenizer.basis == "measured"


def test_an_experiment_with_another_baseline_says_nothing_of_this_one() -> None:
    measured = ModelStats(measured=Measured({"larger": lengths(100.0, 80.0)}))
    assert priced(Always("large"), {"small": measured}) == priced(Always("large"))


def test_input_is_corrected_by_tokenizers_that_are_known_until_they_were_seen() -> None:
    cards = {
        "small": CATALOG.models["small"].model_copy(update={"upstream_model": "mistral:7b"}),
        "large": CATALOG.models["large"].model_copy(update={"catalogue_name": "gpt-4o"}),
    }
    known = CATALOG.model_copy(update={"models": cards})
    found = price_baseline(Always("large"), "small", USAGE, 0.11, known, seen())
    assert found is not None and found.tokenizer.basis == "known"
    assert found.usd == pytest.approx(2.5 * 1_302_051 / 1_536_223 + 1.0, abs=1e-5)

    few = seen(small=texts(LEAST - 1, 9, 1), large=texts(LEAST, 9, 1))
    assert price_baseline(Always("large"), "small", USAGE, 0.11, known, few) == found


def test_where_the_baseline_answered_its_cost_is_what_was_paid() -> None:
    found = price_baseline(Always("large"), "large", USAGE, 1.23, CATALOG, seen())
    assert found == as_paid(1.23)
    assert price_baseline(Always("large"), "large", USAGE, None, CATALOG, seen()) is None


def test_a_baseline_without_a_price_is_not_priced() -> None:
    assert priced(Always("gone")) is None


def test_an_experiment_is_measured_and_never_priced() -> None:
    assert control_of(policy()) is None
    found = control_of(policy(control=0.1))
    assert found == Control("large", 0.1)
    assert (Control("large", 0.1).kind, Always("large").kind) == ("measured", "priced")
