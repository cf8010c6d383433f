"""What we record is what providers bill: usage as they tell it, against invoices made by hand."""

from decimal import Decimal

import pytest

from router.core.cost import Usage, call_cost
from router.core.ledger import NANO, nano
from router.core.price import LongContext, Price
from tests.core.usage_recorded import RECORDED, Recorded


@pytest.mark.parametrize("recorded", RECORDED.values(), ids=RECORDED)
def test_a_record_is_its_line_on_the_invoice(recorded: Recorded) -> None:
    cost = call_cost(recorded.card, recorded.usage, busy_s=1.0)
    assert nano(cost) == recorded.invoice * NANO


def test_the_sum_of_the_records_is_the_invoice_to_the_last_nano_dollar() -> None:
    records = [nano(call_cost(it.card, it.usage, 1.0)) for it in RECORDED.values()]
    invoice = sum((it.invoice for it in RECORDED.values()), Decimal())
    assert invoice == Decimal("0.075433")
    assert sum(records) == invoice * NANO


def test_a_long_prompt_costs_what_long_prompts_cost_from_its_first_token() -> None:
    price = Price(
        input_usd_per_mtok=1.25,
        output_usd_per_mtok=10.0,
        cached_input_usd_per_mtok=0.125,
        long_context=LongContext(
            above_tokens=200_000, input_usd_per_mtok=2.5, output_usd_per_mtok=15.0
        ),
    )
    assert call_cost(price, Usage(200_000, 1000), 1.0) == pytest.approx(0.25 + 0.01)
    # Cached input has no price of its own for long prompts here: that of short ones holds.
    long = call_cost(price, Usage(200_001, 1000, cached_input_tokens=100_000), 1.0)
    assert long == pytest.approx(100_001 * 2.5e-6 + 0.0125 + 0.015)


def test_kinds_of_tokens_that_overlap_are_never_billed_twice() -> None:
    price = Price(
        input_usd_per_mtok=1.0,
        output_usd_per_mtok=1.0,
        cached_input_usd_per_mtok=0.5,
        input_audio_usd_per_mtok=10.0,
    )
    # All of the audio had been cached; a provider tells it in both counts.
    usage = Usage(100, 0, cached_input_tokens=100, input_audio_tokens=100)
    assert call_cost(price, usage, 1.0) == pytest.approx(100 * 0.5e-6)
