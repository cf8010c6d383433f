"""RoutingEvent: what is told once a request is over."""

import pytest

from router.core.event import Attempt
from tests.fakes.events import an_event, decided, unanswered


@pytest.mark.parametrize(
    ("asked", "fallbacks"),
    [
        ([], 0),
        (["small"], 0),
        (["small", "small"], 0),
        (["small", "large"], 1),
        (["small", "small", "middle", "large"], 2),
    ],
)
def test_fallbacks_count_further_models_and_not_retries(asked: list[str], fallbacks: int) -> None:
    attempts = tuple(Attempt(model, "here", None, "UpstreamTimeout", 0.1) for model in asked)

    assert an_event(attempts=attempts).fallbacks == fallbacks


def test_the_propensity_is_that_of_the_first_choice_whoever_answered() -> None:
    event = an_event(model="large")

    assert event.decision.models == ("small", "large")
    assert event.propensity == 0.95


def test_a_request_that_nobody_could_serve_has_no_propensity() -> None:
    assert unanswered().propensity is None


def test_the_choice_is_the_first_candidate_if_there_is_one() -> None:
    assert decided().choice == decided().candidates[0]
    assert decided(candidates=()).choice is None
