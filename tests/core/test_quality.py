"""Predicted quality: as foreseen for the model, else its ability less the request's difficulty."""

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.quality import Prior, quality_vocabulary
from router.core.signals import Signals
from tests.core.made import card

INNER = st.floats(0.001, 0.999)
LOGITS = st.floats(-8, 8)


@given(INNER)
def test_without_a_difficulty_the_prior_stands(prior: float) -> None:
    model = card(quality=prior)

    assert Prior("it", model).quality({}) == pytest.approx(prior)
    assert Prior("it", model).quality({"difficulty": 0.0}) == pytest.approx(prior)


@given(INNER, INNER, LOGITS)
def test_a_better_prior_never_predicts_worse(a: float, b: float, difficulty: float) -> None:
    low, high = sorted((a, b))
    signals = {"difficulty": difficulty}

    assert Prior("it", card(quality=low)).quality(signals) <= Prior(
        "it", card(quality=high)
    ).quality(signals)


@given(INNER, LOGITS, LOGITS)
def test_a_harder_request_is_never_predicted_to_go_better(prior: float, a: float, b: float) -> None:
    easy, hard = sorted((a, b))
    model = card(quality=prior)

    assert Prior("it", model).quality({"difficulty": hard}) <= Prior("it", model).quality(
        {"difficulty": easy}
    )


@given(st.floats(0, 1), st.floats(-1e300, 1e300))
def test_it_is_a_probability_whatever_the_difficulty(prior: float, difficulty: float) -> None:
    assert 0 <= Prior("it", card(quality=prior)).quality({"difficulty": difficulty}) <= 1


def test_difficulty_is_in_logits() -> None:
    # Even odds, on a request twice as hard in odds: one in three.
    assert Prior("it", card(quality=0.5)).quality({"difficulty": log(2)}) == pytest.approx(1 / 3)


def test_a_certain_model_may_still_fail_at_something_hard() -> None:
    assert Prior("it", card(quality=1.0)).quality({"difficulty": 9.0}) < 0.9


SPECIAL = {"overall": 0.5, "domains": {"law": 0.9}, "tasks": {"code": 0.1}}


@pytest.mark.parametrize(
    ("signals", "quality"),
    [
        ({}, 0.5),
        ({"domain": "law"}, 0.9),
        ({"task": "code"}, 0.1),
        ({"domain": "law", "task": "code"}, 0.5),
        ({"domain": "math", "task": "chat"}, 0.5),
        ({"domain": True, "task": 1.0}, 0.5),
    ],
)
def test_the_prior_is_that_of_the_domain_and_the_task_where_there_is_one(
    signals: dict[str, str | float], quality: float
) -> None:
    assert Prior("it", card(quality=SPECIAL)).quality(signals) == pytest.approx(quality)


@given(st.floats(0, 1), INNER, LOGITS)
def test_what_is_foreseen_of_the_model_counts_as_it_is(
    foreseen: float, prior: float, difficulty: float
) -> None:
    model = card(quality={**SPECIAL, "overall": prior})
    signals: Signals = {"quality.it": foreseen, "difficulty": difficulty, "domain": "law"}

    assert Prior("it", model).quality(signals) == foreseen


def test_what_is_foreseen_of_another_model_does_not_count() -> None:
    assert Prior("it", card(quality=0.7)).quality({"quality.other": 0.1}) == pytest.approx(0.7)


@pytest.mark.parametrize(("foreseen", "quality"), [(1.5, 1.0), (-0.1, 0.0)])
def test_a_foreseen_probability_stays_one(foreseen: float, quality: float) -> None:
    assert Prior("it", card(quality=0.7)).quality({"quality.it": foreseen}) == quality


def test_every_model_has_a_signal_between_nought_and_one() -> None:
    names = quality_vocabulary(["small", "lab/a: b"])

    assert list(names) == ["quality.small", "quality.lab/a: b"]
    assert {(spec.type, spec.low, spec.high, spec.learned) for spec in names.values()} == {
        ("number", 0, 1, True)
    }


@pytest.mark.parametrize(
    ("signals", "special"),
    [
        ({}, False),
        ({"domain": "law"}, True),
        ({"task": "code"}, True),
        ({"domain": "math", "task": "chat"}, False),
    ],
)
def test_a_specialist_claims_the_domain_or_the_task(signals: dict[str, str], special: bool) -> None:
    model = card(specialises_in={"domains": ["law"], "tasks": ["code"]})

    assert Prior("it", model).is_specialist(signals) is special
