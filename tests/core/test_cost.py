"""What calls cost, in US dollars; no known price is not the same as free."""

import pytest

from router.core.catalog import Price
from router.core.cost import Usage, baseline_cost, call_cost, expected_latency
from router.core.stats import ModelStats, Observation, observe
from tests.core.made import UNSEEN, card, per_token

USAGE = Usage(input_tokens=1000, output_tokens=500, cached_input_tokens=400)
PER_TOKEN = Price(input_usd_per_mtok=2.0, output_usd_per_mtok=10.0)
CACHED = Price(input_usd_per_mtok=2.0, output_usd_per_mtok=10.0, cached_input_usd_per_mtok=0.5)
FREE = Price(input_usd_per_mtok=0.0, output_usd_per_mtok=0.0)
PER_HOUR = Price(usd_per_hour=3.6)


@pytest.mark.parametrize(
    ("price", "dollars"),
    [
        (PER_TOKEN, 0.007),
        (CACHED, 0.0064),
        (FREE, 0.0),
        (PER_HOUR, 0.004),
        (None, None),
        (Price.model_construct(), None),
    ],
)
def test_a_call_is_priced_by_its_tokens_or_by_the_time_it_kept_a_machine(
    price: Price | None, dollars: float | None
) -> None:
    assert call_cost(price, USAGE, busy_s=4.0) == (
        None if dollars is None else pytest.approx(dollars)
    )


def test_latency_is_measured_or_else_as_the_card_says() -> None:
    model = card(latency={"first_token": "500ms", "tokens_per_second": 50})
    usage = Usage(input_tokens=10, output_tokens=100)

    assert expected_latency(model, usage, UNSEEN) == pytest.approx(2.5)
    assert expected_latency(model, usage, ModelStats(first_byte_s=0.0)) == pytest.approx(2.0)
    assert expected_latency(
        model, usage, ModelStats(first_byte_s=0.1, tokens_per_second=200.0)
    ) == pytest.approx(0.6)


def after(seen: Observation) -> ModelStats:
    return observe(UNSEEN, seen, 0.0)


def test_the_time_of_plain_answers_is_not_counted_twice() -> None:
    model, usage = card(), Usage(input_tokens=10, output_tokens=400)
    plain = after(Observation(ok=True, total_s=10.0, output_tokens=400))

    assert expected_latency(model, usage, plain) == pytest.approx(10.0)


def test_the_baseline_is_priced_on_the_same_tokens() -> None:
    assert baseline_cost(card(price=per_token(10.0)), USAGE) == pytest.approx(0.015)
    assert baseline_cost(card(), USAGE) is None


def test_a_baseline_paid_by_the_hour_is_priced_by_its_cards_latency() -> None:
    hourly = card(
        price={"usd_per_hour": 3.6}, latency={"first_token": "1s", "tokens_per_second": 250}
    )

    assert baseline_cost(hourly, USAGE) == pytest.approx(0.003)
