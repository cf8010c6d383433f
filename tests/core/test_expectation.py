"""What a request is expected to take and to cost: as `cost.py` has it for the tokens expected."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.catalog import ModelCard, Price
from router.core.cost import Usage, call_cost, expected_latency
from router.core.expectation import Expectation
from router.core.request import RoutedRequest
from router.core.stats import ModelStats, Observation, observe
from tests.core.drawn import CARDS, DOLLARS, REQUESTS, STATS
from tests.core.made import UNSEEN, asking, card

RATES = st.none() | DOLLARS
LONG = st.builds(
    lambda above, given, written: {
        "input_usd_per_mtok": 1.0,
        "output_usd_per_mtok": 2.0,
        "long_context": {
            "above_tokens": above,
            "input_usd_per_mtok": given,
            "output_usd_per_mtok": written,
        },
    },
    st.integers(1, 60),
    RATES,
    RATES,
)


def output_of(model: ModelCard, stats: ModelStats = UNSEEN, **asked: Any) -> int:
    return Expectation(model).output_tokens(asking(**asked), stats)


def test_the_output_expected_is_what_is_usual_for_the_model() -> None:
    model, seen = card(expected_output_tokens=200), ModelStats(output_tokens=80.4)

    assert output_of(model) == 200
    assert output_of(model, seen) == 80


def test_the_output_expected_is_bounded_by_the_caller_and_by_the_model() -> None:
    model = card(expected_output_tokens=200, max_output_tokens=150)

    assert output_of(model) == 150
    assert output_of(model, max_output_tokens=90) == 90
    assert output_of(model, max_output_tokens=900) == 150


def test_every_answer_asked_for_is_written() -> None:
    assert output_of(card(), answers=3) == 900


@pytest.mark.parametrize("answers", [1, 4])
def test_several_answers_take_about_as_long_as_one(answers: int) -> None:
    seen = Observation(ok=True, total_s=11.0, output_tokens=1600, answers=4)
    four = observe(UNSEEN, seen, 0.0)

    assert output_of(card(), four, answers=answers) == 400 * answers
    assert Expectation(card()).of(asking(answers=answers), four)[1] == pytest.approx(11.0)


@given(CARDS, STATS, st.none() | LONG, REQUESTS)
def test_money_and_seconds_are_those_of_a_call_with_the_tokens_expected(
    model: ModelCard, stats: ModelStats, long: object, request_: RoutedRequest
) -> None:
    if long is not None:
        model = model.model_copy(update={"price": Price.model_validate(long)})
    expectation = Expectation(model)
    usage = Usage(request_.input_tokens, expectation.output_tokens(request_, stats))
    latency = expected_latency(model, usage, stats, request_.answers)

    expected = call_cost(model.price, usage, latency), latency
    assert expectation.of(request_, stats) == expected
