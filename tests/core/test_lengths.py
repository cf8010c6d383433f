"""How long a model's answers are beside another's, and how sure that is."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.lengths import (
    ALIKE,
    ASSUMED,
    LEAST,
    UNMEASURED,
    Compared,
    Counted,
    Lengths,
    Measured,
    TokenizerRatio,
    known_ratio,
    ratio_of_means,
    tokenizer_ratio,
)


def lengths(values: list[float]) -> Lengths:
    found = Lengths()
    for value in values:
        found = found.with_one(value)
    return found


def test_too_few_answers_say_nothing() -> None:
    few, many = lengths([10.0] * (LEAST - 1)), lengths([10.0] * LEAST)
    assert ratio_of_means(few, many) == ASSUMED
    assert ratio_of_means(many, few) == ASSUMED


def test_answers_of_one_length_leave_no_doubt() -> None:
    found = ratio_of_means(lengths([30.0] * 40), lengths([20.0] * 50))
    assert (found.value, found.low, found.high, found.n) == pytest.approx((1.5, 1.5, 1.5, 40))


def test_the_interval_holds_the_true_ratio_about_as_often_as_it_says() -> None:
    chance = random.Random(3)

    def drawn(mean: float) -> Lengths:
        return lengths([chance.lognormvariate(0, 0.6) * mean for _ in range(60)])

    rounds = 300
    held = 0
    for _ in range(rounds):
        found = ratio_of_means(drawn(150.0), drawn(100.0))
        held += found.low <= 1.5 <= found.high
    assert 0.91 <= held / rounds <= 0.99


def test_only_a_control_draw_makes_the_two_comparable() -> None:
    compared = Compared()
    for _ in range(LEAST):
        compared = compared.with_one(False, 100.0).with_one(True, 80.0)
    assert compared.verbosity.value == pytest.approx(0.8)


def test_tokenizers_are_compared_by_texts_that_need_not_be_the_same() -> None:
    of, to = Counted(), Counted()
    for _ in range(LEAST):
        of, to = of.with_one(240, 200), to.with_one(90, 100)
    found = tokenizer_ratio(of, to)
    assert found.value == pytest.approx(1.2 / 0.9)
    assert found.basis == "measured"
    assert tokenizer_ratio(of, Counted(LEAST - 1, 90, 100)) == ALIKE


def test_known_tokenizers_are_compared_by_the_same_texts_if_both_are_known() -> None:
    found = known_ratio("gpt-4o", "mistral:7b")
    assert found.basis == "known" and 0.8 < found.value < 0.9
    assert known_ratio("mistral:7b", "gpt-4o").value == pytest.approx(1 / found.value)
    assert known_ratio("gpt-4o", "gpt-4o-mini") == TokenizerRatio(1.0, "known")
    assert known_ratio("gpt-4o", "claude-sonnet-4-5") == ALIKE


answers = st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(1, 5000)))


@settings(max_examples=50)
@given(answers, answers)
def test_what_came_after_is_the_whole_less_what_was_before(
    before: list[tuple[str, bool, int]], after: list[tuple[str, bool, int]]
) -> None:
    def measured(told: list[tuple[str, bool, int]]) -> Measured:
        found = UNMEASURED
        for baseline, control, tokens in told:
            found = found.with_answer(baseline, control, tokens).with_text(tokens, tokens + 1)
        return found

    first, both = measured(before), measured(before + after)
    since = both.minus(first)
    assert first.plus(since) == both
    assert since.counted == measured(after).counted
    assert all(since.beside(name) == it for name, it in measured(after).compared.items())
