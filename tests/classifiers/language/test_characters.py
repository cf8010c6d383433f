"""Code points to letters, texts to one row of letters."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.language.characters import (
    ONE_LANGUAGE,
    SEPARATOR,
    letter_table,
    read,
    shorten,
)


def letters_of(text: str) -> str:
    return "".join(chr(letter) for letter in letter_table()[[ord(each) for each in text]])


def test_case_is_dropped_and_what_is_no_letter_separates() -> None:
    assert letters_of("ÀßЖq") == "àßжq"
    assert set(letters_of(" 7_-'\n٣€")) == {chr(SEPARATOR)}


def test_every_letter_of_the_first_plane_is_the_small_form_of_itself_or_of_its_script() -> None:
    folded = {blocks[0][0] for blocks in ONE_LANGUAGE.values()}
    table = letter_table()
    for point in range(0x10000):
        letter = int(table[point])
        if not chr(point).isalpha():
            assert letter == SEPARATOR
        elif letter not in folded:
            assert chr(letter) == chr(point).lower()[0]


@pytest.mark.parametrize(("one", "other"), [("あ", "ン"), ("β", "Ω"), ("한", "국"), ("ก", "ฮ")])
def test_letters_of_a_script_with_one_language_are_one_letter(one: str, other: str) -> None:
    assert letters_of(one) == letters_of(other)


def test_no_block_of_one_language_overlaps_another() -> None:
    blocks = sorted(block for blocks in ONE_LANGUAGE.values() for block in blocks)
    assert all(before[1] < after[0] for before, after in pairwise(blocks))


def test_one_separator_stands_before_each_word_and_one_ends_the_row() -> None:
    letters, owners = read(["Ab,  c!", "", "d"])
    assert "".join(map(chr, letters)) == "\0ab\0c\0d\0"
    assert owners.tolist() == [0, 0, 0, 0, 0, 2, 2, 2]


@given(st.lists(st.text(max_size=30), min_size=1, max_size=5))
def test_texts_read_together_are_what_each_is_alone(texts: list[str]) -> None:
    letters, owners = read(texts)
    for place, text in enumerate(texts):
        alone, _ = read([text])
        together = letters[owners == place]
        assert [*together, SEPARATOR][: len(alone)] == alone.tolist()


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    text = "b" * 400 + "x" * 1000 + "e" * 100
    assert shorten(text) == "b" * 400 + " " + "e" * 100


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert shorten(unicodedata.normalize("NFD", "Été")) == "Été"
