"""What is counted of reviews, in a fixed number of series."""

from typing import get_args

from router.core.bill import OwnCall
from router.core.review import RESULTS, Purpose, Result
from router.telemetry.prometheus import PrometheusObserver


def lines(observer: PrometheusObserver) -> dict[str, float]:
    """The series of reviews and of own calls, with their values."""
    told = observer.exposition().decode().splitlines()
    split = (line.rsplit(" ", 1) for line in told if not line.startswith("#"))
    return {name: float(value) for name, value in split if "own_c" in name or "review" in name}


def test_all_that_may_become_of_an_answer_is_at_zero_from_the_start() -> None:
    observer = PrometheusObserver()

    observer.reviews.judging({"a": {"judge": "gpt-4o", "shadow": "large"}, "b": {"judge": "small"}})

    assert get_args(Result) == RESULTS and get_args(Purpose) == ("judge", "shadow")
    # Of each purpose: its results, what it cost, and what has no price.
    assert len(lines(observer)) == 3 * (len(RESULTS) + 2)
    assert set(lines(observer).values()) == {0.0}
    assert 'slm_router_own_cost_usd_total{model="large",policy="a",purpose="shadow"}' in lines(
        observer
    )


def test_what_became_of_an_answer_is_counted() -> None:
    observer = PrometheusObserver()

    observer.reviews.reviewed("default", "judge", "judged")
    observer.reviews.reviewed("default", "judge", "judged")
    observer.reviews.reviewed("default", "shadow", "not_allowed")

    series = 'slm_router_reviews_total{policy="default",purpose="%s",result="%s"}'
    assert lines(observer) == {
        series % ("judge", "judged"): 2.0,
        series % ("shadow", "not_allowed"): 1.0,
    }


def test_money_is_counted_and_what_has_no_price_is_counted_as_that() -> None:
    observer = PrometheusObserver()

    for usd in (0.25, 0.5, None, float("inf"), -1.0):
        observer.reviews.paid("default", OwnCall("judge", "gpt-4o", None, usd))

    labels = '{model="gpt-4o",policy="default",purpose="judge"}'
    assert lines(observer) == {
        f"slm_router_own_cost_usd_total{labels}": 0.75,
        f"slm_router_unpriced_own_calls_total{labels}": 1.0,
    }
