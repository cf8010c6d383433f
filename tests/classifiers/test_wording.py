from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.wording import GREETINGS, THANKS, without_courtesies

ASKED = "Which enzyme unwinds the DNA double helix?"


@pytest.mark.parametrize(
    "said",
    [
        "Hi! {}",
        "Hello there, {}",
        "Could you please help me with this? {}",
        "Please answer the following. {}",
        "Hi! I have a question: {} Thank you!",
        "I need help with this.\n\n{}",
        "Hello, I would be grateful for your help. {} Thanks in advance.",
        "Can you answer this for me, please? {}\n\nThank you very much for your help.",
        "Quick question - {} Any help would be appreciated!",
        "If it is not too much trouble: {}",
        "Good morning. {} Kind regards",
        "Por favor, {} Muchas gracias.",
        "Bitte: {} Vielen Dank!",
        "HI, PLEASE {} THANKS.",
    ],
)
def test_courtesies_around_a_prompt_are_taken_off(said: str) -> None:
    assert without_courtesies(said.format(ASKED)) == ASKED


def any_of(courtesies: str) -> st.SearchStrategy[str]:
    """Whatever the pattern of some courtesies matches, in large and small letters."""
    pattern = re.compile(courtesies.strip().replace("\n", ""), re.IGNORECASE)
    return st.from_regex(pattern, fullmatch=True)


@given(any_of(GREETINGS), any_of(THANKS).filter(lambda thanks: "," not in thanks))
@settings(max_examples=50)
def test_no_word_that_a_courtesy_begins_or_ends_with_is_overlooked(
    greeting: str, thanks: str
) -> None:
    assert without_courtesies(f"{greeting}! {ASKED}") == ASKED
    assert without_courtesies(f"{thanks}. {ASKED}") == ASKED
    assert without_courtesies(f"{ASKED} {thanks}.") == ASKED


@pytest.mark.parametrize(
    "asked",
    [
        ASKED,
        "Highlight the code",
        "Hidden Markov models?",
        "Pleased to meet you, who are you?",
        "Write an email that ends with thanks",
        "What does 'thank you' mean?",
        "help me with this integral?",
        "answer this question about tides in two lines, with a source",
    ],
)
def test_what_only_looks_like_a_courtesy_stays(asked: str) -> None:
    assert without_courtesies(asked) == asked


@pytest.mark.parametrize("said", ["hello", "Hi!", "Thanks", "Thank you very much!", "", "  ", "🙏"])
def test_a_courtesy_that_is_the_whole_prompt_stays(said: str) -> None:
    assert without_courtesies(said) == said


@given(st.text(max_size=300))
def test_what_is_left_is_part_of_what_was_said_and_never_empty(text: str) -> None:
    left = without_courtesies(text)

    assert left in text
    assert any(map(str.isalnum, left)) or left == text


def test_a_prompt_made_of_courtesies_costs_no_more_than_any_other() -> None:
    started = time.process_time()
    for text in (", please" * 20_000, "could you please " * 10_000, "." * 100_000):
        without_courtesies(text)

    assert time.process_time() - started < 5
